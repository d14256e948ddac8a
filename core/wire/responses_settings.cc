// The settings and tools of a Responses request -> Call; its input items are read in openai_responses.cc.
#include <algorithm>

#include "core/base/text.h"
#include "core/wire/check_types.h"
#include "core/wire/responses_read.h"

namespace pg {
namespace {

// Tools that OpenAI runs and that a client offers on top of its own: without them the model does with the others.
constexpr std::string_view kOptionalTools[] = {"web_search", "web_search_preview", "image_generation"};

void read_format(JsonView text, Call& call, Warnings& warnings) {
  warn_unknown(text, "text.", {"format", "verbosity"}, warnings);
  warn_unknown(text["format"], "text.format.", {"type", "name", "description", "schema", "strict"}, warnings);
  call.verbosity = text["verbosity"].text();
  const JsonView format = text["format"];
  if (format["type"].text_is("json_object")) call.format.kind = OutputFormat::Kind::json_object;
  if (!format["type"].text_is("json_schema")) return;
  call.format = {OutputFormat::Kind::json_schema, format["name"].text(), format["description"].text(),
                 std::string(format["schema"].is_object() ? format["schema"].raw() : std::string_view("{}")),
                 read_flag(format["strict"])};
}

void read_reasoning(JsonView reasoning, Call& call, Warnings& warnings) {
  warn_unknown(reasoning, "reasoning.", {"effort", "summary"}, warnings);
  if (!reasoning.is_object()) return;
  call.reasoning.effort = reasoning["effort"].text();
  call.reasoning.summary = reasoning["summary"].text();
  call.reasoning.kind = call.reasoning.effort == "none"   ? Reasoning::Kind::off
                        : !call.reasoning.effort.empty()  ? Reasoning::Kind::effort
                        : !call.reasoning.summary.empty() ? Reasoning::Kind::effort
                                                          : Reasoning::Kind::unset;
  // A summary alone asks to see what a model thinks that thinks by default: the vendor's own default effort.
  if (call.reasoning.kind == Reasoning::Kind::effort && call.reasoning.effort.empty()) call.reasoning.effort = "medium";
}

/// What needs a provider that remembers, which only the one that answered can be.
void read_state(JsonView root, Call& call) {
  for (const char* name : {"previous_response_id", "conversation", "background", "prompt"}) keep_extra(root, name, true, call);
  if (root["store"].is_true()) keep_extra(root, "store", true, call);
}

}  // namespace

Status check_responses_settings(JsonView root) {
  using Type = ParameterType;
  PG_TRY_STATUS(check_types(root, {{"stream", Type::flag},
                                   {"stream_options", Type::object},
                                   {"instructions", Type::text},
                                   {"max_output_tokens", Type::number},
                                   {"temperature", Type::number},
                                   {"top_p", Type::number},
                                   {"parallel_tool_calls", Type::flag},
                                   {"safety_identifier", Type::text},
                                   {"user", Type::text},
                                   {"metadata", Type::object},
                                   {"prompt_cache_key", Type::text},
                                   {"service_tier", Type::text},
                                   {"include", Type::list},
                                   {"reasoning", Type::object},
                                   {"text", Type::object},
                                   {"tools", Type::list}}));
  return check_word(root["text"]["format"]["type"], "text.format.type", {"text", "json_object", "json_schema"});
}

void read_responses_settings(JsonView root, Call& call, Warnings& warnings) {
  call.model = root["model"].text();
  call.stream = root["stream"].is_true();
  call.include_usage = true;
  if (root["max_output_tokens"].is_number()) call.max_tokens = root["max_output_tokens"].number(0);
  call.temperature = number_text(root["temperature"]);
  call.top_p = number_text(root["top_p"]);
  call.parallel_tools = read_flag(root["parallel_tool_calls"]);
  call.user = root["safety_identifier"].is_string() ? root["safety_identifier"].text() : root["user"].text();
  if (root["metadata"].is_object() && root["metadata"].size() > 0) call.metadata = root["metadata"].raw();
  call.cache_key = root["prompt_cache_key"].text();
  call.service_tier = root["service_tier"].text();
  for (JsonView wish : root["include"]) {
    if (wish.text_is("reasoning.encrypted_content"))
      call.encrypted_reasoning = true;
    else
      warnings.drop("include." + escape_controls(wish.text().substr(0, 64)));
  }
  read_reasoning(root["reasoning"], call, warnings);
  read_format(root["text"], call, warnings);
  warn_unknown(root["stream_options"], "stream_options.", {}, warnings);
  read_state(root, call);
  if (root["top_logprobs"].number(0) > 0) keep_extra(root, "top_logprobs", true, call);
  if (!root["truncation"].text_is("disabled")) keep_extra(root, "truncation", false, call);
  keep_extra(root, "context_management", false, call);
  warn_unknown(root, "",
               {"model",
                "stream",
                "stream_options",
                "max_output_tokens",
                "temperature",
                "top_p",
                "parallel_tool_calls",
                "safety_identifier",
                "user",
                "metadata",
                "prompt_cache_key",
                "service_tier",
                "include",
                "reasoning",
                "text",
                "previous_response_id",
                "conversation",
                "background",
                "prompt",
                "store",
                "top_logprobs",
                "truncation",
                "context_management",
                "input",
                "instructions",
                "tools",
                "tool_choice"},
               warnings);
}

Status read_responses_tool(JsonView json, const std::string& space, Call& call, Warnings& warnings) {
  const std::string type = json["type"].text();
  if (type == "namespace") {
    if (!space.empty()) return make_error(Code::bad_request, "a namespace in `tools` holds a namespace");
    const std::string name = json["name"].text();
    warn_unknown(json, "tools.namespace.", {"type", "name", "tools"}, warnings);
    for (JsonView tool : json["tools"]) PG_TRY_STATUS(read_responses_tool(tool, name, call, warnings));
    return {};
  }
  if (type != "function" && type != "custom") {
    const bool optional = std::find(std::begin(kOptionalTools), std::end(kOptionalTools), type) != std::end(kOptionalTools);
    call.extras.push_back({"tools." + escape_controls(type.substr(0, 64)), std::string(json.raw()), !optional});
    return {};
  }
  Tool tool;
  tool.name = {space, json["name"].text(), type == "custom"};
  if (tool.name.name.empty()) return make_error(Code::bad_request, "a tool in `tools` has no name");
  tool.description = json["description"].text();
  if (json["parameters"].is_object()) tool.schema = json["parameters"].raw();
  if (json["format"].is_object()) tool.format = json["format"].raw();
  tool.strict = read_flag(json["strict"]);
  warn_unknown(json, "tools.", {"type", "name", "description", "parameters", "format", "strict"}, warnings);
  call.tools.push_back(std::move(tool));
  return {};
}

Status read_responses_choice(JsonView choice, Call& call, Warnings& warnings) {
  using Kind = ToolChoice::Kind;
  if (!choice.given()) return {};
  warn_unknown(choice, "tool_choice.", {"type", "name", "namespace", "mode", "tools"}, warnings);
  const std::string type = choice.is_string() ? choice.text() : choice["type"].text();
  if (type == "auto") {
    call.tool_choice.kind = Kind::automatic;
  } else if (type == "required") {
    call.tool_choice.kind = Kind::any;
  } else if (type == "none") {
    call.tool_choice.kind = Kind::none;
  } else if (type == "function" || type == "custom") {
    call.tool_choice = {Kind::named, {choice["namespace"].text(), choice["name"].text(), type == "custom"}};
  } else if (type == "allowed_tools") {
    read_allowed_tools(choice, call.tool_choice, warnings);
  } else {
    return cannot_cross("tool_choice: " + escape_controls(type.substr(0, 64)), "another dialect");
  }
  return {};
}

}  // namespace pg
