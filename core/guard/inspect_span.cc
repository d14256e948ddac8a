// Plain strings are read as they are; escaped ones are unescaped and their findings mapped back; JSON inside a string is walked
// and each of its strings treated the same way, one level deeper.
#include "core/guard/inspect_span.h"

#include <algorithm>

#include "core/base/text.h"
#include "core/guard/encoded.h"
#include "core/guard/media_text.h"
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

// What stands in the text encoded is found as `pg scan` finds it, at the place of what it is encoded in.
void add_encoded(std::string_view text, Scrutiny scrutiny, const Guards& guards, std::vector<Finding>& findings) {
  EncodedFinder finder(guards);
  std::vector<EncodedFinding> encoded;
  finder.find(text, scrutiny, findings, encoded);
  if (encoded.empty()) return;
  for (const EncodedFinding& one : encoded) findings.push_back(one.finding);
  std::sort(findings.begin(), findings.end(), [](const Finding& a, const Finding& b) { return a.begin < b.begin; });
}

void inspect_text(std::string_view text, Scrutiny scrutiny, const Guards& guards, std::vector<Finding>& findings) {
  guards.inspect(text, scrutiny, findings);
  if (holds_encoded(text)) add_encoded(text, scrutiny, guards, findings);
}

void inspect_string(std::string_view raw, bool escaped, Scrutiny scrutiny, const Guards& guards, Verdict& verdict) {
  if (!escaped) {
    inspect_text(raw, scrutiny, guards, verdict.findings);
    find_token_literals(raw, verdict.literals);
    return;
  }
  const std::string text = unescape_json(raw);
  inspect_text(text, scrutiny, guards, verdict.findings);
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

Verdict inspect_media(std::string_view raw, bool escaped, const Guards& guards) {
  Verdict verdict;
  const std::string text = escaped ? unescape_json(raw) : std::string();
  MediaText media;
  switch (decode_media(escaped ? std::string_view(text) : raw, media)) {
    case MediaKind::binary:
      break;
    case MediaKind::plain:
      inspect_string(raw, escaped, Scrutiny::all, guards, verdict);
      break;
    case MediaKind::opaque:
      // Not what may be encoded in it: a placeholder inside of base64 would break all of it.
      guards.inspect(escaped ? std::string_view(text) : raw, Scrutiny::all, verdict.findings);
      if (escaped) map_to_raw(raw, verdict.findings);
      find_token_literals(escaped ? std::string_view(text) : raw, verdict.literals);
      break;
    case MediaKind::text:
      inspect_text(media.text, Scrutiny::all, guards, verdict.findings);
      verdict.recode = !verdict.findings.empty();
  }
  return verdict;
}

}  // namespace

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
