// The events of OpenAI Responses: open texts per output item and part, their .done copies, and gapless sequence numbers.
#include <fmt/format.h>

#include <iterator>
#include <map>
#include <utility>

#include "core/reply_facts.h"
#include "core/reply_rewriter.h"

namespace pg {
namespace {

struct DeltaRow {
  std::string_view type;  // without ".delta"; the text's copy comes in the same with ".done"
  TextForm form;
  bool reasoning;
  std::string_view index;  // which index beside output_index names the text
};

// OpenAI Responses streaming events. Rows that are not here (audio, images, patches of what is no text) are never touched.
constexpr DeltaRow kDeltas[] = {
    {"response.output_text", TextForm::plain, false, "content_index"},
    {"response.refusal", TextForm::plain, false, "content_index"},
    {"response.function_call_arguments", TextForm::json_text, false, ""},
    {"response.mcp_call_arguments", TextForm::json_text, false, ""},
    {"response.custom_tool_call_input", TextForm::plain, false, ""},
    {"response.apply_patch_call_operation_diff", TextForm::plain, false, ""},
    {"response.code_interpreter_call_code", TextForm::plain, false, ""},
    {"response.reasoning_summary_text", TextForm::plain, true, "summary_index"},
    {"response.reasoning_text", TextForm::plain, true, "content_index"},
};

class ResponsesRewriter final : public EventRewriter {
 public:
  explicit ResponsesRewriter(RestoreWork& work) : work_(work), streams_(work) {}

  void rewrite(const SseEvent& event, const std::vector<PlaceField>& fields, std::string& out) override {
    begin_event();
    read_numbers(event.data, fields);
    const std::string_view type = event_type(event, fields);
    const DeltaRow* row = find_row(type);
    const bool is_delta = row != nullptr && type.ends_with(".delta");
    const bool kept = row != nullptr && row->reasoning && work_.signed_reasoning;
    if (!is_delta) end_texts(type, row, out);
    RestoreCounts counts;
    CitedTexts cited(work_, event.data, fields);
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const PlaceField& field = fields[i];
      if (field.place == ReplyPlace::sequence_number) {
        if (added_ > 0 && has_sequence_) edits_.add(field) = std::to_string(sequence_ + added_);
      } else if (field.place == ReplyPlace::piece_any) {
        if (!is_delta || kept || !field.is_string) continue;
        DeltaStream* const stream = restore_delta(event.data, field, *row);
        if (added_ == 0 && find_only_piece(fields) == i) {
          piece_stream_ = stream;
          piece_field_ = i;
        }
      } else if (is_cited_place(field)) {
        if (type == "response.output_text.annotation.added") {
          const auto shifts = shifts_.find({output_, content_});
          if (shifts != shifts_.end()) move_place(event.data, field, shifts->second, edits_);
        } else {
          cited.move(field, edits_);
        }
      } else if (field.place == ReplyPlace::error_code && row != nullptr) {  // no error's code but a tool's
        restore_code(event.data, field, counts);
      } else if (!kept) {
        restore_field(work_, event.data, fields, i, counts, edits_);
      }
    }
    keep_counts(counts);
    write_edited(event, edits_, out);
  }

  void flush(bool cut, std::string& out) override {
    piece_stream_ = nullptr;
    if (has_sequence_) ++sequence_;  // called after the last event: what is added comes behind it
    for (auto& [key, stream] : streams_.all()) write_held(key, stream, cut, out);
    if (has_sequence_) --sequence_;
    streams_.all().clear();
  }

  std::uint64_t added_events() const override { return added_; }

 private:
  static const DeltaRow* find_row(std::string_view type) {
    const std::size_t dot = type.rfind('.');
    if (dot == std::string_view::npos || (type.substr(dot) != ".delta" && type.substr(dot) != ".done")) return nullptr;
    for (const DeltaRow& row : kDeltas) {
      if (row.type == type.substr(0, dot)) return &row;
    }
    return nullptr;
  }

  void read_numbers(std::string_view json, const std::vector<PlaceField>& fields) {
    output_ = content_ = summary_ = 0;
    item_id_ = {};
    for (const PlaceField& field : fields) {
      if (field.place == ReplyPlace::output_index) output_ = number_of(json, field, 0);
      if (field.place == ReplyPlace::content_index) content_ = number_of(json, field, 0);
      if (field.place == ReplyPlace::summary_index) summary_ = number_of(json, field, 0);
      if (field.place == ReplyPlace::item_id && field.is_string) item_id_ = field.text(json);
      read_sequence(json, field);
    }
  }
  void read_sequence(std::string_view json, const PlaceField& field) {
    if (field.place != ReplyPlace::sequence_number || field.is_string) return;
    sequence_ = number_of(json, field, sequence_ + 1);
    has_sequence_ = true;
  }
  void note_alike(std::string_view json, const std::vector<PlaceField>& fields) override {
    for (const PlaceField& field : fields) read_sequence(json, field);
  }

  DeltaKey key_of(const DeltaRow& row) const {
    const std::uint64_t part = row.index == "content_index" ? content_ : row.index == "summary_index" ? summary_ : 0;
    return {output_, part, ReplyPlace::piece_any, static_cast<std::uint8_t>(&row - kDeltas)};
  }

  DeltaStream* restore_delta(std::string_view json, const PlaceField& field, const DeltaRow& row) {
    DeltaStream* stream = streams_.open(key_of(row), &row == kDeltas ? work_.answer : row.form);
    if (stream == nullptr) return nullptr;
    if (&row == kDeltas) stream->restorer.watch(&shifts_[{output_, content_}]);
    if (stream->id != item_id_) stream->id.assign(item_id_);
    restore_piece(json, field, *stream, event_, edits_);
    return stream;
  }

  void restore_code(std::string_view json, PlaceField field, RestoreCounts& counts) {
    field.place = ReplyPlace::whole_input;
    restore_field(work_, json, {field}, 0, counts, edits_);
  }

  // Held text goes out before the event that closes its text, its item or the reply.
  void end_texts(std::string_view type, const DeltaRow* row, std::string& out) {
    const bool ends_all =
        type == "response.completed" || type == "response.incomplete" || type == "response.failed" || type == "error";
    const bool ends_item = type == "response.output_item.done";
    const bool ends_part = type == "response.content_part.done" || type == "response.reasoning_summary_part.done";
    if (!ends_all && !ends_item && !ends_part && row == nullptr) return;
    auto& all = streams_.all();
    for (auto at = all.begin(); at != all.end();) {
      const DeltaKey& key = at->first;
      bool ends = ends_all || (key.first == output_ && ends_item);
      if (row != nullptr) ends = ends || key == key_of(*row);
      if (ends_part && key.first == output_) ends = ends || key == key_of(kDeltas[key.kind]);
      if (!ends) {
        ++at;
        continue;
      }
      write_held(key, at->second, type == "error", out);
      at = all.erase(at);
    }
  }

  void write_held(const DeltaKey& key, DeltaStream& stream, bool cut, std::string& out) {
    if (!stream.restorer.holds()) return;
    const DeltaRow& row = kDeltas[key.kind];
    out += fmt::format("event: {0}.delta\ndata: {{\"type\":\"{0}.delta\",", row.type);
    if (has_sequence_) out += fmt::format("\"sequence_number\":{},", sequence_ + added_++);
    out += fmt::format("\"item_id\":\"{}\",\"output_index\":{},", stream.id, key.first);
    if (!row.index.empty()) out += fmt::format("\"{}\":{},", row.index, key.second);
    out += "\"delta\":\"";
    stream.restorer.flush(cut, out);
    out += key.kind == 0 ? "\",\"logprobs\":[]}\n\n" : "\"}\n\n";
  }

  // Every text is repeated in up to four copies: the fullest event counts.
  void keep_counts(const RestoreCounts& counts) {
    RestoreCounts& kept = work_.copies;
    kept.exact = std::max(kept.exact, counts.exact);
    kept.lenient = std::max(kept.lenient, counts.lenient);
    kept.unknown = std::max(kept.unknown, counts.unknown);
    kept.cut = std::max(kept.cut, counts.cut);
  }

  RestoreWork& work_;
  DeltaStreams streams_;
  std::map<std::pair<std::uint64_t, std::uint64_t>, TextShifts> shifts_;  // of each output text
  std::uint64_t output_ = 0, content_ = 0, summary_ = 0;
  std::uint64_t sequence_ = 0;  // the upstream's number of the current event
  std::uint64_t added_ = 0;
  bool has_sequence_ = false;
  std::string_view item_id_;
};

}  // namespace

std::unique_ptr<EventRewriter> make_responses_rewriter(RestoreWork& work) {
  return std::make_unique<ResponsesRewriter>(work);
}

}  // namespace pg
