// A strict, single-pass JSON walker over raw bytes: no tree, no allocation, byte offsets for splicing. The visitor carries a
// small context value from each container to its members, which is how a dialect's table says what each string is.
#pragma once

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/ascii.h"
#include "core/base/result.h"
#include "core/base/text.h"

namespace pg {

/// Deeper documents are refused: nothing real nests so far, and a bomb of brackets should cost nothing.
inline constexpr std::size_t kMaxJsonDepth = 256;

/// Undoes JSON string escapes (RFC 8259 §7). Lone surrogates become U+FFFD; text that walk_json accepted never fails.
std::string unescape_json(std::string_view raw);
/// The same, but a lone surrogate stays what it is, as the three bytes UTF-8 would give it: its other half may come in the next
/// piece of a stream, and HalfJoiner puts them together.
std::string unescape_json_piece(std::string_view raw);

/// The offset in `raw` of decoded byte `offset` of unescape_json(raw), for one-past-the-end too. An offset inside an escape gives
/// the escape's first byte.
std::size_t raw_offset_of(std::string_view raw, std::size_t decoded_offset);

#if defined(__SSE2__)
/// A bit for each of 16 bytes that is `"`, `\` or a control byte.
inline unsigned string_specials(const char* at) {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
  const __m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')), slash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quote, slash), control)));
}
#endif

/// The offset of the first `"`, `\` or control byte in text[at, end), or `end`.
inline std::size_t find_string_special(std::string_view text, std::size_t at) {
  const char* const data = text.data();
  const std::size_t size = text.size();
#if defined(__SSE2__)
  for (; at + 16 <= size; at += 16) {
    const unsigned specials = string_specials(data + at);
    if (specials != 0) return at + static_cast<std::size_t>(std::countr_zero(specials));
  }
#endif
  for (; at < size; ++at) {
    const unsigned char c = static_cast<unsigned char>(data[at]);
    if (c == '"' || c == '\\' || c < 0x20) return at;
  }
  return size;
}

/// What was seen on the way through a string; of bytes near it, too, where it says `ascii`.
struct StringFacts {
  bool escaped = false;
  bool ascii = true;
};

/// Moves `at`, which stands in a string, to the quote that closes it: true. False: `at` is at what is wrong, a control byte, an
/// escape that RFC 8259 does not know, or the end of the text.
bool find_string_end(std::string_view text, std::size_t& at, StringFacts& facts);

/// Moves `at` to the quote that closes the string when nothing but plain bytes stands before it and it is near: keys, names, ids.
/// False: `at` is past what was seen to be plain.
inline bool find_near_quote(std::string_view text, std::size_t& at, StringFacts& facts) {
#if defined(__SSE2__)
  for (int i = 0; i < 2 && at + 16 <= text.size(); ++i) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
    facts.ascii = facts.ascii && _mm_movemask_epi8(bytes) == 0;
    const unsigned specials = string_specials(text.data() + at);
    if (specials != 0) {
      at += static_cast<std::size_t>(std::countr_zero(specials));
      return text[at] == '"';
    }
    at += 16;
  }
#else
  (void)text, (void)at, (void)facts;
#endif
  return false;
}

/// Walks one JSON text; `Visitor` gives
///   Ctx root();  Ctx member(Ctx parent, std::string_view raw_key);  Ctx element(Ctx parent, std::uint32_t index);
///   void open(Ctx, bool is_object);  void close(Ctx, bool is_object);
///   void string(Ctx, std::size_t begin, std::size_t end, bool escaped);   // the raw bytes between the quotes
///   void scalar(Ctx, std::size_t begin, std::size_t end);                 // number, true, false, null
///   void key(Ctx parent, std::size_t begin, std::size_t end, bool escaped);
/// and may give
///   void bracket(std::size_t at);   // before open(): where the bracket stands; before close(): one past it
///   Known known(Ctx, std::size_t at);  // at the `[` of an array: {one past its end, 0}, or {one past some elements, how many};
///                                      // they are not walked, nor is the array opened; {0, 0}: everything is
///   static constexpr bool kAsksUtf8 = true;  // strings and keys that are not well-formed UTF-8 are refused
template <class Visitor>
class JsonWalker {
 public:
  using Ctx = typename Visitor::Ctx;
  JsonWalker(std::string_view text, Visitor& visitor) : text_(text), visitor_(visitor) {}

  /// bad_request with the byte offset for anything RFC 8259 does not allow, and for nesting beyond kMaxJsonDepth.
  Status walk() {
    skip_blanks();
    if (!value(visitor_.root())) return failure();
    while (depth_ > 0) {
      const bool ok = stack_[depth_ - 1].is_object ? next_member() : next_element();
      if (!ok) return failure();
    }
    skip_blanks();
    if (at_ != text_.size()) return failure();
    return {};
  }

 private:
  struct Frame {
    Ctx ctx;
    bool is_object;
    std::uint32_t count;
  };

  Error failure() const {
    if (bad_utf8_) return make_error(Code::bad_request, "the body is not valid UTF-8");
    return make_error(Code::bad_request,
                      "the body is not valid JSON (at byte " + std::to_string(at_) + (too_deep_ ? ": nested too deeply)" : ")"));
  }
  bool more() const { return at_ < text_.size(); }
  void tell_bracket() {
    if constexpr (requires { visitor_.bracket(at_); }) visitor_.bracket(at_);
  }
  void skip_blanks() {
    while (more()) {
      const char c = text_[at_];
      if (c != ' ' && c != '\n' && c != '\r' && c != '\t') return;
      ++at_;
    }
  }

  bool value(Ctx ctx) {
    if (!more()) return false;
    const char c = text_[at_];
    if (c == '"') {
      std::size_t begin = 0, end = 0;
      bool escaped = false;
      if (!read_string(begin, end, escaped)) return false;
      visitor_.string(ctx, begin, end, escaped);
      return true;
    }
    if (c == '{' || c == '[') return push(ctx, c == '{');
    return read_scalar(ctx);
  }
  bool push(Ctx ctx, bool is_object) {
    if (depth_ == stack_.size()) {
      too_deep_ = true;
      return false;
    }
    if constexpr (requires { visitor_.known(ctx, at_); })
      if (!is_object && skip_known(ctx)) return true;
    tell_bracket();
    ++at_;
    visitor_.open(ctx, is_object);
    stack_[depth_++] = Frame{ctx, is_object, 0};
    return true;
  }
  bool skip_known(Ctx ctx) {
    const auto known = visitor_.known(ctx, at_);
    if (known.end == 0) return false;
    at_ = known.end;
    if (known.elements > 0) stack_[depth_++] = Frame{ctx, false, known.elements};
    return true;
  }
  void pop() {
    ++at_;
    --depth_;
    tell_bracket();
    visitor_.close(stack_[depth_].ctx, stack_[depth_].is_object);
  }
  bool comma_or_end(char closing, bool& ended) {
    skip_blanks();
    if (!more()) return false;
    ended = text_[at_] == closing;
    if (ended) {
      pop();
      return true;
    }
    if (stack_[depth_ - 1].count++ == 0) return true;
    if (text_[at_] != ',') return false;
    ++at_;
    skip_blanks();
    return true;
  }
  bool next_element() {
    bool ended = false;
    if (!comma_or_end(']', ended)) return false;
    if (ended) return true;
    const Frame& top = stack_[depth_ - 1];
    return value(visitor_.element(top.ctx, top.count - 1));
  }
  bool next_member() {
    bool ended = false;
    if (!comma_or_end('}', ended)) return false;
    if (ended) return true;
    if (!more() || text_[at_] != '"') return false;
    std::size_t begin = 0, end = 0;
    bool escaped = false;
    if (!read_string(begin, end, escaped)) return false;
    const Ctx parent = stack_[depth_ - 1].ctx;
    visitor_.key(parent, begin, end, escaped);
    skip_blanks();
    if (!more() || text_[at_] != ':') return false;
    ++at_;
    skip_blanks();
    return value(visitor_.member(parent, text_.substr(begin, end - begin)));
  }

  bool read_string(std::size_t& begin, std::size_t& end, bool& escaped) {
    begin = ++at_;
    StringFacts facts;
    if (!find_near_quote(text_, at_, facts) && !find_string_end(text_, at_, facts)) return false;
    escaped = facts.escaped;
    if constexpr (requires { Visitor::kAsksUtf8; }) bad_utf8_ = !facts.ascii && !is_utf8(text_.substr(begin, at_ - begin));
    end = at_++;
    return !bad_utf8_;
  }

  bool read_scalar(Ctx ctx) {
    const std::size_t begin = at_;
    const bool is_number = is_digit(text_[at_]) || text_[at_] == '-';
    if (!(is_number ? read_number() : read_word("true") || read_word("false") || read_word("null"))) return false;
    visitor_.scalar(ctx, begin, at_);
    return true;
  }
  bool read_word(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }
  bool read_digits() {
    const std::size_t begin = at_;
    while (more() && is_digit(text_[at_])) ++at_;
    return at_ > begin;
  }
  bool read_number() {
    if (more() && text_[at_] == '-') ++at_;
    if (!more() || !is_digit(text_[at_])) return false;
    if (text_[at_] == '0') {
      ++at_;
    } else {
      read_digits();
    }
    if (more() && text_[at_] == '.') {
      ++at_;
      if (!read_digits()) return false;
    }
    if (more() && (text_[at_] == 'e' || text_[at_] == 'E')) {
      ++at_;
      if (more() && (text_[at_] == '+' || text_[at_] == '-')) ++at_;
      if (!read_digits()) return false;
    }
    return true;
  }

  std::string_view text_;
  Visitor& visitor_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
  bool too_deep_ = false;
  bool bad_utf8_ = false;
  std::array<Frame, kMaxJsonDepth> stack_;
};

template <class Visitor>
Status walk_json(std::string_view text, Visitor& visitor) {
  return JsonWalker<Visitor>(text, visitor).walk();
}

}  // namespace pg
