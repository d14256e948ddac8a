// The chunks of OpenAI Chat Completions and of the legacy Completions: open texts per choice, field and tool call.
#include <fmt/format.h>

#include <algorithm>

#include "core/reply_facts.h"
#include "core/reply_rewriter.h"

namespace pg {
namespace {

struct PieceRow {
  ReplyPlace place;
  TextForm form;
  std::string_view open, close;  // what stands around the text inside a choice of a chunk that we write; {} = tool index
};

// Chat Completions, 2025-05: choices[].delta, tool_calls[].index; the legacy field `text` stands in the choice itself.
constexpr PieceRow kPieces[] = {
    {ReplyPlace::piece_text, TextForm::plain, R"("text":")", R"(")"},
    {ReplyPlace::piece_content, TextForm::plain, R"("delta":{"content":")", R"("})"},
    {ReplyPlace::piece_refusal, TextForm::plain, R"("delta":{"refusal":")", R"("})"},
    {ReplyPlace::piece_transcript, TextForm::plain, R"("delta":{"audio":{"transcript":")", R"("}})"},
    {ReplyPlace::piece_reasoning_content, TextForm::plain, R"("delta":{"reasoning_content":")", R"("})"},
    {ReplyPlace::piece_reasoning, TextForm::plain, R"("delta":{"reasoning":")", R"("})"},
    {ReplyPlace::piece_arguments, TextForm::json_text, R"("delta":{"tool_calls":[{"index":#,"function":{"arguments":")",
     R"("}}]})"},
    {ReplyPlace::piece_custom_input, TextForm::plain, R"("delta":{"tool_calls":[{"index":#,"custom":{"input":")", R"("}}]})"},
    {ReplyPlace::piece_call_arguments, TextForm::json_text, R"("delta":{"function_call":{"arguments":")", R"("}})"},
};

const PieceRow* find_piece(ReplyPlace place) {
  for (const PieceRow& row : kPieces) {
    if (row.place == place) return &row;
  }
  return nullptr;
}

bool is_tool(ReplyPlace place) {
  return place == ReplyPlace::piece_arguments || place == ReplyPlace::piece_custom_input ||
         place == ReplyPlace::piece_call_arguments;
}

bool is_reasoning(ReplyPlace place) {
  return place == ReplyPlace::piece_reasoning || place == ReplyPlace::piece_reasoning_content;
}

class ChatRewriter final : public EventRewriter {
 public:
  explicit ChatRewriter(RestoreWork& work) : work_(work), streams_(work) {}

  void rewrite(const SseEvent& event, const std::vector<PlaceField>& fields, std::string& out) override {
    begin_event();
    last_stream_ = nullptr;
    read_envelope(event.data, fields);
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (fields[i].is_string && find_piece(fields[i].place) != nullptr) {
        restore(event.data, fields, fields[i], out);
      } else if (is_cited_place(fields[i])) {
        const auto shifts = shifts_.find(number_in(event.data, fields, fields[i], ReplyPlace::index));
        if (shifts != shifts_.end()) move_place(event.data, fields[i], shifts->second, edits_);
      } else {
        restore_field(work_, event.data, fields, i, work_.copies, edits_);
      }
    }
    end_texts(event.data, fields, out);
    remember_piece(fields);
    write_edited(event, edits_, out);
  }

  void flush(bool cut, std::string& out) override {
    piece_stream_ = nullptr;
    for (auto& [key, stream] : streams_.all()) write_held(key, stream, cut, out);
    streams_.all().clear();
  }

 private:
  static std::uint64_t number_in(std::string_view json, const std::vector<PlaceField>& fields, const PlaceField& field,
                                 ReplyPlace place) {
    const bool of_tool = place == ReplyPlace::tool_index;
    const std::uint64_t ordinal = of_tool ? field.inner : field.outer;  // some servers leave the index out
    for (const PlaceField& other : fields) {
      const bool same = other.outer == field.outer && (!of_tool || other.inner == field.inner);
      if (other.place == place && same) return number_of(json, other, ordinal);
    }
    return ordinal;
  }

  TextForm form_of_piece(ReplyPlace place) const {
    const bool is_answer = place == ReplyPlace::piece_content || place == ReplyPlace::piece_text;
    return is_answer ? work_.answer : find_piece(place)->form;
  }

  void restore(std::string_view json, const std::vector<PlaceField>& fields, const PlaceField& field, std::string& out) {
    const bool has_tool_index = field.place == ReplyPlace::piece_arguments || field.place == ReplyPlace::piece_custom_input;
    const DeltaKey key{number_in(json, fields, field, ReplyPlace::index),
                       has_tool_index ? number_in(json, fields, field, ReplyPlace::tool_index) : 0, field.place, 0};
    DeltaStream* stream = streams_.open(key, form_of_piece(field.place));
    if (stream == nullptr) return;
    last_stream_ = stream;
    if (field.place == ReplyPlace::piece_content) stream->restorer.watch(&shifts_[key.first]);
    if (has_tool_index) renew_tool(json, fields, field, key, *stream, out);
    restore_piece(json, field, *stream, event_, edits_);
  }

  // An empty piece ends no other text, as one with words in it may.
  void remember_piece(const std::vector<PlaceField>& fields) {
    const std::size_t piece = find_only_piece(fields);
    if (piece == fields.size() || fields[piece].begin == fields[piece].end) return;
    for (const PlaceField& field : fields)
      if (field.place == ReplyPlace::finish_reason && field.is_string) return;
    piece_stream_ = last_stream_;
    piece_field_ = piece;
  }

  // Some servers give every call of a turn the same index: another id begins another text.
  void renew_tool(std::string_view json, const std::vector<PlaceField>& fields, const PlaceField& field, const DeltaKey& key,
                  DeltaStream& stream, std::string& out) {
    for (const PlaceField& other : fields) {
      if (other.place != ReplyPlace::tool_id || other.outer != field.outer || other.inner != field.inner) continue;
      const std::string_view id = other.text(json);
      if (id.empty() || !other.is_string || id == stream.id) continue;
      if (!stream.id.empty()) {
        write_held(key, stream, false, out);
        stream.restorer = StreamRestorer(work_.index, form_of_piece(key.place), work_.deltas);
      }
      stream.id.assign(id);
    }
  }

  // Texts end with their choice; content also before the tool calls, reasoning also before the content that follow them.
  void end_texts(std::string_view json, const std::vector<PlaceField>& fields, std::string& out) {
    bool has_choice = false, has_usage = false;
    for (const PlaceField& field : fields) {
      UsageField usage{};
      has_usage = has_usage || (!field.is_string && usage_field(field.place, usage));
      has_choice = has_choice || field.place == ReplyPlace::index || find_piece(field.place) != nullptr;
      const bool finished = field.place == ReplyPlace::finish_reason && field.is_string;
      const bool has_text = field.is_string && field.begin != field.end;
      const bool tool = is_tool(field.place) || field.place == ReplyPlace::tool_id;
      if (!finished && !tool && !(field.place == ReplyPlace::piece_content && has_text)) continue;
      const std::uint64_t choice = number_in(json, fields, field, ReplyPlace::index);
      end_choice(
          choice, [&](ReplyPlace place) { return finished || (tool ? !is_tool(place) : is_reasoning(place)); }, finished, out);
    }
    if (has_usage && !has_choice) flush(false, out);
  }

  template <class Wanted>
  void end_choice(std::uint64_t choice, const Wanted& wanted, bool erase, std::string& out) {
    auto& all = streams_.all();
    const auto begin = all.lower_bound({choice, 0, ReplyPlace::ignored, 0});
    auto end = begin;
    for (; end != all.end() && end->first.first == choice; ++end) {
      if (!wanted(end->first.place)) continue;
      DeltaStream& stream = end->second;
      if (stream.restorer.holds() && stream.last_event == event_) {
        stream.restorer.flush(false, edits_.text(stream.last_edit));
      } else {
        write_held(end->first, stream, false, out);
      }
    }
    if (erase) all.erase(begin, end);
  }

  void read_envelope(std::string_view json, const std::vector<PlaceField>& fields) {
    for (const PlaceField& field : fields) {
      if (field.begin == field.end) continue;
      if (field.place == ReplyPlace::reply_id) id_.assign(field.text(json));
      if (field.place == ReplyPlace::model) model_.assign(field.text(json));
      if (field.place == ReplyPlace::object) object_.assign(field.text(json));
      if (field.place == ReplyPlace::created && !field.is_string) created_.assign(field.text(json));
    }
  }

  void write_held(const DeltaKey& key, DeltaStream& stream, bool cut, std::string& out) {
    if (!stream.restorer.holds()) return;
    const PieceRow& row = *find_piece(key.place);
    out += fmt::format(R"(data: {{"id":"{}","object":"{}","created":{},"model":"{}","choices":[{{"index":{},)", id_, object_,
                       created_, model_, key.first);
    const std::size_t mark = row.open.find('#');
    out.append(row.open, 0, mark);
    if (mark != std::string_view::npos) out.append(std::to_string(key.second)).append(row.open, mark + 1);
    stream.restorer.flush(cut, out);
    out.append(row.close).append(",\"logprobs\":null,\"finish_reason\":null}]}\n\n");
  }

  RestoreWork& work_;
  DeltaStreams streams_;
  std::map<std::uint64_t, TextShifts> shifts_;  // of each choice's content
  DeltaStream* last_stream_ = nullptr;          // that this event's last piece went to
  std::string id_, model_, object_ = "chat.completion.chunk", created_ = "0";
};

}  // namespace

std::unique_ptr<EventRewriter> make_chat_rewriter(RestoreWork& work) {
  return std::make_unique<ChatRewriter>(work);
}

}  // namespace pg
