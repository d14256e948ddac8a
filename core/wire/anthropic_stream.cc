// Messages replies, whole and streamed -> our words.
#include <map>
#include <string>
#include <utility>

#include "core/wire/carriers.h"
#include "core/wire/reply.h"

namespace pg {
namespace {

StopReason read_stop(const std::string& reason) {
  if (reason == "stop_sequence") return StopReason::stop_sequence;
  if (reason == "max_tokens") return StopReason::max_tokens;
  if (reason == "tool_use") return StopReason::tool_use;
  if (reason == "refusal") return StopReason::refusal;
  if (reason == "pause_turn") return StopReason::pause_turn;
  if (reason == "model_context_window_exceeded") return StopReason::context_window;
  return StopReason::end_turn;
}

class MessagesReplyReader final : public ReplyReader {
 public:
  using ReplyReader::ReplyReader;

  void event(const SseEvent& event) override {
    if (event.data_lines == 0 || sink_.ended()) return;
    JsonDoc doc;
    if (!doc.parse(event.data)) return sink_.fail({502, "", "the provider sent an event that is not JSON"});
    const JsonView root = doc.root();
    const std::string type = root["type"].is_string() ? root["type"].text() : std::string(event.type);
    const auto index = static_cast<std::uint32_t>(root["index"].number(0));
    if (type == "message_start") start(root["message"], true);
    if (type == "content_block_start") open(index, root["content_block"]);
    if (type == "content_block_delta") delta(index, root["delta"]);
    if (type == "content_block_stop") close(index);
    if (type == "message_delta") {
      sink_.use(read_anthropic_usage(root["usage"]));
      note_stop(root["delta"]);
    }
    if (type == "message_stop") finish();
    if (type == "error") sink_.fail(read_fault(Wire::anthropic, root, 200));
  }

  void whole(JsonView root) override {
    if (root["type"].text_is("error") || !root["content"].is_array()) return sink_.fail(read_fault(Wire::anthropic, root, 200));
    start(root, false);
    const StopReason reason = read_stop(root["stop_reason"].text());
    const bool short_of_room = reason == StopReason::max_tokens || reason == StopReason::context_window;
    const auto last = static_cast<std::uint32_t>(root["content"].size()) - 1;
    std::uint32_t index = 0;
    for (JsonView block : root["content"]) {
      open(index, block);
      // Here half an input has become an object, too: that it is the last thing said tells (Anthropic, Handling stop reasons).
      close(index, short_of_room && index == last ? BlockEnd::truncated : BlockEnd::whole);
      ++index;
    }
    note_stop(root);
    finish();
  }

  void end() override {
    if (sink_.ended()) return;
    if (stopped_) return finish();
    sink_.fail({502, "", "the provider's reply ended early"});
  }

 private:
  // What an event says of the output before there is any is not the last word.
  void start(JsonView message, bool is_event) {
    const JsonView usage = message["usage"];
    Usage used = read_anthropic_usage(usage);
    used.unfinished = is_event && used.output_tokens >= 0;
    sink_.use(used);
    if (usage["service_tier"].is_string()) read_tier(usage["service_tier"].text());
    if (usage["server_tool_use"].size() > 0) sink_.lose("usage.server_tool_use");
    sink_.begin(message["id"].text(), message["model"].text(), 0);
  }

  void read_tier(const std::string& word) {
    if (word != "standard" && word != "priority") return sink_.lose("service_tier");
    sink_.tier(word == "standard" ? "default" : word);
  }

  void open(std::uint32_t index, JsonView block) {
    const std::string type = block["type"].text();
    if (type == "text") {
      sink_.open(index, {});
      sink_.piece(index, block["text"].text());
    } else if (type == "tool_use") {
      BlockStart start;
      start.kind = BlockStart::Kind::tool;
      start.call_id = block["id"].text();
      start.tool.name = block["name"].text();
      sink_.open(index, std::move(start));
      // A stream starts with {} and spells the input in deltas; some servers and whole replies have it here.
      inputs_[index] = block["input"].size() > 0 ? std::string(block["input"].raw()) : std::string();
    } else if (type == "thinking" || type == "redacted_thinking") {
      BlockStart start;
      start.kind = BlockStart::Kind::thinking;
      sink_.open(index, std::move(start));
      sink_.piece(index, block["thinking"].text());
      sign(index, block["signature"].text());
      if (type == "redacted_thinking") sink_.prove(index, {Proof::Vendor::anthropic, block["data"].text(), true});
    } else {  // server tools are never asked for; what else may come is nothing another dialect has
      sink_.lose("content." + type.substr(0, 64));
    }
    for (JsonView citation : block["citations"]) cite(index, citation);
  }

  void cite(std::uint32_t index, JsonView json) {
    auto citation = read_anthropic_citation(json);
    if (!citation) return sink_.lose("citations");
    if (json["encrypted_index"].given()) sink_.lose("citations.encrypted_index");
    sink_.cite(index, std::move(*citation));
  }

  void delta(std::uint32_t index, JsonView delta) {
    const std::string type = delta["type"].text();
    if (type == "text_delta") sink_.piece(index, delta["text"].text());
    if (type == "thinking_delta") sink_.piece(index, delta["thinking"].text());
    if (type == "citations_delta") cite(index, delta["citation"]);
    if (type == "signature_delta") sign(index, delta["signature"].text());
    if (type == "input_json_delta") {
      const std::string part = delta["partial_json"].text();
      if (!part.empty()) inputs_.erase(index);
      sink_.piece(index, part);
    }
  }

  void sign(std::uint32_t index, std::string signature) {
    if (!signature.empty()) sink_.prove(index, {Proof::Vendor::anthropic, std::move(signature), false});
  }

  void close(std::uint32_t index, BlockEnd how = BlockEnd::whole) {
    const auto input = inputs_.find(index);
    if (input != inputs_.end()) {
      sink_.piece(index, input->second);
      inputs_.erase(input);
    }
    sink_.close(index, how);
  }

  void note_stop(JsonView from) {
    for (const char* lost : {"container", "context_management"}) {
      if (from[lost].size() > 0) sink_.lose(lost);
    }
    if (!from["stop_reason"].is_string()) return;
    stopped_ = true;
    reason_ = read_stop(from["stop_reason"].text());
    sequence_ = from["stop_sequence"].text();
    explanation_ = from["stop_details"]["explanation"].text();
    if (from["stop_details"]["category"].given()) sink_.lose("stop_details.category");
  }

  void finish() {
    // Elsewhere the words of a refusal are a part of the answer.
    if (reason_ == StopReason::refusal && !explanation_.empty()) {
      BlockStart start;
      start.kind = BlockStart::Kind::refusal;
      sink_.open(kExplanation, std::move(start));
      sink_.piece(kExplanation, explanation_);
      sink_.close(kExplanation);
    }
    sink_.stop(reason_, sequence_);
  }

  static constexpr std::uint32_t kExplanation = 0xffff'ffff;  // no index of Anthropic's

  std::map<std::uint32_t, std::string> inputs_;
  StopReason reason_ = StopReason::end_turn;
  std::string sequence_, explanation_;
  bool stopped_ = false;
};

}  // namespace

std::unique_ptr<ReplyReader> make_anthropic_reader(ReplySink& sink) {
  return std::make_unique<MessagesReplyReader>(sink);
}

}  // namespace pg
