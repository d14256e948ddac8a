// The events of Anthropic Messages (2023-06-01): one open text per content block.
#include <fmt/format.h>

#include "core/reply_facts.h"
#include "core/reply_rewriter.h"

namespace pg {
namespace {

class AnthropicRewriter final : public EventRewriter {
 public:
  explicit AnthropicRewriter(RestoreWork& work) : work_(work), streams_(work) {}

  void rewrite(const SseEvent& event, const std::vector<PlaceField>& fields, std::string& out) override {
    begin_event();
    const std::string_view type = event_type(event, fields);
    std::uint64_t block = 0;
    for (const PlaceField& field : fields) {
      if (field.place == ReplyPlace::index) block = number_of(event.data, field, 0);
    }
    if (type == "content_block_start" || type == "content_block_stop") end_block(block, out);
    if (type == "message_delta" || type == "message_stop") flush(false, out);
    if (type == "error") flush(true, out);
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const PlaceField& field = fields[i];
      if (field.is_string && (field.place == ReplyPlace::piece_text || field.place == ReplyPlace::piece_arguments)) {
        const bool is_text = field.place == ReplyPlace::piece_text;
        DeltaStream* stream = streams_.open({block, 0, field.place, 0}, is_text ? work_.answer : TextForm::json_text);
        if (stream != nullptr) restore_piece(event.data, field, *stream, event_, edits_);
        if (type == "content_block_delta" && find_only_piece(fields) == i) {
          piece_stream_ = stream;
          piece_field_ = i;
        }
      } else {
        restore_field(work_, event.data, fields, i, work_.copies, edits_);
      }
    }
    write_edited(event, edits_, out);
  }

  void flush(bool cut, std::string& out) override {
    piece_stream_ = nullptr;
    for (auto& [key, stream] : streams_.all()) write_held(key, stream, cut, out);
    streams_.all().clear();
  }

 private:
  void end_block(std::uint64_t block, std::string& out) {
    auto& all = streams_.all();
    auto begin = all.lower_bound({block, 0, ReplyPlace::ignored, 0});
    auto end = begin;
    for (; end != all.end() && end->first.first == block; ++end) write_held(end->first, end->second, false, out);
    all.erase(begin, end);
  }

  static void write_held(const DeltaKey& key, DeltaStream& stream, bool cut, std::string& out) {
    if (!stream.restorer.holds()) return;
    const bool is_text = key.place == ReplyPlace::piece_text;
    out += fmt::format(
        "event: content_block_delta\ndata: {{\"type\":\"content_block_delta\",\"index\":{},\"delta\":{{\"type\":\"{}\",\"{}\":\"",
        key.first, is_text ? "text_delta" : "input_json_delta", is_text ? "text" : "partial_json");
    stream.restorer.flush(cut, out);
    out += "\"}}\n\n";
  }

  RestoreWork& work_;
  DeltaStreams streams_;
};

}  // namespace

std::unique_ptr<EventRewriter> make_anthropic_rewriter(RestoreWork& work) {
  return std::make_unique<AnthropicRewriter>(work);
}

}  // namespace pg
