// One walk; what each key means is told by request_rows.h. Of a part that was read before, the walk goes on behind the beginning
// that is still the same.
#include "core/wire/spans.h"

#include <algorithm>
#include <span>
#include <utility>

#include "core/wire/json_walk.h"
#include "core/wire/request_rows.h"

namespace pg {
namespace {

class SpanVisitor {
 public:
  static constexpr bool kAsksUtf8 = true;
  struct Ctx {
    RequestPlace place;
    bool head;
  };

  struct Known {  // of an array: what need not be walked
    std::size_t end = 0;
    std::uint32_t elements = 0;
  };

  SpanVisitor(std::string_view body, DialectId dialect, RequestView& view, PartMemory* memory)
      : body_(body), dialect_(dialect), rows_(request_rows(dialect)), view_(view), memory_(memory) {}

  Ctx root() const { return {RequestPlace::root, true}; }
  Ctx member(Ctx parent, std::string_view key) {
    if (parent.place == RequestPlace::root) {
      in_tools_ = key == "tools" || key == "functions";
      in_settings_ = key == "thinking" || key == "tool_choice";
      in_format_ = key == "response_format" || key == "text" || key == "output_config" || key == "output_format";
    }
    in_role_ = view_.first_user < 0 && parent.place == RequestPlace::message && key == "role";
    const RequestPlace child = find_child(parent.place, key);
    if (parent.place == RequestPlace::root && memory_ != nullptr) await_part(child, key);
    return {child, parent.head && child != RequestPlace::messages};
  }
  Ctx element(Ctx parent, std::uint32_t index) {
    if (parent.place == RequestPlace::root) return {RequestPlace::free, false};  // a root that is an array
    if (parent.place == RequestPlace::tools) return {RequestPlace::tool, parent.head};
    if (parent.place != RequestPlace::messages) return parent;
    message_ = static_cast<std::int32_t>(index);
    return {RequestPlace::message, false};
  }
  void open(Ctx ctx, bool is_object) {
    awaits_part_ = false;  // an object is none
    if (ctx.place == RequestPlace::root) has_object_root_ = is_object;
    if (ctx.place == RequestPlace::thread) view_.kept_by_provider = true;
    if (ctx.place == RequestPlace::message) ++message_depth_;
  }
  void bracket(std::size_t at) { bracket_ = at; }
  void close(Ctx ctx, bool) {
    if (ctx.place == RequestPlace::root) return end_part();
    closed_ = bracket_;
    if (ctx.place == RequestPlace::messages) message_ = -1;
    // An array in place of a message is read like one, and so is what it holds: a mark stands behind the outermost.
    if (ctx.place == RequestPlace::message && --message_depth_ == 0 && in_part_) mark_message();
  }
  Known known(Ctx, std::size_t at) { return awaits_part_ ? begin_part(at) : Known(); }
  void key(Ctx parent, std::size_t begin, std::size_t end, bool escaped) {
    if (parent.place == RequestPlace::root) {
      end_part();  // before this key is one of its spans
      note_root_key(begin, end);
    }
    const std::size_t size = end - begin;
    is_key_escaped_ = escaped;
    if (parent.place == RequestPlace::free) {
      if (size >= kShortestValue) add(SpanRole::text, parent, begin, end, escaped);
    } else if (size >= kShortestSecret && is_unknown_key(parent.place, body_.substr(begin, size))) {
      add(SpanRole::key, parent, begin, end, escaped);
    }
  }
  void scalar(Ctx ctx, std::size_t begin, std::size_t end) {
    if (ctx.place == RequestPlace::stream) view_.stream = body_[begin] == 't';
    if (ctx.place == RequestPlace::store) view_.kept_by_provider = body_[begin] != 'f';
    if (in_settings_) note_setting(body_.substr(begin, end - begin));
  }
  void string(Ctx ctx, std::size_t begin, std::size_t end, bool escaped);
  bool has_object_root() const { return has_object_root_; }

 private:
  static constexpr std::size_t kShortestSecret = 16;  // a dialect's own keys are names; only a long one can be a credential
  static constexpr std::size_t kShortestValue = 3;    // in tool input a key is whatever the model writes there

  bool is_unknown_key(RequestPlace parent, std::string_view key) const {
    const bool is_definition = parent == RequestPlace::schema || parent == RequestPlace::tools || parent == RequestPlace::tool;
    return !is_definition && rows_.find(parent, key) == nullptr;
  }
  RequestPlace find_child(RequestPlace parent, std::string_view key) const {
    if (parent == RequestPlace::free || parent == RequestPlace::opaque || parent == RequestPlace::schema) return parent;
    // "th\u0069nking" is "thinking" to the provider.
    if (is_key_escaped_) return find_row(parent, unescape_json(key));
    return find_row(parent, key);
  }
  RequestPlace find_row(RequestPlace parent, std::string_view key) const {
    const RequestRows::Row* row = rows_.find(parent, key);
    return row != nullptr ? row->child : default_place(parent);
  }
  void add(SpanRole role, Ctx ctx, std::size_t begin, std::size_t end, bool escaped) {
    if (begin == end) return;
    view_.spans.push_back(
        Span{static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end), role, escaped, ctx.head, in_tools_, message_});
  }
  // Of the root's keys there may be a million; those without a text behind them are of no use.
  void note_root_key(std::size_t begin, std::size_t end) {
    if (view_.root_keys.empty()) view_.root_keys.reserve(4);  // as many as requests have: one allocation
    const auto first = static_cast<std::uint32_t>(view_.spans.size());
    if (view_.root_keys.empty() || view_.root_keys.back().first_span != first) view_.root_keys.emplace_back();
    view_.root_keys.back() = {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end), first};
  }
  // FNV-1a: a few bytes, and never outside the process.
  void note_setting(std::string_view raw) {
    for (const char c : raw) view_.settings = (view_.settings ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
    view_.settings = (view_.settings ^ 0xFF) * 0x100000001B3u;
  }

  void await_part(RequestPlace place, std::string_view key);
  bool has_part(PartKind kind) const;
  Known begin_part(std::size_t at);
  void mark_message();
  void end_part();

  std::string_view body_;
  DialectId dialect_;
  const RequestRows& rows_;
  RequestView& view_;
  PartMemory* memory_;
  std::int32_t message_ = -1;
  std::uint32_t message_depth_ = 0;  // containers that are open and messages
  bool has_object_root_ = false;
  bool is_key_escaped_ = false;  // of the key that was read last
  bool in_tools_ = false;        // below the root's key of that name
  bool in_settings_ = false;     // below a key that settings are read from
  bool in_format_ = false;       // below one that says what the reply's text is to be
  bool in_role_ = false;         // at a message's role, until a user's is found
  PartKind part_ = PartKind::messages;
  bool awaits_part_ = false;  // before the value that is one
  bool in_part_ = false;
  bool foreign_before_ = false;  // foreign_thoughts, of what stands before the part
  std::size_t bracket_ = 0;      // the last one
  std::size_t closed_ = 0;       // one past the last container that was closed, the root's aside
};

// What a kind's arrays hold means the same in each body of the dialect. Where `functions` are not known, they are no tools.
void SpanVisitor::await_part(RequestPlace place, std::string_view key) {
  const bool are_tools = in_tools_ && (place == RequestPlace::tools || place == RequestPlace::schema);
  awaits_part_ = place == RequestPlace::messages || are_tools || key == "system";
  part_ = place == RequestPlace::messages ? PartKind::messages : are_tools ? PartKind::tools : PartKind::system;
}

bool SpanVisitor::has_part(PartKind kind) const {
  return std::any_of(view_.parts.begin(), view_.parts.end(), [&](const ReadPart& part) { return part.kind == kind; });
}

SpanVisitor::Known SpanVisitor::begin_part(std::size_t at) {
  awaits_part_ = false;
  // A second time, of which the provider takes one. A body of a million of them is not to ask the memory a million times.
  if (has_part(part_)) return {};
  in_part_ = true;
  foreign_before_ = std::exchange(view_.foreign_thoughts, false);
  const auto begin = static_cast<std::uint32_t>(at), first = static_cast<std::uint32_t>(view_.spans.size());
  ReadPart& part =
      view_.parts.emplace_back(ReadPart{part_, dialect_, begin, first, memory_->find(part_, dialect_, body_.substr(at)), {}});
  if (!part.known.part) return {};
  const PartMark& mark = part.known_until();
  for (const Span& span : std::span(part.known.part->spans).first(mark.spans)) {
    Span& moved = view_.spans.emplace_back(span);
    moved.begin += begin;
    moved.end += begin;
  }
  if (part_ == PartKind::messages) view_.first_user = mark.first_user;
  view_.foreign_thoughts = mark.foreign_thoughts;
  return {at + mark.end, mark.elements};
}

void SpanVisitor::mark_message() {
  ReadPart& part = view_.parts.back();
  const auto end = static_cast<std::uint32_t>(closed_) - part.begin;
  if (end - part.last_end() < memory_->stride()) return;
  const auto spans = static_cast<std::uint32_t>(view_.spans.size()) - part.first_span;
  part.fresh.push_back({end, spans, static_cast<std::uint32_t>(message_) + 1, view_.first_user, view_.foreign_thoughts});
}

void SpanVisitor::end_part() {
  awaits_part_ = false;
  if (!std::exchange(in_part_, false)) return;
  ReadPart& part = view_.parts.back();
  if (part.kind != PartKind::messages && !part.known.part) {
    const auto end = static_cast<std::uint32_t>(closed_) - part.begin;
    const auto spans = static_cast<std::uint32_t>(view_.spans.size()) - part.first_span;
    part.fresh.push_back({end, spans, 0, view_.first_user, view_.foreign_thoughts});
  }
  view_.foreign_thoughts = view_.foreign_thoughts || foreign_before_;
}

void SpanVisitor::string(Ctx ctx, std::size_t begin, std::size_t end, bool escaped) {
  const std::string_view raw = body_.substr(begin, end - begin);
  switch (ctx.place) {
    case RequestPlace::model:
      view_.model = escaped ? unescape_json(raw) : std::string(raw);
      view_.model_begin = static_cast<std::uint32_t>(begin);
      view_.model_end = static_cast<std::uint32_t>(end);
      return;
    case RequestPlace::conversation:
      view_.conversation = unescape_json(raw);
      return;
    case RequestPlace::continues:
      view_.continues = unescape_json(raw);
      return;
    case RequestPlace::include:
      if (unescape_json(raw) == "reasoning.encrypted_content") view_.signed_reasoning = true;
      return;
    case RequestPlace::stream:
    case RequestPlace::store:
    case RequestPlace::thread:
      return;
    case RequestPlace::opaque:
      if (raw.starts_with("pg:")) view_.foreign_thoughts = true;
      if (in_settings_) note_setting(raw);
      if (in_role_ && raw == "user") {
        view_.first_user = message_;
        in_role_ = false;
      }
      return;
    case RequestPlace::schema:
      if (in_format_ && (raw == "json_schema" || raw == "json_object")) view_.structured = true;
      return add(SpanRole::schema, ctx, begin, end, escaped);
    case RequestPlace::signed_text:
      return add(SpanRole::signed_text, ctx, begin, end, escaped);
    case RequestPlace::reasoning:
    case RequestPlace::reasoning_summary:
      return add(SpanRole::signed_text, ctx, begin, end, escaped);
    case RequestPlace::media:
    case RequestPlace::source:
      return add(SpanRole::media, ctx, begin, end, escaped);
    case RequestPlace::arguments:
      return add(SpanRole::json_text, ctx, begin, end, escaped);
    default:
      return add(SpanRole::text, ctx, begin, end, escaped);
  }
}

// Knows nothing, so that a body is read as a whole and remembered as it is now.
class NoParts final : public PartMemory {
 public:
  explicit NoParts(std::size_t stride) : stride_(stride) {}
  PartMatch find(PartKind, DialectId, std::string_view) override { return {}; }
  std::size_t stride() const override { return stride_; }

 private:
  std::size_t stride_;
};

}  // namespace

Status read_spans(std::string_view body, DialectId dialect, RequestView& view, PartMemory* memory) {
  view.kept_by_provider = dialect == DialectId::openai_responses;  // `store` is true unless it says otherwise
  SpanVisitor visitor(body, dialect, view, memory);
  PG_TRY_STATUS(walk_json(body, visitor));
  if (!visitor.has_object_root()) return make_error(Code::bad_request, "the body must be a JSON object");
  for (const ReadPart& part : view.parts) {
    if (part.kind != PartKind::messages || !part.known.part) continue;
    if (part.known.part->signed_reasoning == view.signed_reasoning) continue;
    NoParts none(memory->stride());
    view = RequestView();  // what its summaries are is known only now
    return read_spans(body, dialect, view, &none);
  }
  if (!view.signed_reasoning && dialect == DialectId::openai_responses) {
    // Unsigned summaries are restored on the way down, so they must be redacted again on the way up.
    for (Span& span : view.spans)
      if (span.role == SpanRole::signed_text) span.role = SpanRole::text;
  }
  return {};
}

}  // namespace pg
