// Strings of the gathered text are JSON's own, so a finding in one is led back through two spellings: JSON's, and the form's.
#include "core/guard/service_texts.h"

#include <algorithm>
#include <array>

#include "core/base/ascii.h"
#include "core/base/encode.h"
#include "core/base/text.h"
#include "core/wire/form_text.h"
#include "core/wire/json_walk.h"

namespace pg {
namespace {

constexpr std::size_t kShortestName = 3;

std::string_view media_type_of(std::string_view content_type) {
  return trim(content_type.substr(0, content_type.find(';')));
}

// A zero byte is no text in UTF-8: it makes up every other byte of what is UTF-16 and does not say so.
bool is_plain_utf8(std::string_view body) {
  return body.find('\0') == std::string_view::npos && is_utf8(body);
}

BodyKind guess_kind(std::string_view body) {
  const std::size_t at = body.find_first_not_of(" \t\r\n");
  if (at != std::string_view::npos && (body[at] == '{' || body[at] == '[')) return BodyKind::json;
  return is_plain_utf8(body) ? BodyKind::text : BodyKind::unreadable;
}

// What it says of how its characters are spelt is one of the ways that are read here: as UTF-8, or as a part of it.
bool has_known_charset(std::string_view content_type) {
  constexpr std::array<std::string_view, 5> kKnown = {"utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1"};
  const std::string lower = to_lower(content_type);
  const std::size_t at = lower.find("charset=");
  if (at == std::string::npos) return true;
  std::string_view name = std::string_view(lower).substr(at + 8);
  name = trim(name.substr(0, name.find(';')));
  if (name.size() > 1 && name.front() == '"' && name.back() == '"') name = name.substr(1, name.size() - 2);
  return std::find(kKnown.begin(), kKnown.end(), name) != kKnown.end();
}

class TextVisitor {
 public:
  static constexpr bool kAsksUtf8 = true;
  using Ctx = bool;  // the root's own
  explicit TextVisitor(RequestView& view) : view_(view) {}
  Ctx root() const { return true; }
  Ctx member(Ctx, std::string_view) const { return false; }
  Ctx element(Ctx, std::uint32_t) const { return false; }
  void open(Ctx, bool) {}
  void close(Ctx, bool) {}
  void scalar(Ctx, std::size_t, std::size_t) {}
  void key(Ctx parent, std::size_t begin, std::size_t end, bool escaped) {
    if (parent) note_root(begin, end);
    if (end - begin >= kShortestName) add(begin, end, escaped);
  }
  void string(Ctx, std::size_t begin, std::size_t end, bool escaped) {
    if (begin != end) add(begin, end, escaped);
  }

 private:
  void note_root(std::size_t begin, std::size_t end) {
    const auto first = static_cast<std::uint32_t>(view_.spans.size());
    if (view_.root_keys.empty() || view_.root_keys.back().first_span != first) view_.root_keys.emplace_back();
    view_.root_keys.back() = {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end), first};
  }
  void add(std::size_t begin, std::size_t end, bool escaped) {
    Span span;
    span.begin = static_cast<std::uint32_t>(begin);
    span.end = static_cast<std::uint32_t>(end);
    span.escaped = escaped;
    view_.spans.push_back(span);
  }
  RequestView& view_;
};

/// "github-token" of "[[GITHUB_TOKEN_001]]".
std::string kind_of_token(std::string_view token) {
  std::string kind = to_lower(token.substr(std::min<std::size_t>(2, token.size())));
  kind.resize(std::min(kind.rfind('_'), kind.size()));
  std::replace(kind.begin(), kind.end(), '_', '-');
  return kind;
}

}  // namespace

BodyKind find_body_kind(std::string_view content_type, std::string_view body) {
  constexpr std::array<std::string_view, 10> kTexts = {
      "application/xml",    "application/javascript", "application/graphql", "application/yaml",    "application/x-yaml",
      "application/ndjson", "application/x-ndjson",   "application/jsonl",   "application/x-jsonl", "application/sql"};
  if (body.empty()) return BodyKind::none;
  const std::string type = to_lower(media_type_of(content_type));
  if (!has_known_charset(content_type)) return BodyKind::unreadable;
  if (type.empty()) return guess_kind(body);
  if (type == "application/json" || type.ends_with("+json")) return BodyKind::json;
  if (type == "application/x-www-form-urlencoded")
    return is_plain_utf8(body) && body.find("%00") == std::string_view::npos ? BodyKind::form : BodyKind::unreadable;
  const bool says_text = type.starts_with("text/") || type.ends_with("+xml") || type.ends_with("+yaml") ||
                         std::find(kTexts.begin(), kTexts.end(), type) != kTexts.end();
  return says_text && is_plain_utf8(body) ? BodyKind::text : BodyKind::unreadable;
}

Status read_json_texts(std::string_view body, RequestView& view) {
  TextVisitor visitor(view);
  return walk_json(body, visitor);
}

std::pair<std::uint32_t, std::uint32_t> ServiceTexts::add_string(std::string_view text) {
  json_ += '"';
  const auto begin = static_cast<std::uint32_t>(json_.size());
  append_json_escaped(json_, text);
  const auto end = static_cast<std::uint32_t>(json_.size());
  json_ += '"';
  return {begin, end};
}

void ServiceTexts::add_span(std::pair<std::uint32_t, std::uint32_t> place, SpanRole role) {
  if (place.first == place.second) return;
  Span span;
  span.begin = place.first;
  span.end = place.second;
  span.role = role;
  span.escaped = std::string_view(json_).substr(span.begin, span.end - span.begin).find('\\') != std::string_view::npos;
  view_.spans.push_back(span);
}

void ServiceTexts::open(std::string_view name, char bracket) {
  if (json_.size() > 1) json_ += ',';
  const auto [begin, end] = add_string(name);
  view_.root_keys.push_back({begin, end, static_cast<std::uint32_t>(view_.spans.size())});
  json_ += ':';
  if (bracket != '\0') json_ += bracket;
}

void ServiceTexts::close(char bracket) {
  if (json_.ends_with(',')) json_.pop_back();
  json_ += bracket;
}

void ServiceTexts::add_target(std::string_view path, std::string_view query) {
  open("path", '\0');
  add_span(add_string(path), SpanRole::text);
  if (!query.empty()) add_pairs("query", query, false);
}

void ServiceTexts::add_fields(const std::vector<Field>& fields) {
  open("header", '{');
  for (const Field& field : fields) {
    add_string(to_lower(field.name));
    json_ += ':';
    add_span(add_string(field.value), SpanRole::schema);  // secrets alone: a User-Agent is no personal data
    json_ += ',';
  }
  close('}');
  open("header name", '[');
  for (const Field& field : fields) {
    add_span(add_string(field.name), SpanRole::schema);
    json_ += ',';
  }
  close(']');
}

void ServiceTexts::add_pairs(std::string_view name, std::string_view text, bool of_body) {
  open(name, '{');
  bool has_value = true;
  for (const FormPiece& piece : read_form(text)) {
    const std::string_view raw = text.substr(piece.begin, piece.end - piece.begin);
    if (piece.is_name && !has_value) json_ += "\"\",";
    const auto place = add_string(decode_form(raw));
    if (!piece.is_name || raw.size() >= kShortestName) {
      add_span(place, SpanRole::text);
      if (of_body) sources_.push_back({place.first, place.second, raw, piece.begin, true});
    }
    json_ += piece.is_name ? ':' : ',';
    has_value = !piece.is_name;
  }
  if (!has_value) json_ += "\"\"";
  close('}');
}

void ServiceTexts::add_form(std::string_view body) {
  add_pairs("form", body, true);
}

void ServiceTexts::add_text(std::string_view body) {
  open("text", '\0');
  const auto place = add_string(body);
  add_span(place, SpanRole::text);
  sources_.push_back({place.first, place.second, body, 0, false});
}

void ServiceTexts::finish() {
  json_ += '}';
}

const ServiceTexts::Source* ServiceTexts::source_of(const Edit& edit) const {
  const auto next = std::upper_bound(sources_.begin(), sources_.end(), edit.begin,
                                     [](std::uint32_t at, const Source& source) { return at < source.begin; });
  if (next == sources_.begin() || edit.end > (next - 1)->end) return nullptr;
  return &*(next - 1);
}

std::uint32_t ServiceTexts::body_offset(const Source& source, std::uint32_t at, Cursor& cursor) const {
  if (cursor.source != &source) cursor = {&source, source.begin, 0};
  const std::size_t plain = unescape_json(std::string_view(json_).substr(cursor.at, at - cursor.at)).size();
  cursor.raw += source.encoded ? form_offset_of(source.raw.substr(cursor.raw), plain) : plain;
  cursor.at = at;
  return source.at + static_cast<std::uint32_t>(cursor.raw);
}

void block_instead(GuardedCall& call, std::string_view json, const std::vector<const Edit*>& edits) {
  std::vector<std::uint32_t> offsets;
  for (const Edit* edit : edits) offsets.push_back(edit->begin);
  const std::vector<std::string> paths = find_paths(json, offsets);
  call.places.clear();
  for (std::size_t i = 0; i < edits.size(); ++i) {
    const std::string kind = kind_of_token(edits[i]->text);
    if (std::find(call.blocked.begin(), call.blocked.end(), kind) == call.blocked.end()) call.blocked.push_back(kind);
    if (i < paths.size() && call.places.size() < 900) call.places += (call.places.empty() ? "" : "; ") + paths[i] + ": " + kind;
  }
  call.redacted.clear();
}

void ServiceTexts::settle(GuardedCall& call) const {
  std::vector<Edit> of_body;
  std::vector<const Edit*> of_target;
  Cursor cursor;
  for (const Edit& edit : call.edits) {
    const Source* source = source_of(edit);
    if (source == nullptr) {
      of_target.push_back(&edit);
      continue;
    }
    const std::uint32_t begin = body_offset(*source, edit.begin, cursor), end = body_offset(*source, edit.end, cursor);
    of_body.push_back({begin, end, source->encoded ? encode_form(edit.text) : edit.text});
  }
  if (!of_target.empty()) {
    block_instead(call, json_, of_target);
    of_body.clear();
  }
  call.edits = std::move(of_body);
}

Error service_block_error(const GuardedCall& call) {
  std::string places = call.places.substr(0, 300);
  for (const std::string& id : call.blocked)
    if (places.find(": " + id) == std::string::npos) places += (places.empty() ? "" : "; ") + id;
  const bool in_target = places.starts_with("path") || places.starts_with("query") || places.starts_with("header");
  return make_error(Code::blocked,
                    "PromptGate blocked this call, nothing was sent. Found: " + places +
                        (in_target ? ". In a path, a query or a header nothing is replaced: a placeholder there would ask for "
                                     "something else; [guards] of the project may say \"detect\", or allow the value."
                                   : ". [guards] of the project say so."),
                    places);
}

}  // namespace pg
