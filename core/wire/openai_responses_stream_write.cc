// Our words -> Responses replies, whole and streamed. The whole reply is what a stream's last event holds.
#include <algorithm>
#include <string>
#include <utility>

#include "core/base/text.h"
#include "core/wire/carriers.h"
#include "core/wire/json_out.h"
#include "core/wire/reply.h"

namespace pg {
namespace {

/// How the three kinds of growing text are called.
struct TextEvents {
  std::string_view delta, done;
  std::string_view field;  // of the .done event
};
constexpr TextEvents kText = {"response.output_text.delta", "response.output_text.done", "text"};
constexpr TextEvents kRefusal = {"response.refusal.delta", "response.refusal.done", "refusal"};
constexpr TextEvents kThought = {"response.reasoning_summary_text.delta", "response.reasoning_summary_text.done", "text"};
constexpr TextEvents kArguments = {"response.function_call_arguments.delta", "response.function_call_arguments.done",
                                   "arguments"};
constexpr TextEvents kInput = {"response.custom_tool_call_input.delta", "response.custom_tool_call_input.done", "input"};

class ResponsesReplyWriter final : public ReplyWriter {
 public:
  ResponsesReplyWriter(const ReplyContext& context, bool whole, std::string& out) : context_(context), whole_(whole), out_(out) {}

  void begin(const ReplyStart& head) override {
    begun_ = true;
    head_ = head;
    tier_ = head.tier;
    for (const char* type : {"response.created", "response.in_progress"}) send_response(type, "in_progress", nullptr, nullptr);
  }

  void open(const BlockStart& start) override {
    if (start.kind == BlockStart::Kind::tool && !start.proof.empty()) write_carrier(start.proof);
    start_ = start;
    text_.clear();
    annotations_.clear();
    summarised_ = false;
    const std::string_view prefix = is_thought() ? "rs_" : !is_tool() ? "msg_" : start_.tool.custom ? "ctc_" : "fc_";
    id_ = std::string(prefix) + head_.suffix + '_' + std::to_string(index_);
    send_item("response.output_item.added", item("in_progress", {}));
    if (!is_tool() && !is_thought()) send_part("response.content_part.added", "content_index", part(""));
  }

  void piece(std::string_view text) override {
    if (is_thought() && !std::exchange(summarised_, true))
      send_part("response.reasoning_summary_part.added", "summary_index", part(""));
    text_ += text;
    std::string data = place();
    JsonOut json(data);
    json.field("delta", text);
    send(events().delta, data);
  }

  void cite(const Citation& citation) override { citations_.push_back(citation); }
  std::vector<std::string_view> unsaid(const Proof&) const override { return {}; }
  std::vector<std::string_view> unsaid(const Citation& citation) const override {
    return citation.quote.empty() ? std::vector<std::string_view>{} : std::vector<std::string_view>{"citations.cited_text"};
  }
  std::vector<std::string_view> unsaid(const ReplyEnd& end) const override {
    const bool sound = end.usage.audio_input_tokens > 0 || end.usage.audio_output_tokens > 0;
    return sound ? std::vector<std::string_view>{"usage.audio_tokens"} : std::vector<std::string_view>{};
  }

  void close(const Proof& proof, BlockEnd how) override {
    send_annotations();
    if (how == BlockEnd::failed && is_tool()) return;
    // Codex runs a call when its item is done, and looks at no status.
    if (how == BlockEnd::truncated && is_tool()) return add_output(item("incomplete", proof));
    if (!is_thought() || summarised_) {
      std::string data = place();
      JsonOut json(data);
      json.field(events().field, text_);
      send(events().done, data);
    }
    if (is_thought() && summarised_) send_part("response.reasoning_summary_part.done", "summary_index", part(text_));
    if (!is_tool() && !is_thought()) send_part("response.content_part.done", "content_index", part(text_));
    const std::string done = item(how == BlockEnd::whole ? "completed" : "incomplete", proof);
    send_item("response.output_item.done", done);
    add_output(done);
  }

  void end(const ReplyEnd& end) override {
    const std::string_view reason = incomplete_reason(end);
    tier_ = end.tier;
    if (whole_) {
      write_response(out_, reason.empty() ? "completed" : "incomplete", reason, &end.usage, nullptr);
      return;
    }
    const char* type = reason.empty() ? "response.completed" : "response.incomplete";
    std::string data;
    data += "\"response\":";
    write_response(data, reason.empty() ? "completed" : "incomplete", reason, &end.usage, nullptr);
    send(type, data);
  }

  void fail(const ReplyFault& fault) override {
    if (whole_) {
      out_ += "{\"error\":" + write_fault(Wire::openai_responses, fault) + '}';
      return;
    }
    if (!begun_) {
      ReplyStart head;
      head.suffix = context_.reply_id;
      head.model = context_.model;
      head.created = context_.now;
      begin(head);
    }
    send_response("response.failed", "failed", nullptr, &fault);
  }

 private:
  bool is_tool() const { return start_.kind == BlockStart::Kind::tool; }
  bool is_thought() const { return start_.kind == BlockStart::Kind::thinking; }
  const TextEvents& events() const {
    if (is_tool()) return start_.tool.custom ? kInput : kArguments;
    if (is_thought()) return kThought;
    return start_.kind == BlockStart::Kind::refusal ? kRefusal : kText;
  }
  static std::string_view incomplete_reason(const ReplyEnd& end) {
    if (end.reason == StopReason::max_tokens || end.reason == StopReason::context_window) return "max_output_tokens";
    return end.reason == StopReason::refusal && !end.refused_in_words ? "content_filter" : "";
  }

  void add_output(const std::string& item_json) {
    output_ += (output_.empty() ? "" : ",") + item_json;
    ++index_;
  }
  void send(std::string_view type, std::string_view members) {
    if (whole_) return;
    out_ += "event: ";
    out_ += type;
    out_ += "\ndata: {\"type\":\"";
    out_ += type;
    out_ += "\",\"sequence_number\":" + std::to_string(sequence_++) + ',';
    out_ += members;
    out_ += "}\n\n";
  }
  void send_item(std::string_view type, std::string_view item_json) {
    send(type, "\"output_index\":" + std::to_string(index_) + ",\"item\":" + std::string(item_json));
  }
  void send_part(std::string_view type, std::string_view index_name, std::string_view part_json) {
    send(type, "\"item_id\":\"" + id_ + "\",\"output_index\":" + std::to_string(index_) + ",\"" + std::string(index_name) +
                   "\":0,\"part\":" + std::string(part_json));
  }
  void send_response(std::string_view type, std::string_view status, const Usage* usage, const ReplyFault* fault) {
    std::string data = "\"response\":";
    write_response(data, status, "", usage, fault);
    send(type, data);
  }

  /// Before the text's copies, which repeat them. Pages that are for the whole block end where it does.
  void send_annotations() {
    std::int64_t number = 0;
    const std::int64_t points = citations_.empty() ? 0 : count_code_points(text_);
    for (const Citation& citation : citations_) {
      std::string text;
      JsonOut json(text);
      write_openai_annotation(citation.within(points), false, json);
      send("response.output_text.annotation.added", "\"item_id\":\"" + id_ + "\",\"output_index\":" + std::to_string(index_) +
                                                        ",\"content_index\":0,\"annotation_index\":" + std::to_string(number++) +
                                                        ",\"annotation\":" + text);
      annotations_ += (annotations_.empty() ? "" : ",") + text;
    }
    citations_.clear();
  }

  /// Where a delta or a .done belongs; more members follow.
  std::string place() const {
    std::string data = "\"item_id\":\"" + id_ + "\",\"output_index\":" + std::to_string(index_);
    if (is_thought()) data += ",\"summary_index\":0";
    if (!is_tool() && !is_thought()) data += ",\"content_index\":0";
    if (start_.kind == BlockStart::Kind::text) data += ",\"logprobs\":[]";
    return data + ',';
  }

  std::string part(std::string_view text) const {
    std::string out;
    JsonOut json(out);
    json.open_object();
    if (is_thought()) {
      json.field("type", "summary_text").field("text", text);
    } else if (start_.kind == BlockStart::Kind::refusal) {
      json.field("type", "refusal").field("refusal", text);
    } else {
      json.field("type", "output_text").field("text", text).raw("annotations", '[' + annotations_ + ']').raw("logprobs", "[]");
    }
    json.close_object();
    return out;
  }

  std::string item(std::string_view status, const Proof& proof) const {
    std::string out;
    JsonOut json(out);
    const bool begins = status == "in_progress";
    json.open_object().field("id", id_);
    if (is_tool()) {
      json.field("type", start_.tool.custom ? "custom_tool_call" : "function_call").field("status", status);
      json.field("call_id", start_.call_id).field_if("namespace", start_.tool.space).field("name", start_.tool.name);
      json.field(start_.tool.custom ? "input" : "arguments", text_);
    } else if (is_thought()) {
      json.field("type", "reasoning").raw("summary", summarised_ ? '[' + part(text_) + ']' : std::string("[]"));
      const std::string carried = context_.encrypted_reasoning ? write_encrypted(proof, text_) : std::string();
      json.field_if("encrypted_content", carried);
    } else {
      json.field("type", "message").field("status", status).field("role", "assistant");
      json.raw("content", begins ? std::string("[]") : '[' + part(text_) + ']');
    }
    json.close_object();
    return out;
  }

  /// A proof that belongs to a tool call, as a thought before it.
  void write_carrier(const Proof& proof) {
    if (!context_.encrypted_reasoning) return;
    BlockStart thought;
    thought.kind = BlockStart::Kind::thinking;
    open(thought);
    close(proof, BlockEnd::whole);
  }

  /// Every field that OpenAI marks as required; what the client asked for is not told again.
  void write_response(std::string& out, std::string_view status, std::string_view incomplete, const Usage* usage,
                      const ReplyFault* fault) const {
    out += R"({"id":"resp_)" + head_.suffix + R"(","object":"response","created_at":)" + std::to_string(head_.created);
    out += R"(,"status":")" + std::string(status) + R"(","background":false,"error":)";
    out += fault == nullptr
               ? "null"
               : R"({"code":)" + json_quoted(response_fault_code(*fault)) + R"(,"message":)" + json_quoted(fault->message) + '}';
    out += R"(,"incomplete_details":)" + (incomplete.empty() ? "null" : R"({"reason":")" + std::string(incomplete) + R"("})");
    out += R"(,"instructions":null,"max_output_tokens":null,"model":)" + json_quoted(head_.model) + R"(,"output":[)" + output_;
    out += R"(],"parallel_tool_calls":true,"previous_response_id":null,"reasoning":{"effort":null,"summary":null},)";
    if (!tier_.empty()) out += R"("service_tier":)" + json_quoted(tier_) + ',';
    out += R"("store":false,)"
           R"("temperature":null,"text":{"format":{"type":"text"}},"tool_choice":"auto","tools":[],"top_p":null,)"
           R"("truncation":"disabled","usage":)";
    if (usage == nullptr) {
      out += "null";
    } else {
      write_usage(*usage, out);
    }
    out += R"(,"user":null,"metadata":{}})";
  }
  static void write_usage(const Usage& usage, std::string& out) {
    JsonOut json(out);
    out += "{\"input_tokens\":" + std::to_string(usage.input_tokens);
    json.open_object("input_tokens_details").field("cached_tokens", usage.cached_tokens);
    if (usage.cache_write_tokens > 0) json.field("cache_write_tokens", usage.cache_write_tokens);
    json.close_object();
    json.field("output_tokens", usage.output_tokens);
    json.open_object("output_tokens_details").field("reasoning_tokens", usage.reasoning_tokens).close_object();
    json.field("total_tokens", usage.input_tokens + usage.output_tokens).close_object();
  }

  const ReplyContext& context_;
  bool whole_;
  std::string& out_;
  ReplyStart head_;
  BlockStart start_;
  std::string id_, text_, output_, annotations_, tier_;
  std::vector<Citation> citations_;  // of the open block
  std::int64_t index_ = 0;
  std::uint64_t sequence_ = 0;
  bool begun_ = false;
  bool summarised_ = false;
};

}  // namespace

std::unique_ptr<ReplyWriter> make_responses_writer(const ReplyContext& context, bool whole, std::string& out) {
  return std::make_unique<ResponsesReplyWriter>(context, whole, out);
}

}  // namespace pg
