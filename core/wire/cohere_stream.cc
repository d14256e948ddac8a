// Cohere v2 chat replies, whole and streamed -> our words.
#include <string>
#include <utility>

#include "core/wire/prose.h"

namespace pg {
namespace {

Usage read_cohere_usage(JsonView usage) {
  const JsonView tokens = usage["tokens"].is_object() ? usage["tokens"] : usage["billed_units"];
  UsageTally tally;
  if (tokens["input_tokens"].is_number()) tally.set(UsageField::input, tokens["input_tokens"].raw());
  if (tokens["output_tokens"].is_number()) tally.set(UsageField::output, tokens["output_tokens"].raw());
  if (usage["cached_tokens"].is_number()) tally.set(UsageField::cached, usage["cached_tokens"].raw());
  return tally.total();
}

class CohereReplyReader final : public ReplyReader {
 public:
  explicit CohereReplyReader(ReplySink& sink) : ReplyReader(sink), prose_(sink) {}

  void event(const SseEvent& event) override {
    if (event.data_lines == 0 || event.data == "[DONE]" || sink_.ended()) return;
    JsonDoc doc;
    if (!doc.parse(event.data)) return sink_.fail({502, "", "the provider sent an event that is not JSON"});
    const JsonView root = doc.root();
    const std::string type = root["type"].text();
    const JsonView message = root["delta"]["message"];
    const std::int64_t index = root["index"].number(0);
    if (type == "message-start") sink_.begin(root["id"].text(), {}, 0);
    if (type == "content-start") prose_.say(content_kind(message["content"]), content_text(message["content"]), index);
    if (type == "content-delta") prose_.say(delta_kind(message["content"]), content_text(message["content"]), index);
    if (type == "tool-plan-delta") prose_.say(BlockStart::Kind::text, message["tool_plan"].text(), -1);
    if (type == "tool-call-start") open_call(message["tool_calls"]);
    if (type == "tool-call-delta" && calling_) sink_.piece(call_, message["tool_calls"]["function"]["arguments"].text());
    if (type == "tool-call-end") hang_up();
    if (type == "citation-start") cite(message["citations"]);
    if (type == "message-end") finish(root["delta"]);
    if (type == "error" || (type.empty() && root["message"].is_string())) sink_.fail(read_fault(Wire::cohere, root, 200));
  }

  void whole(JsonView root) override {
    const JsonView message = root["message"];
    if (!message.is_object()) return sink_.fail(read_fault(Wire::cohere, root, 200));
    sink_.begin(root["id"].text(), {}, 0);
    if (root["logprobs"].size() > 0) sink_.lose("logprobs");
    prose_.say(BlockStart::Kind::text, message["tool_plan"].text(), -1);
    std::int64_t index = 0;
    for (JsonView part : message["content"]) prose_.say(content_kind(part), content_text(part), index++);
    for (JsonView citation : message["citations"]) cite(citation);
    for (JsonView call : message["tool_calls"]) {
      open_call(call);
      hang_up();
    }
    finish(root);
  }

  void end() override {
    if (!sink_.ended()) sink_.fail({502, "", "the provider's reply ended early"});
  }

 private:
  static BlockStart::Kind content_kind(JsonView content) {
    return content["type"].text_is("thinking") ? BlockStart::Kind::thinking : BlockStart::Kind::text;
  }
  static BlockStart::Kind delta_kind(JsonView content) {
    return content["thinking"].is_string() ? BlockStart::Kind::thinking : BlockStart::Kind::text;
  }
  static std::string content_text(JsonView content) {
    return content["thinking"].is_string() ? content["thinking"].text() : content["text"].text();
  }

  /// A citation stands behind its words and may have several sources, of which some are documents of the call.
  void cite(JsonView citation) {
    if (citation["sources"].size() == 0) sink_.lose("citations");
    for (JsonView source : citation["sources"]) {
      const auto found = read_cohere_source(citation, source);
      if (!found || !prose_.cite(*found)) sink_.lose("citations");
    }
  }

  void open_call(JsonView call) {
    prose_.hush();
    hang_up();
    BlockStart start;
    start.kind = BlockStart::Kind::tool;
    start.call_id = call["id"].text();
    start.tool.name = call["function"]["name"].text();
    sink_.open(call_ = prose_.number(), std::move(start));
    calling_ = true;
    sink_.piece(call_, call["function"]["arguments"].text());
  }
  void hang_up() {
    if (std::exchange(calling_, false)) sink_.close(call_);
  }

  void finish(JsonView from) {
    sink_.use(read_cohere_usage(from["usage"]));
    const std::string reason = from["finish_reason"].text();
    if (reason == "ERROR" || reason == "TIMEOUT") {
      const JsonView error = from["error"];
      return sink_.fail({502, "", error.is_string() ? error.text() : "the provider could not finish its reply"});
    }
    sink_.stop(reason == "MAX_TOKENS"      ? StopReason::max_tokens
               : reason == "STOP_SEQUENCE" ? StopReason::stop_sequence
               : reason == "TOOL_CALL"     ? StopReason::tool_use
                                           : StopReason::end_turn,
               {});
  }

  Prose prose_;
  std::uint32_t call_ = 0;
  bool calling_ = false;
};

}  // namespace

std::unique_ptr<ReplyReader> make_cohere_reader(ReplySink& sink) {
  return std::make_unique<CohereReplyReader>(sink);
}

}  // namespace pg
