// Where JSON strings end, and their escapes: undone, and mapped back to the bytes they came from.
#include "core/wire/json_walk.h"

#include <algorithm>
#include <bit>

#include "core/base/ascii.h"
#include "core/base/text.h"
#include "core/base/wide.h"

namespace pg {
namespace {

std::uint32_t hex4(std::string_view text) {
  std::uint32_t value = 0;
  for (const char c : text) {
    const auto digit = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
    value = value << 4 | static_cast<std::uint32_t>(digit);
  }
  return value;
}

// What stands behind a backslash, by its byte; quote, backslash, slash and what RFC 8259 does not know stand for themselves.
constexpr std::array<char, 256> kSimpleEscapes = [] {
  std::array<char, 256> table{};
  for (std::size_t i = 0; i < table.size(); ++i) table[i] = static_cast<char>(i);
  table['b'] = '\b', table['f'] = '\f', table['n'] = '\n', table['r'] = '\r', table['t'] = '\t';
  return table;
}();

char simple_escape(char c) {
  return kSimpleEscapes[static_cast<unsigned char>(c)];
}

struct Piece {
  std::size_t raw_size = 1;  // bytes of the raw text this piece takes
  std::uint32_t code_point = 0;
};

bool is_unicode_escape(std::string_view raw, std::size_t at) {
  return at + 6 <= raw.size() && raw[at] == '\\' && raw[at + 1] == 'u';
}

// Reads the escape that begins at raw[at] (a backslash). A lone surrogate is three bytes either way.
Piece read_escape(std::string_view raw, std::size_t at, bool keeps_halves = false) {
  if (!is_unicode_escape(raw, at)) {
    const char c = at + 1 < raw.size() ? raw[at + 1] : '\\';
    return {2, static_cast<unsigned char>(simple_escape(c))};
  }
  const std::uint32_t high = hex4(raw.substr(at + 2, 4));
  if (high < 0xD800 || high > 0xDFFF) return {6, high};
  if (high < 0xDC00 && is_unicode_escape(raw, at + 6)) {
    const std::uint32_t low = hex4(raw.substr(at + 8, 4));
    if (low >= 0xDC00 && low <= 0xDFFF) return {12, 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00)};
  }
  return {6, keeps_halves ? high : 0xFFFD};
}

// The length of the escape at text[at], 0 when it is none.
std::size_t escape_length(std::string_view text, std::size_t at) {
  if (at + 1 >= text.size()) return 0;
  switch (text[at + 1]) {
    case 'n':
    case '"':
    case '\\':
    case 't':
    case '/':
    case 'r':
    case 'b':
    case 'f':
      return 2;
    case 'u':
      break;
    default:
      return 0;
  }
  if (at + 6 > text.size()) return 0;
  for (std::size_t i = at + 2; i < at + 6; ++i)
    if (!is_hex(text[i])) return 0;
  return 6;
}

enum class Special : std::uint8_t { end, escape, fault };

// What the special byte at text[at] is; `at` goes past an escape.
inline Special take_special(std::string_view text, std::size_t& at, StringFacts& facts) {
  if (text[at] == '"') return Special::end;
  if (text[at] != '\\') return Special::fault;
  const std::size_t length = escape_length(text, at);
  if (length == 0) return Special::fault;
  facts.escaped = true;
  at += length;
  return Special::escape;
}

bool find_end(std::string_view text, std::size_t& at, StringFacts& facts) {
  facts.ascii = false;  // not looked at
  while ((at = find_string_special(text, at)) < text.size()) {
    const Special special = take_special(text, at, facts);
    if (special != Special::escape) return special == Special::end;
  }
  return false;
}

#ifdef PG_AVX2
constexpr std::size_t kWideStep = 64;

struct Masks {
  std::uint64_t quotes = 0, slashes = 0, controls = 0;
};

PG_AVX2 inline Masks masks_of(__m256i low, __m256i high) {
  const __m256i quote = _mm256_set1_epi8('"'), slash = _mm256_set1_epi8('\\'), control = _mm256_set1_epi8(0x1f);
  return {
      bits_of(_mm256_cmpeq_epi8(low, quote), _mm256_cmpeq_epi8(high, quote)),
      bits_of(_mm256_cmpeq_epi8(low, slash), _mm256_cmpeq_epi8(high, slash)),
      bits_of(_mm256_cmpeq_epi8(_mm256_min_epu8(low, control), low), _mm256_cmpeq_epi8(_mm256_min_epu8(high, control), high))};
}

// Which bytes may stand behind a backslash alone: one of "\/bfnrt. A table for each half of a byte; a bit is one upper half.
PG_AVX2 inline __m256i is_simple(__m256i bytes) {
  const __m256i by_low =
      _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 0, 0b1101, 0, 0b1000, 0, 0b0100, 0, 0, 0, 0, 0, 0b0010, 0, 0b0100, 0b0001));
  const __m256i by_high =
      _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 0, 0b0001, 0, 0, 0b0010, 0b0100, 0b1000, 0, 0, 0, 0, 0, 0, 0, 0));
  const __m256i high = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), _mm256_set1_epi8(0x0f));
  const __m256i both = _mm256_and_si256(_mm256_shuffle_epi8(by_low, bytes), _mm256_shuffle_epi8(by_high, high));
  return _mm256_cmpgt_epi8(both, _mm256_setzero_si256());
}

// The bytes that stand behind a backslash which is not behind one itself, so that a row of them is told apart in pairs. `carry`
// says whether the byte before the first is such a backslash, and then whether the last is.
inline std::uint64_t escaped_bytes(std::uint64_t slashes, std::uint64_t& carry) {
  constexpr std::uint64_t kOdd = 0xAAAA'AAAA'AAAA'AAAA;
  const std::uint64_t behind = (slashes & ~carry) << 1;
  // A borrow runs through each row: what begins at an even place flips its odd places, and the other way round.
  const std::uint64_t pairs = ((behind | kOdd) - (slashes & ~carry)) ^ kOdd;
  const std::uint64_t escaped = pairs ^ (slashes | carry);
  carry = (pairs & slashes) >> 63;
  return escaped;
}

// One by one, from `at` until past `end`: for what is rarer than a backslash and a letter.
Special walk_specials(std::string_view text, std::size_t& at, std::size_t end, StringFacts& facts) {
  while (at < end) {
    at = find_string_special(text.substr(0, end), at);
    if (at == end) break;
    const Special special = take_special(text, at, facts);
    if (special != Special::escape) return special;
  }
  return Special::escape;
}

// 64 bytes at a time; in code there is an escape in most of them, so escapes are judged together, without a branch for each.
PG_AVX2 bool find_end_wide(std::string_view text, std::size_t& at, StringFacts& facts) {
  std::uint64_t carry = 0;
  for (; at + kWideStep <= text.size(); at += kWideStep) {
    const auto* const data = reinterpret_cast<const __m256i*>(text.data() + at);
    const __m256i low = _mm256_loadu_si256(data), high = _mm256_loadu_si256(data + 1);
    facts.ascii = facts.ascii && _mm256_movemask_epi8(_mm256_or_si256(low, high)) == 0;
    const Masks masks = masks_of(low, high);
    if ((masks.slashes | carry) == 0) {
      const std::uint64_t specials = masks.quotes | masks.controls;
      if (specials == 0) continue;
      at += static_cast<std::size_t>(std::countr_zero(specials));
      return text[at] == '"';
    }
    const std::uint64_t before_carry = carry;
    const std::uint64_t behind = escaped_bytes(masks.slashes, carry);
    const std::uint64_t ends = masks.quotes & ~behind;
    const std::uint64_t inside = ends == 0 ? ~std::uint64_t{0} : (ends & (0 - ends)) - 1;
    if (((masks.controls | (behind & ~bits_of(is_simple(low), is_simple(high)))) & inside) != 0) {  // \u or a fault
      const std::size_t end = at + kWideStep;
      at -= before_carry;
      carry = 0;
      const Special special = walk_specials(text, at, end, facts);
      if (special != Special::escape) return special == Special::end;
      at -= kWideStep;  // and it may stand beyond `end`
      continue;
    }
    facts.escaped = facts.escaped || (behind & inside) != 0;
    if (ends != 0) {
      at += static_cast<std::size_t>(std::countr_zero(ends));
      return true;
    }
  }
  at -= carry;
  return find_end(text, at, facts);
}
#endif

// Copies up to the next backslash, or to the end. `to` has room for kCopyStep bytes more.
constexpr std::size_t kCopyStep = 32;

inline std::size_t copy_plain(std::string_view raw, std::size_t at, char*& to) {
#ifdef __SSE2__
  const __m128i slash = _mm_set1_epi8('\\');
  for (; at + kCopyStep <= raw.size(); at += kCopyStep, to += kCopyStep) {
    const auto* const from = reinterpret_cast<const __m128i*>(raw.data() + at);
    const __m128i low = _mm_loadu_si128(from), high = _mm_loadu_si128(from + 1);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), low);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to) + 1, high);
    const auto found = static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(low, slash))) |
                       static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(high, slash))) << 16;
    if (found == 0) continue;
    const auto plain = static_cast<std::size_t>(std::countr_zero(found));
    to += plain;
    return at + plain;
  }
#endif
  while (at < raw.size() && raw[at] != '\\') *to++ = raw[at++];
  return at;
}

// The escape at raw[at], undone behind `to`; where it ends. What is undone is never longer than it was.
std::size_t undo_escape(std::string_view raw, std::size_t at, char*& to, bool keeps_halves) {
  if (!is_unicode_escape(raw, at)) {
    *to++ = simple_escape(at + 1 < raw.size() ? raw[at + 1] : '\\');
    return at + 2;
  }
  const Piece piece = read_escape(raw, at, keeps_halves);
  to += write_utf8(to, piece.code_point);
  return at + piece.raw_size;
}

#ifdef PG_AVX2
// For each choice of eight bytes: where those that stay are, in order.
constexpr std::size_t kSqueezed = 8;
constexpr std::array<std::array<std::uint8_t, kSqueezed>, 256> kSqueezes = [] {
  std::array<std::array<std::uint8_t, kSqueezed>, 256> table{};
  for (unsigned kept = 0; kept < table.size(); ++kept) {
    std::size_t count = 0;
    for (std::uint8_t i = 0; i < kSqueezed; ++i)
      if ((kept >> i & 1) != 0) table[kept][count++] = i;
  }
  return table;
}();

// What b, f, n, r and t stand for behind a backslash; other bytes stay.
PG_AVX2 inline __m256i meant_by(__m256i bytes) {
  const __m256i of_6 = _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 0, '\b', 0, 0, 0, '\f', 0, 0, 0, 0, 0, 0, 0, '\n', 0));
  const __m256i of_7 = _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 0, '\r', 0, '\t', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
  const __m256i half = _mm256_and_si256(bytes, _mm256_set1_epi8(static_cast<char>(0xF0)));
  const __m256i in_6 = _mm256_and_si256(_mm256_cmpeq_epi8(half, _mm256_set1_epi8(0x60)), _mm256_shuffle_epi8(of_6, bytes));
  const __m256i in_7 = _mm256_and_si256(_mm256_cmpeq_epi8(half, _mm256_set1_epi8(0x70)), _mm256_shuffle_epi8(of_7, bytes));
  const __m256i meant = _mm256_or_si256(in_6, in_7);
  return _mm256_blendv_epi8(meant, bytes, _mm256_cmpeq_epi8(meant, _mm256_setzero_si256()));
}

// All ones in the bytes whose bits are set.
PG_AVX2 inline __m256i bytes_where_set(std::uint32_t bits) {
  const __m256i spread = _mm256_shuffle_epi8(
      _mm256_set1_epi32(static_cast<int>(bits)),
      _mm256_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3));
  const __m256i bit = _mm256_set1_epi64x(static_cast<long long>(0x8040201008040201u));
  return _mm256_cmpeq_epi8(_mm256_and_si256(spread, bit), bit);
}

PG_AVX2 inline void squeeze(const __m256i (&bytes)[2], std::uint64_t kept, char*& to) {
  alignas(32) char from[kWideStep];
  _mm256_store_si256(reinterpret_cast<__m256i*>(from), bytes[0]);
  _mm256_store_si256(reinterpret_cast<__m256i*>(from) + 1, bytes[1]);
  for (std::size_t i = 0; i < kWideStep; i += kSqueezed, kept >>= kSqueezed) {
    const auto& order = kSqueezes[kept & 0xFF];
    const __m128i piece = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(from + i));
    const __m128i places = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(order.data()));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(to), _mm_shuffle_epi8(piece, places));
    to += std::popcount(kept & 0xFF);
  }
}

// As far as steps of 64 bytes go; where that is. In code there is an escape or more in each step, and where they stand cannot be
// foreseen: so nothing is decided by it but which bytes are left out.
PG_AVX2 std::size_t unescape_wide(std::string_view raw, char*& to, bool keeps_halves) {
  std::size_t at = 0;
  std::uint64_t carry = 0;
  for (; at + kWideStep <= raw.size(); at += kWideStep) {
    const auto* const data = reinterpret_cast<const __m256i*>(raw.data() + at);
    const __m256i bytes[2] = {_mm256_loadu_si256(data), _mm256_loadu_si256(data + 1)};
    const __m256i slash = _mm256_set1_epi8('\\');
    const std::uint64_t slashes = bits_of(_mm256_cmpeq_epi8(bytes[0], slash), _mm256_cmpeq_epi8(bytes[1], slash));
    if ((slashes | carry) == 0) {
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), bytes[0]);
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(to) + 1, bytes[1]);
      to += kWideStep;
      continue;
    }
    const std::uint64_t before_carry = carry;
    const std::uint64_t behind = escaped_bytes(slashes, carry);
    const __m256i u = _mm256_set1_epi8('u');
    if ((behind & bits_of(_mm256_cmpeq_epi8(bytes[0], u), _mm256_cmpeq_epi8(bytes[1], u))) != 0) {
      const std::size_t end = at + kWideStep;
      carry = 0;
      for (at -= before_carry; at < end;) {
        if (raw[at] == '\\')
          at = undo_escape(raw, at, to, keeps_halves);
        else
          *to++ = raw[at++];
      }
      at -= kWideStep;  // and it may stand beyond `end`
      continue;
    }
    const __m256i undone[2] = {
        _mm256_blendv_epi8(bytes[0], meant_by(bytes[0]), bytes_where_set(static_cast<std::uint32_t>(behind))),
        _mm256_blendv_epi8(bytes[1], meant_by(bytes[1]), bytes_where_set(static_cast<std::uint32_t>(behind >> 32)))};
    // What begins an escape goes: a backslash that is not behind another.
    squeeze(undone, ~(slashes & ~behind), to);
  }
  return at - carry;
}
#endif

std::string unescape(std::string_view raw, bool keeps_halves) {
  std::string out(raw.size() + 2 * kCopyStep, '\0');
  char* to = out.data();
  std::size_t at = 0;
#ifdef PG_AVX2
  static_assert(kWideStep <= 2 * kCopyStep);
  if (raw.size() >= kWideStep && has_avx2()) at = unescape_wide(raw, to, keeps_halves);
#endif
  while ((at = copy_plain(raw, at, to)) < raw.size()) at = undo_escape(raw, at, to, keeps_halves);
  out.resize(static_cast<std::size_t>(to - out.data()));
  return out;
}

}  // namespace

bool find_string_end(std::string_view text, std::size_t& at, StringFacts& facts) {
#ifdef PG_AVX2
  if (at + kWideStep <= text.size() && has_avx2()) return find_end_wide(text, at, facts);
#endif
  return find_end(text, at, facts);
}

std::string unescape_json(std::string_view raw) {
  return unescape(raw, false);
}
std::string unescape_json_piece(std::string_view raw) {
  return unescape(raw, true);
}

std::size_t raw_offset_of(std::string_view raw, std::size_t decoded_offset) {
  std::size_t at = 0, decoded = 0;
  while (at < raw.size() && decoded < decoded_offset) {
    if (raw[at] != '\\') {
      ++at;
      ++decoded;
      continue;
    }
    const Piece piece = read_escape(raw, at);
    const std::size_t size = utf8_size(piece.code_point);
    if (decoded + size > decoded_offset) return at;
    decoded += size;
    at += piece.raw_size;
  }
  return at;
}

}  // namespace pg
