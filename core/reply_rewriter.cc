// What the rewriters of all dialects share: edits, whole texts, open texts.
#include "core/reply_rewriter.h"

#include <charconv>

#include "core/base/text.h"

namespace pg {
namespace {

// Whether the part that holds `at` says it is reasoning. Its fields stand together, its type before or after the text.
bool is_reasoning_part(std::string_view json, const std::vector<PlaceField>& fields, std::size_t at) {
  const auto same_part = [&](const PlaceField& other) {
    return other.outer == fields[at].outer && other.inner == fields[at].inner &&
           (other.place == ReplyPlace::part_type || other.place == ReplyPlace::whole_text);
  };
  const auto says_so = [&](const PlaceField& other) {
    const std::string_view text = other.text(json);
    return other.place == ReplyPlace::part_type && (text == "reasoning_text" || text == "summary_text");
  };
  for (std::size_t i = at; i < fields.size() && same_part(fields[i]); ++i) {
    if (says_so(fields[i])) return true;
  }
  for (std::size_t i = at; i > 0 && same_part(fields[i - 1]); --i) {
    if (says_so(fields[i - 1])) return true;
  }
  return false;
}

bool form_of(const PlaceField& field, TextForm answer, TextForm& form) {
  switch (field.place) {
    case ReplyPlace::whole_text:
    case ReplyPlace::whole_content:
      form = answer;
      return true;
    case ReplyPlace::whole_reasoning:
    case ReplyPlace::whole_input:
    case ReplyPlace::any_text:
      form = TextForm::plain;
      return true;
    case ReplyPlace::whole_arguments:
      form = TextForm::json_text;
      return true;
    case ReplyPlace::whole_value:
      form = TextForm::value;
      return true;
    default:
      return false;
  }
}

}  // namespace

bool is_cited_place(const PlaceField& field) {
  return !field.is_string && (field.place == ReplyPlace::cite_begin || field.place == ReplyPlace::cite_end);
}

void move_place(std::string_view json, const PlaceField& field, const TextShifts& shifts, JsonEdits& edits) {
  if (shifts.empty()) return;
  std::int64_t place = 0;
  const std::string_view text = field.text(json);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), place);
  if (error != std::errc() || end != text.data() + text.size() || place < 0 || place > kMaxCodePoints) return;
  const std::int64_t moved = shifts.moved(place, field.place == ReplyPlace::cite_end);
  if (moved != place) edits.add(field) = std::to_string(moved);
}

// A message's `content` stands for all of it, a part's text for the part.
const PlaceField* CitedTexts::find_text(const PlaceField& field) {
  if (!looked_) {
    for (const PlaceField& other : fields_) {
      if (!other.is_string) continue;
      if (other.place == ReplyPlace::whole_content) contents_.emplace(other.outer, &other);
      if (other.place == ReplyPlace::whole_text) texts_.emplace(std::pair(other.outer, other.inner), &other);
    }
    looked_ = true;
  }
  if (const auto content = contents_.find(field.outer); content != contents_.end()) return content->second;
  const auto text = texts_.find({field.outer, field.inner});
  return text == texts_.end() ? nullptr : text->second;
}

void CitedTexts::move(const PlaceField& field, JsonEdits& edits) {
  const bool known = is_cited_place(last_) && last_.outer == field.outer && last_.inner == field.inner;
  last_ = field;
  if (!known) {
    shifts_ = TextShifts();
    const PlaceField* text = find_text(field);
    RestoreCounts counts;  // the text itself is counted where it is restored
    std::string restored;
    if (text != nullptr) restore_whole(work_.index, work_.answer, text->text(json_), counts, restored, &shifts_);
  }
  move_place(json_, field, shifts_, edits);
}

std::string& JsonEdits::add(const PlaceField& field) {
  if (used_ == edits_.size()) edits_.emplace_back();
  Edit& edit = edits_[used_++];
  edit.begin = field.begin;
  edit.end = field.end;
  edit.text.clear();
  return edit.text;
}

void JsonEdits::apply(std::string_view json, std::string& out) const {
  std::size_t done = 0;
  for (std::size_t i = 0; i < used_; ++i) {
    const Edit& edit = edits_[i];
    out.append(json, done, edit.begin - done).append(edit.text);
    done = edit.end;
  }
  out.append(json, done);
}

void restore_field(const RestoreWork& work, std::string_view json, const std::vector<PlaceField>& fields, std::size_t at,
                   RestoreCounts& counts, JsonEdits& edits) {
  const PlaceField& field = fields[at];
  TextForm form{};
  if (!field.is_string || !form_of(field, work.answer, form)) return;
  if (work.signed_reasoning && (field.place == ReplyPlace::whole_reasoning || is_reasoning_part(json, fields, at))) return;
  const std::string_view raw = field.text(json);
  if (work.index.next_candidate(raw, 0) == raw.size()) return;
  if (!restore_whole(work.index, form, raw, counts, edits.add(field))) edits.drop_last();
}

DeltaStream* DeltaStreams::open(const DeltaKey& key, TextForm form) {
  auto found = streams_.find(key);
  if (found == streams_.end()) {
    if (streams_.size() >= kMaxStreams) return nullptr;
    found = streams_.emplace(key, DeltaStream{StreamRestorer(work_->index, form, work_->deltas), {}, 0, 0}).first;
  }
  return &found->second;
}

void restore_piece(std::string_view json, const PlaceField& field, DeltaStream& stream, std::uint64_t event, JsonEdits& edits) {
  std::string& text = edits.add(field);
  if (!stream.restorer.push(field.text(json), text)) return edits.drop_last();
  stream.last_event = event;
  stream.last_edit = edits.size() - 1;
}

std::size_t find_only_piece(const std::vector<PlaceField>& fields) {
  std::size_t piece = fields.size();
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const PlaceField& field = fields[i];
    if (field.place < ReplyPlace::piece_text && !is_cited_place(field)) continue;
    if (piece != fields.size() || !field.is_string || field.place > ReplyPlace::piece_any) return fields.size();
    piece = i;
  }
  return piece;
}

void EventRewriter::rewrite_alike(const SseEvent& event, const std::vector<PlaceField>& fields, std::string& out) {
  DeltaStream* const stream = piece_stream_;
  if (stream == nullptr) return rewrite(event, fields, out);
  begin_event();
  piece_stream_ = stream;
  note_alike(event.data, fields);
  restore_piece(event.data, fields[piece_field_], *stream, event_, edits_);
  write_edited(event, edits_, out);
}

std::unique_ptr<EventRewriter> make_rewriter(DialectId dialect, RestoreWork& work) {
  switch (dialect) {
    case DialectId::anthropic:
      return make_anthropic_rewriter(work);
    case DialectId::openai_chat:
      return make_chat_rewriter(work);
    case DialectId::openai_responses:
      return make_responses_rewriter(work);
    case DialectId::embeddings:
    case DialectId::gemini:
    case DialectId::cohere:
      break;
  }
  return nullptr;
}

void write_edited(const SseEvent& event, const JsonEdits& edits, std::string& out) {
  if (edits.empty()) {
    out.append(event.raw);
    return;
  }
  std::string data;
  edits.apply(event.data, data);
  write_sse(event, data, out);
}

}  // namespace pg
