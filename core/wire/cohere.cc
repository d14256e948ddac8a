// Call -> a Cohere v2 chat request.
#include <string>

#include "core/wire/call_io.h"

namespace pg {
namespace {

class CohereWriter {
 public:
  CohereWriter(const Call& call, WriteWork& work, std::string& out) : call_(call), work_(work), json_(out) {}

  Status write() {
    PG_TRY_STATUS(settle_extras(call_, work_, "Cohere", {"seed", "logprobs"}));
    json_.open_object();
    json_.field("model", work_.options.model.empty() ? call_.model : work_.options.model);
    json_.open_array("messages");
    for (const Message& message : call_.messages) PG_TRY_STATUS(write_message(message));
    json_.close_array();
    write_tools();
    write_settings();
    write_thinking();
    warn_openai_settings(call_, work_.warnings);
    json_.field("stream", call_.stream).close_object();
    return {};
  }

 private:
  Status write_message(const Message& message) {
    if (message.role == Role::tool) {
      for (const Part& result : message.parts) write_result(result);
      return {};
    }
    if (message.role == Role::assistant) {
      write_assistant(message);
      return {};
    }
    json_.open_object().field("role", message.role == Role::system ? "system" : "user");
    if (message.parts.size() == 1 && is_all_text(message.parts)) {
      json_.field("content", message.parts.front().text);
    } else {
      json_.open_array("content");
      for (const Part& part : message.parts) PG_TRY_STATUS(write_part(part));
      json_.close_array();
    }
    json_.close_object();
    return {};
  }

  Status write_part(const Part& part) {
    if (part.kind == Part::Kind::file) {
      if (!part.extra.empty()) work_.warnings.drop("citations");
      if (part.media.text.empty()) return cannot_cross("file", "Cohere");
      work_.warnings.change("document");
      json_.open_object().field("type", "text").field("text", file_as_text(part.media)).close_object();
    } else if (part.kind == Part::Kind::image) {
      if (!part.media.file_id.empty()) return cannot_cross("image.file_id", "Cohere");
      json_.open_object().field("type", "image_url").open_object("image_url").field("url", data_url(part.media));
      json_.close_object().close_object();
    } else {
      json_.open_object().field("type", "text").field("text", part.text).close_object();
    }
    return {};
  }

  /// Beside tool calls, words are the plan for them.
  void write_assistant(const Message& message) {
    std::string words;
    bool calls = false;
    for (const Part& part : message.parts) {
      if (part.kind == Part::Kind::text || part.kind == Part::Kind::refusal) words += part.text;
      if (part.kind == Part::Kind::thinking) work_.warnings.drop("thinking");
      calls = calls || part.kind == Part::Kind::tool_call;
    }
    if (words.empty() && !calls) return;
    json_.open_object().field("role", "assistant").field_if(calls ? "tool_plan" : "content", words);
    if (calls) {
      json_.open_array("tool_calls");
      for (const Part& part : message.parts) {
        if (part.kind != Part::Kind::tool_call) continue;
        json_.open_object().field("id", part.call_id).field("type", "function").open_object("function");
        json_.field("name", work_.tools.wire(part.tool));
        json_.field("arguments", part.tool.custom ? wrap_input(part.text) : part.text.empty() ? "{}" : part.text);
        json_.close_object().close_object();
      }
      json_.close_array();
    }
    json_.close_object();
  }

  void write_result(const Part& result) {
    if (!is_all_text(result.parts)) work_.warnings.drop("tool_result.media");
    json_.open_object().field("role", "tool").field("tool_call_id", result.call_id).field("content", result_text(result));
    json_.close_object();
  }

  void write_tools() {
    if (call_.tools.empty()) return;
    using Kind = ToolChoice::Kind;
    const bool named = call_.tool_choice.kind == Kind::named;
    if (named && call_.tools.size() > 1) work_.warnings.change("tool_choice");
    json_.open_array("tools");
    for (const Tool& tool : call_.tools) {
      if (named && !(tool.name == call_.tool_choice.name)) continue;  // Cohere can demand a tool, not which: it gets no other
      json_.open_object().field("type", "function").open_object("function").field("name", work_.tools.wire(tool.name));
      json_.field_if("description", tool.name.custom ? wrapped_description(tool) : tool.description);
      json_.raw("parameters", tool.name.custom      ? kWrappedSchema
                              : tool.schema.empty() ? std::string_view(R"({"type":"object","properties":{}})")
                                                    : std::string_view(tool.schema));
      json_.close_object().close_object();
    }
    json_.close_array();
    if (named || call_.tool_choice.kind == Kind::any) json_.field("tool_choice", "REQUIRED");
    if (call_.tool_choice.kind == Kind::none) json_.field("tool_choice", "NONE");
    if (call_.parallel_tools && !*call_.parallel_tools) work_.warnings.drop("parallel_tool_calls");
  }

  void write_settings() {
    if (call_.max_tokens) json_.field("max_tokens", *call_.max_tokens);
    json_.raw_if("temperature", call_.temperature).raw_if("p", call_.top_p).raw_if("k", call_.top_k);
    json_.raw_if("presence_penalty", call_.presence_penalty).raw_if("frequency_penalty", call_.frequency_penalty);
    for (const Call::Extra& extra : call_.extras) {
      if (extra.name == "seed") json_.raw("seed", extra.value);
      if (extra.name == "logprobs") work_.warnings.drop("logprobs");
    }
    json_.strings_if("stop_sequences", call_.stop);
    if (call_.format.kind == OutputFormat::Kind::text) return;
    json_.open_object("response_format").field("type", "json_object").raw_if("json_schema", call_.format.schema).close_object();
  }

  void write_thinking() {
    const std::string_view effort = wanted_effort(call_);
    if (effort.empty()) return;
    json_.open_object("thinking").field("type", effort == "none" ? "disabled" : "enabled");
    const bool budget = call_.reasoning.kind == Reasoning::Kind::budget;
    if (effort != "none") json_.field("token_budget", budget ? call_.reasoning.budget : budget_of(effort));
    json_.close_object();
  }

  const Call& call_;
  WriteWork& work_;
  JsonOut json_;
};

}  // namespace

Status write_cohere_call(const Call& call, WriteWork& work, std::string& out) {
  return CohereWriter(call, work, out).write();
}

}  // namespace pg
