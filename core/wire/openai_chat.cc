// A Chat Completions request -> Call.
#include <string>
#include <utility>

#include "core/base/text.h"
#include "core/wire/call_io.h"
#include "core/wire/check_types.h"

namespace pg {
namespace {

class ChatReader {
 public:
  ChatReader(Call& call, Warnings& warnings) : call_(call), warnings_(warnings) {}

  Status read(JsonView root) {
    if (!root["messages"].is_array()) return make_error(Code::bad_request, "`messages` is missing, or no list");
    PG_TRY_STATUS(check_settings(root));
    read_settings(root);
    read_extras(root);
    for (JsonView message : root["messages"]) PG_TRY_STATUS(read_message(message));
    if (!call_.messages.empty() && call_.messages.front().role == Role::system) call_.messages.front().head = true;
    for (JsonView tool : root["tools"]) PG_TRY_STATUS(read_tool(tool));
    PG_TRY_STATUS(read_tool_choice(root["tool_choice"]));
    PG_TRY_STATUS(check_word(root["response_format"]["type"], "response_format.type", {"text", "json_object", "json_schema"}));
    read_format(root["response_format"]);
    return {};
  }

 private:
  static Status check_settings(JsonView root) {
    using Type = ParameterType;
    return check_types(root, {{"stream", Type::flag},
                              {"stream_options", Type::object},
                              {"max_tokens", Type::number},
                              {"max_completion_tokens", Type::number},
                              {"temperature", Type::number},
                              {"top_p", Type::number},
                              {"presence_penalty", Type::number},
                              {"frequency_penalty", Type::number},
                              {"n", Type::number},
                              {"stop", Type::texts},
                              {"parallel_tool_calls", Type::flag},
                              {"reasoning_effort", Type::text},
                              {"verbosity", Type::text},
                              {"user", Type::text},
                              {"safety_identifier", Type::text},
                              {"prompt_cache_key", Type::text},
                              {"service_tier", Type::text},
                              {"metadata", Type::object},
                              {"modalities", Type::texts},
                              {"tools", Type::list},
                              {"response_format", Type::object}});
  }

  void read_settings(JsonView root) {
    call_.model = root["model"].text();
    call_.stream = root["stream"].is_true();
    call_.include_usage = root["stream_options"]["include_usage"].is_true();
    warn_unknown(root["stream_options"], "stream_options.", {"include_usage"}, warnings_);
    for (const char* name : {"max_tokens", "max_completion_tokens"}) {
      if (root[name].is_number()) call_.max_tokens = root[name].number(0);
    }
    call_.temperature = number_text(root["temperature"]);
    call_.top_p = number_text(root["top_p"]);
    call_.presence_penalty = number_text(root["presence_penalty"]);
    call_.frequency_penalty = number_text(root["frequency_penalty"]);
    read_list(root["stop"], call_.stop);
    call_.parallel_tools = read_flag(root["parallel_tool_calls"]);
    call_.user = root["safety_identifier"].is_string() ? root["safety_identifier"].text() : root["user"].text();
    if (root["metadata"].is_object() && root["metadata"].size() > 0) call_.metadata = root["metadata"].raw();
    call_.cache_key = root["prompt_cache_key"].text();
    call_.verbosity = root["verbosity"].text();
    call_.service_tier = root["service_tier"].text();
    if (root["reasoning_effort"].is_string()) {
      call_.reasoning.effort = root["reasoning_effort"].text();
      call_.reasoning.kind = call_.reasoning.effort == "none" ? Reasoning::Kind::off : Reasoning::Kind::effort;
    }
  }

  void read_extras(JsonView root) {
    if (root["n"].number(1) > 1) keep_extra(root, "n", true, call_);
    for (const char* name : {"logprobs", "top_logprobs", "logit_bias", "seed", "audio", "functions", "function_call"}) {
      keep_extra(root, name, true, call_);
    }
    // An empty object is how a client asks for a search with nothing else to say.
    if (root["web_search_options"].given())
      call_.extras.push_back({"web_search_options", std::string(root["web_search_options"].raw()), true});
    for (JsonView mode : root["modalities"]) {
      if (!mode.text_is("text")) call_.extras.push_back({"modalities", std::string(root["modalities"].raw()), true});
    }
    keep_extra(root, "prediction", false, call_);
    keep_extra(root, "store", false, call_);
    warn_unknown(root, "",
                 {"model",
                  "messages",
                  "stream",
                  "stream_options",
                  "max_tokens",
                  "max_completion_tokens",
                  "temperature",
                  "top_p",
                  "presence_penalty",
                  "frequency_penalty",
                  "stop",
                  "parallel_tool_calls",
                  "safety_identifier",
                  "user",
                  "metadata",
                  "prompt_cache_key",
                  "verbosity",
                  "service_tier",
                  "reasoning_effort",
                  "n",
                  "logprobs",
                  "top_logprobs",
                  "logit_bias",
                  "seed",
                  "audio",
                  "functions",
                  "function_call",
                  "web_search_options",
                  "modalities",
                  "prediction",
                  "store",
                  "tools",
                  "tool_choice",
                  "response_format"},
                 warnings_);
  }

  Status read_message(JsonView json) {
    const std::string role = json["role"].text();
    Message message;
    if (role == "system" || role == "developer") {
      message.role = Role::system;
      message.developer = role == "developer";
    } else if (role == "assistant") {
      return read_assistant(json);
    } else if (role == "tool") {
      return read_result(json);
    } else if (role != "user") {
      return make_error(Code::bad_request, "`messages[].role` must be system, developer, user, assistant or tool");
    }
    warn_unknown(json, "messages.", {"role", "content"}, warnings_);
    PG_TRY_STATUS(read_content(json["content"], message));
    call_.messages.push_back(std::move(message));
    return {};
  }

  Status read_content(JsonView content, Message& message) {
    if (content.is_string()) {
      message.plain = true;
      message.parts.push_back(text_part(content.text()));
      return {};
    }
    if (!content.given()) return {};
    if (!content.is_array()) return make_error(Code::bad_request, "`content` must be a string or a list of parts");
    for (JsonView part : content) PG_TRY_STATUS(read_part(part, message.parts));
    return {};
  }

  Status read_part(JsonView json, std::vector<Part>& parts) {
    const std::string type = json["type"].text();
    Part part;
    warn_unknown(json, "content.", {"type", "text", "refusal", "image_url", "file", "cache_control"}, warnings_);
    if (type == "text") {
      part.text = json["text"].text();
    } else if (type == "refusal") {
      part.kind = Part::Kind::refusal;
      part.text = json["refusal"].text();
    } else if (type == "image_url") {
      part.kind = Part::Kind::image;
      const JsonView url = json["image_url"];
      read_url(url.is_string() ? url.text() : url["url"].text(), part.media);
      part.media.detail = url["detail"].text();
      warn_unknown(url, "image_url.", {"url", "detail"}, warnings_);
    } else if (type == "file") {
      part.kind = Part::Kind::file;
      part.media.name = json["file"]["filename"].text();
      part.media.file_id = json["file"]["file_id"].text();
      read_url(json["file"]["file_data"].text(), part.media);
      warn_unknown(json["file"], "file.", {"filename", "file_id", "file_data"}, warnings_);
    } else {
      return cannot_cross("messages[].content[].type: " + escape_controls(type.substr(0, 64)), "another dialect");
    }
    if (json["cache_control"].given()) part.cache = json["cache_control"].raw();
    parts.push_back(std::move(part));
    return {};
  }

  Status read_assistant(JsonView json) {
    Message message;
    message.role = Role::assistant;
    for (const char* field : {"reasoning_content", "reasoning"}) {
      if (!json[field].is_string() || json[field].text().empty()) continue;
      Part thought = text_part(json[field].text());
      thought.kind = Part::Kind::thinking;
      message.parts.push_back(std::move(thought));
      break;
    }
    PG_TRY_STATUS(read_content(json["content"], message));
    if (json["refusal"].is_string() && !json["refusal"].text().empty()) {
      Part refusal = text_part(json["refusal"].text());
      refusal.kind = Part::Kind::refusal;
      message.parts.push_back(std::move(refusal));
    }
    for (JsonView call : json["tool_calls"]) read_call(call, message.parts);
    message.plain = message.plain && message.parts.size() == 1;
    warn_unknown(json, "messages.", {"role", "content", "reasoning_content", "reasoning", "refusal", "tool_calls"}, warnings_);
    call_.messages.push_back(std::move(message));
    return {};
  }

  void read_call(JsonView json, std::vector<Part>& parts) {
    Part part;
    part.kind = Part::Kind::tool_call;
    part.call_id = json["id"].text();
    part.tool.custom = json["type"].text_is("custom");
    const JsonView body = part.tool.custom ? json["custom"] : json["function"];
    const JsonView extra = json["extra_content"];
    warn_unknown(json, "tool_calls.", {"id", "type", "index", "function", "custom", "extra_content"}, warnings_);
    warn_unknown(body, "tool_calls.function.", {"name", "arguments", "input"}, warnings_);
    warn_unknown(extra, "extra_content.", {"google"}, warnings_);
    warn_unknown(extra["google"], "extra_content.google.", {"thought_signature"}, warnings_);
    part.tool.name = body["name"].text();
    part.text = part.tool.custom ? body["input"].text() : body["arguments"].text();
    const JsonView proof = json["extra_content"]["google"]["thought_signature"];
    if (proof.is_string()) part.proof = {Proof::Vendor::gemini, proof.text(), false};
    parts.push_back(std::move(part));
  }

  Status read_result(JsonView json) {
    Message content;
    PG_TRY_STATUS(read_content(json["content"], content));
    Message message;
    message.role = Role::tool;
    Part result;
    result.kind = Part::Kind::tool_result;
    result.call_id = json["tool_call_id"].text();
    result.plain = content.plain;
    result.parts = std::move(content.parts);
    message.parts.push_back(std::move(result));
    warn_unknown(json, "messages.", {"role", "content", "tool_call_id", "name"}, warnings_);
    call_.messages.push_back(std::move(message));
    return {};
  }

  Status read_tool(JsonView json) {
    const std::string type = json["type"].text();
    Tool tool;
    warn_unknown(json, "tools.", {"type", "function", "custom"}, warnings_);
    warn_unknown(json["function"], "tools.function.", {"name", "description", "parameters", "strict"}, warnings_);
    warn_unknown(json["custom"], "tools.custom.", {"name", "description", "format"}, warnings_);
    if (type == "custom") {
      tool.name = {"", json["custom"]["name"].text(), true};
      tool.description = json["custom"]["description"].text();
      const JsonView format = json["custom"]["format"];
      // Chat nests a grammar, Responses does not: kept as Responses spells it.
      if (format["grammar"].is_object()) {
        tool.format = R"({"type":"grammar","syntax":)" + std::string(format["grammar"]["syntax"].raw()) +
                      ",\"definition\":" + std::string(format["grammar"]["definition"].raw()) + '}';
      } else if (format.given()) {
        tool.format = format.raw();
      }
    } else if (type == "function" || type.empty()) {
      const JsonView function = json["function"];
      tool.name.name = function["name"].text();
      tool.description = function["description"].text();
      if (function["parameters"].is_object()) tool.schema = function["parameters"].raw();
      tool.strict = read_flag(function["strict"]);
    } else {
      call_.extras.push_back({"tools." + escape_controls(type.substr(0, 64)), std::string(json.raw()), true});
      return {};
    }
    if (tool.name.name.empty()) return make_error(Code::bad_request, "a tool in `tools` has no name");
    call_.tools.push_back(std::move(tool));
    return {};
  }

  Status read_tool_choice(JsonView choice) {
    using Kind = ToolChoice::Kind;
    if (choice.given() && !choice.is_string() && !choice.is_object())
      return make_error(Code::bad_request, "`tool_choice` must be a string or an object");
    PG_TRY_STATUS(check_word(choice, "tool_choice", {"auto", "required", "none"}));
    PG_TRY_STATUS(check_word(choice["type"], "tool_choice.type", {"function", "custom", "allowed_tools"}));
    if (choice.text_is("auto")) call_.tool_choice.kind = Kind::automatic;
    if (choice.text_is("required")) call_.tool_choice.kind = Kind::any;
    if (choice.text_is("none")) call_.tool_choice.kind = Kind::none;
    for (const char* kind : {"function", "custom"}) {
      if (!choice["type"].text_is(kind)) continue;
      call_.tool_choice = {Kind::named, {"", choice[kind]["name"].text(), choice["type"].text_is("custom")}};
    }
    warn_unknown(choice, "tool_choice.", {"type", "function", "custom", "allowed_tools"}, warnings_);
    for (const char* kind : {"function", "custom"}) warn_unknown(choice[kind], "tool_choice.", {"name"}, warnings_);
    if (choice["type"].text_is("allowed_tools")) read_allowed_tools(choice["allowed_tools"], call_.tool_choice, warnings_);
    return {};
  }

  void read_format(JsonView format) {
    warn_unknown(format, "response_format.", {"type", "json_schema"}, warnings_);
    warn_unknown(format["json_schema"], "json_schema.", {"name", "description", "schema", "strict"}, warnings_);
    if (format["type"].text_is("json_object")) call_.format.kind = OutputFormat::Kind::json_object;
    if (!format["type"].text_is("json_schema")) return;
    const JsonView schema = format["json_schema"];
    call_.format = {OutputFormat::Kind::json_schema, schema["name"].text(), schema["description"].text(),
                    std::string(schema["schema"].is_object() ? schema["schema"].raw() : std::string_view("{}")),
                    read_flag(schema["strict"])};
  }

  Call& call_;
  Warnings& warnings_;
};

}  // namespace

Result<Call> read_chat_call(JsonView root, Warnings& warnings) {
  Call call;
  PG_TRY_STATUS(ChatReader(call, warnings).read(root));
  return call;
}

}  // namespace pg
