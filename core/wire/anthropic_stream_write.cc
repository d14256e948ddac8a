// Our words -> Messages replies, whole and streamed.
#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "core/wire/carriers.h"
#include "core/wire/json_out.h"
#include "core/wire/reply.h"

namespace pg {
namespace {

std::string_view stop_word(StopReason reason) {
  switch (reason) {
    case StopReason::end_turn:
      return "end_turn";
    case StopReason::stop_sequence:
      return "stop_sequence";
    case StopReason::max_tokens:
      return "max_tokens";
    case StopReason::tool_use:
      return "tool_use";
    case StopReason::refusal:
      return "refusal";
    case StopReason::pause_turn:
      return "pause_turn";
    case StopReason::context_window:
      return "model_context_window_exceeded";
  }
  return "end_turn";
}

class MessagesReplyWriter final : public ReplyWriter {
 public:
  MessagesReplyWriter(const ReplyContext& context, bool whole, std::string& out) : context_(context), whole_(whole), out_(out) {}

  void begin(const ReplyStart& head) override {
    head_ = head;
    if (whole_) return;
    std::string message;
    write_message(message, "[]", nullptr);
    send("message_start", "\"message\":" + message);
  }

  void open(const BlockStart& start) override {
    if (start.kind == BlockStart::Kind::tool && !start.proof.empty()) write_carrier(start.proof);
    start_ = start;
    text_.clear();
    citations_.clear();
    cited_.clear();
    wrapped_ = false;
    hidden_ = start.kind == BlockStart::Kind::thinking && context_.hide_thinking;
    opened_ = false;
    // What kind a thought is shows only at its end, or with its first words.
    if (!whole_ && start.kind != BlockStart::Kind::thinking) send_start();
  }

  void piece(std::string_view text) override {
    if (hidden_) return;
    if (start_.kind != BlockStart::Kind::tool || !start_.tool.custom) return write_raw(text);
    // A freeform input that nobody wrapped: Anthropic's clients know objects only.
    write_raw((std::exchange(wrapped_, true) ? "" : "{\"input\":\"") + json_escaped(text));
  }

  void cite(const Citation& citation) override {
    std::string text;
    JsonOut json(text);
    write_anthropic_citation(citation, json);
    if (!cited_.insert(text).second) return;  // for another place in the block
    citations_ += (citations_.empty() ? "" : ",") + text;
    if (!whole_) send("content_block_delta", indexed("delta", "{\"type\":\"citations_delta\",\"citation\":" + text + '}'));
  }
  /// A block's pages are for all of its words.
  std::vector<std::string_view> unsaid(const Proof&) const override { return {}; }
  std::vector<std::string_view> unsaid(const Citation& citation) const override {
    return citation.has_span() ? std::vector<std::string_view>{"citations.start_index"} : std::vector<std::string_view>{};
  }
  /// A stream tells the tier with its first event alone. Tokens of reasoning are not missed: they are among those of the output.
  std::vector<std::string_view> unsaid(const ReplyEnd& end) const override {
    std::vector<std::string_view> names;
    const bool told = whole_ ? !tier_word(end.tier).empty() : tier_word(end.tier) == tier_word(head_.tier);
    if (!end.tier.empty() && (!told || tier_word(end.tier).empty())) names.push_back("service_tier");
    if (end.usage.audio_input_tokens > 0 || end.usage.audio_output_tokens > 0) names.push_back("usage.audio_tokens");
    return names;
  }

  void close(const Proof& proof, BlockEnd how) override {
    const bool tool = start_.kind == BlockStart::Kind::tool;
    if (start_.kind == BlockStart::Kind::thinking) return close_thought(proof, how == BlockEnd::failed);
    if (tool && how == BlockEnd::failed) return;
    if (tool && start_.tool.custom && how == BlockEnd::whole) write_raw(wrapped_ ? "\"}" : "{\"input\":\"\"}");
    if (whole_) {
      add_block();
    } else {
      send_stop();
    }
  }

  void end(const ReplyEnd& end) override {
    if (whole_) {
      write_message(out_, '[' + content_ + ']', &end);
      return;
    }
    std::string data = "\"delta\":";
    JsonOut delta(data);
    delta.open_object();
    write_stop(delta, end);
    delta.close_object();
    data += ",\"usage\":";
    write_usage(end.usage, data);
    send("message_delta", data);
    send("message_stop", "");
  }

  void fail(const ReplyFault& fault) override {
    const std::string error = "{\"type\":\"error\",\"error\":" + write_fault(Wire::anthropic, fault) +
                              ",\"request_id\":" + json_quoted(context_.reply_id) + '}';
    out_ += whole_ ? error : "event: error\ndata: " + error + "\n\n";
  }

 private:
  void write_raw(std::string_view text) {
    if (whole_) {
      text_ += text;
      return;
    }
    if (!opened_) send_start();
    send_delta(text);
  }
  void send(std::string_view type, std::string_view members) {
    out_ += "event: ";
    out_ += type;
    out_ += "\ndata: {\"type\":\"";
    out_ += type;
    out_ += members.empty() ? "\"" : "\",";
    out_ += members;
    out_ += "}\n\n";
  }
  std::string indexed(std::string_view name, std::string_view json) const {
    return "\"index\":" + std::to_string(index_) + ",\"" + std::string(name) + "\":" + std::string(json);
  }

  void send_start() {
    opened_ = true;
    std::string block;
    JsonOut json(block);
    json.open_object();
    if (start_.kind == BlockStart::Kind::tool) {
      json.field("type", "tool_use").field("id", start_.call_id).field("name", start_.tool.name).raw("input", "{}");
    } else if (start_.kind == BlockStart::Kind::thinking) {
      json.field("type", "thinking").field("thinking", "").field("signature", "");
    } else {
      json.field("type", "text").field("text", "");
    }
    json.close_object();
    send("content_block_start", indexed("content_block", block));
  }

  void send_delta(std::string_view text) {
    std::string delta;
    JsonOut json(delta);
    json.open_object();
    if (start_.kind == BlockStart::Kind::tool) {
      json.field("type", "input_json_delta").field("partial_json", text);
    } else if (start_.kind == BlockStart::Kind::thinking) {
      json.field("type", "thinking_delta").field("thinking", text);
    } else {
      json.field("type", "text_delta").field("text", text);
    }
    json.close_object();
    send("content_block_delta", indexed("delta", delta));
  }
  void send_stop() {
    send("content_block_stop", "\"index\":" + std::to_string(index_));
    ++index_;
  }

  /// A thought always leaves signed: an unsigned one would be refused if the client later asked Anthropic itself.
  void close_thought(const Proof& proof, bool cut) {
    const bool shown = opened_ || (whole_ && !text_.empty());
    if (!shown && (proof.empty() || cut)) return;
    if (proof.redacted && !opened_) return add_redacted(proof);
    const std::string signature = write_signature(proof);
    if (whole_) {
      signature_ = signature;
      return add_block();
    }
    if (!opened_) send_start();
    if (!cut) {
      send("content_block_delta",
           indexed("delta", "{\"type\":\"signature_delta\",\"signature\":" + json_quoted(signature) + '}'));
    }
    send_stop();
  }
  void add_redacted(const Proof& proof) {
    const std::string block = "{\"type\":\"redacted_thinking\",\"data\":" + json_quoted(proof.value) + '}';
    if (whole_) {
      content_ += (content_.empty() ? "" : ",") + block;
    } else {
      send("content_block_start", indexed("content_block", block));
      send_stop();
    }
  }
  /// A proof that belongs to a tool call, as a thought before it.
  void write_carrier(const Proof& proof) {
    BlockStart thought;
    thought.kind = BlockStart::Kind::thinking;
    open(thought);
    close(proof, BlockEnd::whole);
  }

  void add_block() {
    std::string block;
    JsonOut json(block);
    json.open_object();
    if (start_.kind == BlockStart::Kind::tool) {
      json.field("type", "tool_use").field("id", start_.call_id).field("name", start_.tool.name);
      if (text_.empty()) {
        json.raw("input", "{}");
      } else if (is_json_object(text_)) {
        json.raw("input", mend_surrogates(text_));
      } else {  // what is no JSON stays the string it is
        json.open_object("input").field("arguments", text_).close_object();
      }
    } else if (start_.kind == BlockStart::Kind::thinking) {
      json.field("type", "thinking").field("thinking", text_).field("signature", signature_);
    } else {
      json.field("type", "text").field("text", text_);
      if (!citations_.empty()) json.raw("citations", '[' + citations_ + ']');
    }
    json.close_object();
    const bool empty = start_.kind != BlockStart::Kind::tool && start_.kind != BlockStart::Kind::thinking && text_.empty();
    if (!empty) content_ += (content_.empty() ? "" : ",") + block;
  }

  static void write_stop(JsonOut& json, const ReplyEnd& end) {
    json.field("stop_reason", stop_word(end.reason));
    if (end.stop_sequence.empty()) {
      json.null("stop_sequence");
    } else {
      json.field("stop_sequence", end.stop_sequence);
    }
  }

  void write_message(std::string& out, std::string_view content, const ReplyEnd* end) {
    JsonOut json(out);
    json.open_object().field("id", "msg_" + head_.suffix).field("type", "message").field("role", "assistant");
    json.field("model", head_.model).raw("content", content);
    if (end == nullptr) {
      json.null("stop_reason").null("stop_sequence");
    } else {
      write_stop(json, *end);
    }
    json.key("usage");
    Usage usage = end == nullptr ? head_.usage : end->usage;
    usage.output_tokens = std::max<std::int64_t>(usage.output_tokens, 1);
    write_usage(usage, out);
    const std::string_view tier = tier_word(end == nullptr ? head_.tier : end->tier);
    if (!tier.empty()) {
      out.pop_back();
      out += ",\"service_tier\":\"" + std::string(tier) + "\"}";
    }
    out += '}';
  }

  /// OpenAI's word in Anthropic's; "" when it has none.
  static std::string_view tier_word(std::string_view openai) {
    if (openai == "priority") return "priority";
    return openai == "default" ? "standard" : "";
  }

  /// Anthropic's input_tokens leave the cache out.
  static void write_usage(const Usage& usage, std::string& out) {
    const std::int64_t cached = std::max<std::int64_t>(usage.cached_tokens, 0);
    const std::int64_t written = std::max<std::int64_t>(usage.cache_write_tokens, 0);
    out += "{\"input_tokens\":" + std::to_string(std::max<std::int64_t>(usage.input_tokens - cached - written, 0));
    out += ",\"cache_creation_input_tokens\":" + std::to_string(written);
    out += ",\"cache_read_input_tokens\":" + std::to_string(cached);
    out += ",\"output_tokens\":" + std::to_string(std::max<std::int64_t>(usage.output_tokens, 0)) + '}';
  }

  const ReplyContext& context_;
  bool whole_;
  std::string& out_;
  ReplyStart head_;
  BlockStart start_;
  std::string text_, signature_, content_, citations_;
  std::set<std::string> cited_;  // of the open block
  std::uint32_t index_ = 0;
  bool opened_ = false;
  bool hidden_ = false;
  bool wrapped_ = false;  // the opening of {"input":"…"} is written
};

}  // namespace

std::unique_ptr<ReplyWriter> make_anthropic_writer(const ReplyContext& context, bool whole, std::string& out) {
  return std::make_unique<MessagesReplyWriter>(context, whole, out);
}

}  // namespace pg
