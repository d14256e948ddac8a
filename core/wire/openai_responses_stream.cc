// Responses replies, whole and streamed -> our words.
#include <map>
#include <string>
#include <utility>

#include "core/wire/carriers.h"
#include "core/wire/reply.h"

namespace pg {
namespace {

class ResponsesReplyReader final : public ReplyReader {
 public:
  using ReplyReader::ReplyReader;

  void event(const SseEvent& event) override {
    if (event.data_lines == 0 || event.data == "[DONE]" || sink_.ended()) return;
    JsonDoc doc;
    if (!doc.parse(event.data)) return sink_.fail({502, "", "the provider sent an event that is not JSON"});
    const JsonView root = doc.root();
    const std::string type = root["type"].is_string() ? root["type"].text() : std::string(event.type);
    if (type == "error" || type == "response.failed") return sink_.fail(read_fault(Wire::openai_responses, root, 200));
    if (type == "response.created" || type == "response.in_progress") begin(root["response"]);
    if (type == "response.output_item.added") item_added(item_key(root), root["item"]);
    if (type == "response.output_item.done") item_done(item_key(root), root["item"]);
    if (type == "response.content_part.added") part_added(root);
    if (type == "response.output_text.annotation.added") annotate(root);
    if (type.ends_with(".delta")) delta(type, root);
    if (type.ends_with(".done")) done(type, root);
    if (type == "response.completed" || type == "response.incomplete") finish(root["response"]);
  }

  void whole(JsonView root) override {
    const bool error = root["error"].given() || root["status"].text_is("failed") || !root["output"].is_array();
    if (error) return sink_.fail(read_fault(Wire::openai_responses, root, 200));
    finish(root);
  }

  void end() override {
    if (!sink_.ended()) sink_.fail({502, "", "the provider's reply ended early"});
  }

 private:
  struct Block {
    std::uint32_t id = 0;
    std::string said;  // so that a .done tells whether deltas are missing
    bool closed = false;
  };
  using Key = std::pair<std::int64_t, std::int64_t>;  // output index, content index; -1 for the item itself

  static std::int64_t item_key(JsonView root) { return root["output_index"].number(0); }
  static Key part_key(JsonView root) { return {item_key(root), root["content_index"].number(0)}; }

  void begin(JsonView response) {
    if (!response.is_object()) return;
    if (!response["service_tier"].text().empty()) sink_.tier(response["service_tier"].text());
    sink_.begin(response["id"].text(), response["model"].text(), response["created_at"].number(0));
  }

  Block& open(Key key, BlockStart start) {
    const auto [place, added] = blocks_.try_emplace(key);
    if (added) {
      place->second.id = next_++;
      sink_.open(place->second.id, std::move(start));
    }
    return place->second;
  }
  void say(Block& block, const std::string& text) {
    if (block.closed) return;
    block.said += text;
    sink_.piece(block.id, text);
  }
  /// `text` is all of the block: says what deltas left out.
  void complete(Block& block, const std::string& text) {
    if (text.size() > block.said.size() && text.starts_with(block.said)) say(block, text.substr(block.said.size()));
  }
  void close(Block& block, BlockEnd how = BlockEnd::whole) {
    if (std::exchange(block.closed, true)) return;
    sink_.close(block.id, how);
    std::string().swap(block.said);
  }

  void item_added(std::int64_t index, JsonView item) {
    const std::string type = item["type"].text();
    BlockStart start;
    if (type == "reasoning") {
      start.kind = BlockStart::Kind::thinking;
    } else if (type == "function_call" || type == "custom_tool_call") {
      start.kind = BlockStart::Kind::tool;
      start.call_id = item["call_id"].text();
      start.tool.name = item["name"].text();
      start.tool.custom = type == "custom_tool_call";
    } else {
      return;  // a message opens its parts; hosted tools are never asked for
    }
    open({index, -1}, std::move(start));
  }

  void part_added(JsonView root) {
    BlockStart start;
    const JsonView part = root["part"];
    if (part["type"].text_is("refusal")) start.kind = BlockStart::Kind::refusal;
    if (part["type"].text_is("output_text") || part["type"].text_is("refusal")) open(part_key(root), std::move(start));
  }

  void annotate(JsonView root) { cite(open(part_key(root), {}), root["annotation"]); }
  void cite(Block& block, JsonView annotation) {
    auto citation = read_openai_annotation(annotation);
    if (!citation) return sink_.lose("annotations");
    if (!block.closed) sink_.cite(block.id, std::move(*citation));
  }

  Block* words(const std::string& type, JsonView root) {
    BlockStart start;
    if (type.starts_with("response.output_text.")) return &open(part_key(root), std::move(start));
    if (type.starts_with("response.refusal.")) {
      start.kind = BlockStart::Kind::refusal;
      return &open(part_key(root), std::move(start));
    }
    const bool of_item = type.starts_with("response.function_call_arguments.") ||
                         type.starts_with("response.custom_tool_call_input.") ||
                         type.starts_with("response.reasoning_summary_text.") || type.starts_with("response.reasoning_text.");
    const auto found = of_item ? blocks_.find({item_key(root), -1}) : blocks_.end();
    return found == blocks_.end() ? nullptr : &found->second;
  }

  void delta(const std::string& type, JsonView root) {
    Block* block = words(type, root);
    if (block == nullptr) return;
    // The parts of a summary are paragraphs of one thought.
    if (type.starts_with("response.reasoning_") && root["summary_index"].number(0) != summary_) {
      if (summary_of_ == item_key(root) && !block->said.empty()) say(*block, "\n\n");
      summary_ = root["summary_index"].number(0);
    }
    if (type.starts_with("response.reasoning_")) summary_of_ = item_key(root);
    say(*block, root["delta"].text());
  }

  void done(const std::string& type, JsonView root) {
    if (type.starts_with("response.reasoning_")) return;
    Block* block = type == "response.output_item.done" ? nullptr : words(type, root);
    if (block == nullptr) return;
    for (const char* field : {"text", "refusal", "arguments", "input"}) complete(*block, root[field].text());
  }

  /// The item as it ended: what is believed when deltas never came.
  void item_done(std::int64_t index, JsonView item) {
    const std::string type = item["type"].text();
    if (type == "message") {
      std::int64_t part_index = 0;
      const bool ended = !item["status"].text_is("incomplete");
      for (JsonView part : item["content"]) read_part({index, part_index++}, part, ended);
      return;
    }
    item_added(index, item);
    const bool known = type == "reasoning" || type == "function_call" || type == "custom_tool_call";
    if (!known) sink_.lose("output." + type.substr(0, 64));  // a hosted tool's, which was never asked for
    const auto found = blocks_.find({index, -1});
    if (found == blocks_.end()) return;
    Block& block = found->second;
    if (block.closed) return;
    if (type == "reasoning") {
      if (block.said.empty()) say(block, thought_text(item));
      std::string carried;
      Proof proof = read_encrypted(item["encrypted_content"].text(), carried);
      if (!proof.empty()) sink_.prove(block.id, std::move(proof));
    } else {
      complete(block, type == "custom_tool_call" ? item["input"].text() : item["arguments"].text());
    }
    const bool ended = !item["status"].text_is("incomplete");
    if (ended || type != "reasoning") close(block, ended ? BlockEnd::whole : BlockEnd::truncated);
  }

  void read_part(Key key, JsonView part, bool ended) {
    const bool refusal = part["type"].text_is("refusal");
    if (!refusal && !part["type"].text_is("output_text")) return;
    BlockStart start;
    if (refusal) start.kind = BlockStart::Kind::refusal;
    if (part["logprobs"].size() > 0) sink_.lose("logprobs");
    Block& block = open(key, std::move(start));
    for (JsonView annotation : part["annotations"]) cite(block, annotation);
    complete(block, refusal ? part["refusal"].text() : part["text"].text());
    if (ended) close(block);
  }

  static std::string thought_text(JsonView item) {
    std::string text;
    const JsonView list = item["summary"].size() > 0 ? item["summary"] : item["content"];
    for (JsonView part : list) {
      if (!text.empty()) text += "\n\n";
      text += part["text"].text();
    }
    return text;
  }

  void finish(JsonView response) {
    begin(response);
    // A whole reply, or a server that streams nothing but its end.
    std::int64_t index = 0;
    if (blocks_.empty()) {
      for (JsonView item : response["output"]) item_done(index++, item);
    }
    sink_.use(read_openai_usage(response["usage"]));
    sink_.stop(reason_of(response), {});
  }
  static StopReason reason_of(JsonView response) {
    if (!response["status"].text_is("incomplete")) return StopReason::end_turn;
    const JsonView reason = response["incomplete_details"]["reason"];
    if (reason.text_is("content_filter")) return StopReason::refusal;
    return reason.text_is("max_output_tokens") ? StopReason::max_tokens : StopReason::context_window;
  }

  std::map<Key, Block> blocks_;
  std::uint32_t next_ = 0;
  std::int64_t summary_ = 0;
  std::int64_t summary_of_ = -1;
};

}  // namespace

std::unique_ptr<ReplyReader> make_responses_reader(ReplySink& sink) {
  return std::make_unique<ResponsesReplyReader>(sink);
}

}  // namespace pg
