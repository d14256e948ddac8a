// Plain strings are read as they are; escaped ones are unescaped and their findings mapped back; JSON inside a string is walked
// and each of its strings treated the same way, one level deeper.
#include "core/guard/inspect_span.h"

#include <algorithm>
#include <array>

#include "core/base/encode.h"
#include "core/base/text.h"
#include "core/wire/json_walk.h"

namespace pg {
namespace {

Scrutiny scrutiny_of(SpanRole role) {
  return role == SpanRole::schema || role == SpanRole::key ? Scrutiny::secrets_only : Scrutiny::all;
}

// Moves forward through a raw string only, so that mapping all findings of a string costs one pass.
class RawCursor {
 public:
  explicit RawCursor(std::string_view raw) : raw_(raw) {}
  std::uint32_t map(std::size_t decoded) {
    at_ += raw_offset_of(raw_.substr(at_), decoded - decoded_);
    decoded_ = decoded;
    return static_cast<std::uint32_t>(at_);
  }

 private:
  std::string_view raw_;
  std::size_t at_ = 0;
  std::size_t decoded_ = 0;
};

void map_to_raw(std::string_view raw, std::vector<Finding>& findings) {
  RawCursor cursor(raw);
  for (Finding& finding : findings) {
    finding.begin = cursor.map(finding.begin);
    finding.end = cursor.map(finding.end);
  }
}

void inspect_string(std::string_view raw, bool escaped, Scrutiny scrutiny, const Guards& guards, Verdict& verdict) {
  if (!escaped) {
    guards.inspect(raw, scrutiny, verdict.findings);
    find_token_literals(raw, verdict.literals);
    return;
  }
  const std::string text = unescape_json(raw);
  guards.inspect(text, scrutiny, verdict.findings);
  map_to_raw(raw, verdict.findings);
  find_token_literals(text, verdict.literals);
}

// Every string and key of a JSON text that stands inside a string.
class InnerVisitor {
 public:
  using Ctx = bool;
  InnerVisitor(std::string_view text, const Guards& guards, Verdict& verdict) : text_(text), guards_(guards), verdict_(verdict) {}
  Ctx root() const { return false; }
  Ctx member(Ctx, std::string_view) const { return true; }
  Ctx element(Ctx, std::uint32_t) const { return true; }
  void open(Ctx, bool) { is_container_ = true; }
  void close(Ctx, bool) {}
  void scalar(Ctx, std::size_t, std::size_t) {}
  // What a reply restores in a key must be found there again.
  void key(Ctx, std::size_t begin, std::size_t end, bool escaped) {
    if (end - begin >= kShortestValue) add(begin, end, escaped);
  }
  void string(Ctx, std::size_t begin, std::size_t end, bool escaped) { add(begin, end, escaped); }
  bool is_container() const { return is_container_; }

 private:
  static constexpr std::size_t kShortestValue = 3;

  void add(std::size_t begin, std::size_t end, bool escaped) {
    Verdict inner;
    inspect_string(text_.substr(begin, end - begin), escaped, Scrutiny::all, guards_, inner);
    for (Finding finding : inner.findings) {
      finding.begin += static_cast<std::uint32_t>(begin);
      finding.end += static_cast<std::uint32_t>(begin);
      verdict_.findings.push_back(finding);
    }
    verdict_.literals.insert(verdict_.literals.end(), inner.literals.begin(), inner.literals.end());
  }

  std::string_view text_;
  const Guards& guards_;
  Verdict& verdict_;
  bool is_container_ = false;
};

Verdict inspect_json_text(std::string_view raw, bool escaped, const Guards& guards) {
  const std::string text = escaped ? unescape_json(raw) : std::string(raw);
  Verdict verdict;
  InnerVisitor visitor(text, guards, verdict);
  const bool is_json = walk_json(text, visitor).has_value() && visitor.is_container();
  if (!is_json) {  // arguments that are no JSON are read as one text
    verdict = Verdict{};
    inspect_string(raw, escaped, Scrutiny::all, guards, verdict);
    return verdict;
  }
  map_to_raw(raw, verdict.findings);
  verdict.nested = true;
  return verdict;
}

struct Magic {
  std::size_t offset;
  std::string_view bytes;
};
// What images, audio, video, PDF and archives begin with: base64 of these is what it says and holds no text to read.
constexpr std::array<Magic, 17> kMagic = {{{0, "\x89PNG\r\n\x1a\n"},
                                           {0, "\xff\xd8\xff"},
                                           {0, "GIF87a"},
                                           {0, "GIF89a"},
                                           {8, "WEBP"},
                                           {8, "WAVE"},
                                           {0, "%PDF-"},
                                           {0, "ID3"},
                                           {0, "\xff\xfb"},
                                           {0, "\xff\xf3"},
                                           {0, "OggS"},
                                           {0, "fLaC"},
                                           {4, "ftyp"},
                                           {0, "BM"},
                                           {0, "II*"},
                                           {0, "MM"},
                                           {0, "PK\x03\x04"}}};

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\r' && c != '\t';
}

bool is_known_binary(std::string_view head) {
  // Some of these are letters that a text may begin with; a file has lengths or versions behind them.
  const bool is_ascii = static_cast<unsigned char>(head.front()) < 0x80 && std::none_of(head.begin(), head.end(), is_control);
  if (is_ascii && !head.starts_with("%PDF-")) return false;
  return std::any_of(kMagic.begin(), kMagic.end(), [head](const Magic& magic) {
    return head.substr(std::min(magic.offset, head.size())).starts_with(magic.bytes);
  });
}

Verdict inspect_media(std::string_view raw, bool escaped, const Guards& guards) {
  Verdict verdict;
  const std::string text = escaped ? unescape_json(raw) : std::string();
  std::string_view prefix;
  const std::optional<std::string> decoded = decode_media(escaped ? std::string_view(text) : raw, prefix);
  if (!decoded) {
    // Binary holds nothing; a URL or plain text is read like any other.
    if (prefix.empty()) inspect_string(raw, escaped, Scrutiny::all, guards, verdict);
    return verdict;
  }
  guards.inspect(*decoded, Scrutiny::all, verdict.findings);
  verdict.recode = !verdict.findings.empty();
  return verdict;
}

}  // namespace

std::optional<std::string> decode_media(std::string_view text, std::string_view& prefix) {
  std::string_view data = text;
  constexpr std::string_view kMarker = ";base64,";
  if (text.starts_with("data:")) {
    const std::size_t marker = text.substr(0, 256).find(kMarker);
    if (marker == std::string_view::npos) return std::nullopt;
    data = text.substr(marker + kMarker.size());
    prefix = text.substr(0, marker + kMarker.size());
  }
  if (data.size() < 16) return std::nullopt;
  const std::optional<std::string> head = from_base64(data.substr(0, std::min<std::size_t>(data.size() / 4 * 4, 32)));
  if (!head) prefix = {};  // whatever it says of itself, it is read as it stands
  if (!head) return std::nullopt;
  const bool binary = is_known_binary(*head);
  if (binary && prefix.empty()) prefix = text.substr(0, 1);  // tells the caller that there is nothing to read
  if (binary) return std::nullopt;
  std::optional<std::string> decoded = from_base64(data);
  if (!decoded) prefix = {};
  if (!decoded || !is_utf8(*decoded) || decoded->find('\0') != std::string::npos) return std::nullopt;
  return decoded;
}

Verdict inspect_span(std::string_view raw, const Span& span, const Guards& guards) {
  if (span.role == SpanRole::json_text) return inspect_json_text(raw, span.escaped, guards);
  if (span.role == SpanRole::media) return inspect_media(raw, span.escaped, guards);
  Verdict verdict;
  inspect_string(raw, span.escaped, scrutiny_of(span.role), guards, verdict);
  // Signed thinking quotes our own placeholders; they are ours, not the user's literals.
  if (span.role == SpanRole::signed_text) verdict.literals.clear();
  return verdict;
}

std::string original_of(std::string_view raw, const Span& span, const Verdict& verdict, const Finding& finding) {
  const std::string_view piece = raw.substr(finding.begin, finding.end - finding.begin);
  if (!span.escaped) return std::string(piece);
  const std::string text = unescape_json(piece);
  return verdict.nested ? unescape_json(text) : text;
}

}  // namespace pg
