// Our words -> Chat Completions replies, whole and streamed.
#include <algorithm>
#include <string>
#include <utility>

#include "core/base/text.h"
#include "core/wire/json_out.h"
#include "core/wire/reply.h"

namespace pg {
namespace {

std::string_view finish_word(const ReplyEnd& end) {
  switch (end.reason) {
    case StopReason::max_tokens:
    case StopReason::context_window:
      return "length";
    case StopReason::tool_use:
      return "tool_calls";
    case StopReason::refusal:
      return end.refused_in_words ? "stop" : "content_filter";
    case StopReason::end_turn:
    case StopReason::stop_sequence:
    case StopReason::pause_turn:
      break;
  }
  return "stop";
}

class ChatReplyWriter final : public ReplyWriter {
 public:
  ChatReplyWriter(const ReplyContext& context, bool whole, std::string& out) : context_(context), whole_(whole), out_(out) {}

  void begin(const ReplyStart& head) override {
    head_ = head;
    tier_ = head.tier;
    if (!whole_) send_delta(R"({"role":"assistant","content":""})");
  }

  void open(const BlockStart& start) override {
    start_ = start;
    text_.clear();
    if (start.kind != BlockStart::Kind::tool) return;
    if (!whole_) send_call_start();
  }

  void piece(std::string_view text) override {
    if (start_.kind == BlockStart::Kind::text) block_points_ += count_code_points(text);
    if (whole_) {
      text_ += text;
      return;
    }
    std::string delta;
    JsonOut json(delta);
    json.open_object();
    if (start_.kind == BlockStart::Kind::tool) {
      json.open_array("tool_calls").open_object().field("index", tools_);
      json.open_object(start_.tool.custom ? "custom" : "function").field(start_.tool.custom ? "input" : "arguments", text);
      json.close_object().close_object().close_array();
    } else {
      json.field(field_of(start_.kind), text);
    }
    json.close_object();
    send_delta(delta);
  }

  void cite(const Citation& citation) override { citations_.push_back(citation); }
  // Without it the next turn cannot go on from this thought.
  std::vector<std::string_view> unsaid(const Proof& proof) const override {
    if (proof.empty()) return {};
    if (proof.redacted) return {"redacted_thinking"};
    return {proof.vendor == Proof::Vendor::openai ? "reasoning.encrypted_content" : "thinking.signature"};
  }
  std::vector<std::string_view> unsaid(const Citation& citation) const override {
    return citation.quote.empty() ? std::vector<std::string_view>{} : std::vector<std::string_view>{"citations.cited_text"};
  }
  std::vector<std::string_view> unsaid(const ReplyEnd&) const override { return {}; }

  void close(const Proof&, BlockEnd) override {
    if (start_.kind == BlockStart::Kind::text) settle_citations();
    if (start_.kind != BlockStart::Kind::tool) {
      if (start_.kind == BlockStart::Kind::text) content_ += text_;
      if (start_.kind == BlockStart::Kind::refusal) refusal_ += text_;
      if (start_.kind == BlockStart::Kind::thinking) thought_ += text_;
      return;
    }
    ++tools_;
    if (!whole_) return;
    std::string call;
    JsonOut json(call);
    write_call(json, text_);
    calls_ += (calls_.empty() ? "" : ",") + call;
  }

  void end(const ReplyEnd& end) override {
    tier_ = end.tier;
    if (whole_) return write_whole(end);
    // In one piece: the SDKs' helpers cannot join a list that comes in several.
    if (!annotations_.empty()) send_delta("{\"annotations\":[" + annotations_ + "]}");
    send_chunk(R"([{"index":0,"delta":{},"logprobs":null,"finish_reason":")" + std::string(finish_word(end)) + "\"}]", nullptr);
    if (context_.include_usage) send_chunk("[]", &end.usage);
    out_ += "data: [DONE]\n\n";
  }

  void fail(const ReplyFault& fault) override {
    const std::string error = "{\"error\":" + write_fault(Wire::openai_chat, fault) + '}';
    out_ += whole_ ? error : "data: " + error + "\n\n";
  }

 private:
  static std::string_view field_of(BlockStart::Kind kind) {
    if (kind == BlockStart::Kind::refusal) return "refusal";
    return kind == BlockStart::Kind::thinking ? "reasoning_content" : "content";
  }

  void send_call_start() {
    std::string delta;
    JsonOut json(delta);
    json.open_object().open_array("tool_calls");
    write_call(json, "");
    json.close_array().close_object();
    send_delta(delta);
  }

  void write_call(JsonOut& json, std::string_view text) {
    json.open_object();
    if (!whole_) json.field("index", tools_);
    json.field("id", start_.call_id).field("type", start_.tool.custom ? "custom" : "function");
    json.open_object(start_.tool.custom ? "custom" : "function").field("name", start_.tool.name);
    json.field(start_.tool.custom ? "input" : "arguments", text).close_object();
    if (!start_.proof.empty()) {
      json.open_object("extra_content").open_object("google").field("thought_signature", start_.proof.value);
      json.close_object().close_object();
    }
    json.close_object();
  }

  /// The places of a block's pages, in the content that the block is a piece of.
  void settle_citations() {
    for (Citation& citation : citations_) {
      citation.begin = content_points_ + (citation.has_span() ? citation.begin : 0);
      citation.end = content_points_ + (citation.end >= 0 ? citation.end : block_points_);
      std::string text;
      JsonOut json(text);
      write_openai_annotation(citation, true, json);
      annotations_ += (annotations_.empty() ? "" : ",") + text;
    }
    citations_.clear();
    content_points_ += std::exchange(block_points_, 0);
  }

  void send_delta(std::string_view delta) {
    send_chunk(R"([{"index":0,"delta":)" + std::string(delta) + R"(,"logprobs":null,"finish_reason":null}])", nullptr);
  }
  void send_chunk(std::string_view choices, const Usage* usage) {
    out_ += "data: ";
    std::string chunk;
    JsonOut json(chunk);
    write_head(json, "chat.completion.chunk");
    json.raw("choices", choices);
    if (usage != nullptr) {
      write_usage(json, *usage);
    } else if (context_.include_usage) {
      json.null("usage");
    }
    json.close_object();
    out_ += chunk;
    out_ += "\n\n";
  }
  void write_head(JsonOut& json, std::string_view object) {
    json.open_object().field("id", "chatcmpl-" + head_.suffix).field("object", object).field("created", head_.created);
    json.field("model", head_.model).field_if("service_tier", tier_);
  }

  static void write_usage(JsonOut& json, const Usage& usage) {
    json.open_object("usage").field("prompt_tokens", usage.input_tokens).field("completion_tokens", usage.output_tokens);
    json.field("total_tokens", usage.input_tokens + usage.output_tokens);
    json.open_object("prompt_tokens_details").field("cached_tokens", usage.cached_tokens);
    if (usage.cache_write_tokens > 0) json.field("cache_write_tokens", usage.cache_write_tokens);  // OpenRouter's, as it is read
    if (usage.audio_input_tokens > 0) json.field("audio_tokens", usage.audio_input_tokens);
    json.close_object().open_object("completion_tokens_details").field("reasoning_tokens", usage.reasoning_tokens);
    if (usage.audio_output_tokens > 0) json.field("audio_tokens", usage.audio_output_tokens);
    json.close_object();
    json.close_object();
  }

  void write_whole(const ReplyEnd& end) {
    JsonOut json(out_);
    write_head(json, "chat.completion");
    json.open_array("choices").open_object().field("index", std::int64_t{0}).open_object("message").field("role", "assistant");
    if (content_.empty() && (!calls_.empty() || !refusal_.empty())) {
      json.null("content");
    } else {
      json.field("content", content_);
    }
    if (refusal_.empty()) {
      json.null("refusal");
    } else {
      json.field("refusal", refusal_);
    }
    if (!annotations_.empty()) json.raw("annotations", '[' + annotations_ + ']');
    json.field_if("reasoning_content", thought_);
    if (!calls_.empty()) json.raw("tool_calls", '[' + calls_ + ']');
    json.close_object().null("logprobs").field("finish_reason", finish_word(end)).close_object().close_array();
    write_usage(json, end.usage);
    json.close_object();
  }

  const ReplyContext& context_;
  bool whole_;
  std::string& out_;
  ReplyStart head_;
  BlockStart start_;
  std::string text_, content_, refusal_, thought_, calls_, annotations_, tier_;
  std::vector<Citation> citations_;  // of the open block
  std::int64_t block_points_ = 0;    // code points of it
  std::int64_t content_points_ = 0;  // and of the content before it
  std::int64_t tools_ = 0;
};

}  // namespace

std::unique_ptr<ReplyWriter> make_chat_writer(const ReplyContext& context, bool whole, std::string& out) {
  return std::make_unique<ChatReplyWriter>(context, whole, out);
}

}  // namespace pg
