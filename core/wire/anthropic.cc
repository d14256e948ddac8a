// A Messages request (2023-06-01, with the fields Claude Code adds) -> Call.
#include <optional>
#include <string>
#include <utility>

#include "core/base/text.h"
#include "core/wire/call_io.h"
#include "core/wire/carriers.h"
#include "core/wire/check_types.h"
#include "core/wire/citations.h"

namespace pg {
namespace {

class MessagesReader {
 public:
  MessagesReader(Call& call, Warnings& warnings) : call_(call), warnings_(warnings) {}

  Status read(JsonView root) {
    if (!root["messages"].is_array()) return make_error(Code::bad_request, "`messages` is missing, or no list");
    PG_TRY_STATUS(check_settings(root));
    read_settings(root);
    read_extras(root);
    PG_TRY_STATUS(read_system(root["system"]));
    for (JsonView message : root["messages"]) PG_TRY_STATUS(read_message(message));
    for (JsonView tool : root["tools"]) read_tool(tool);
    read_tool_choice(root["tool_choice"]);
    read_thinking(root);
    read_format(root);
    return {};
  }

 private:
  static Status check_settings(JsonView root) {
    using Type = ParameterType;
    PG_TRY_STATUS(check_types(root, {{"stream", Type::flag},
                                     {"max_tokens", Type::number},
                                     {"temperature", Type::number},
                                     {"top_p", Type::number},
                                     {"top_k", Type::number},
                                     {"stop_sequences", Type::texts},
                                     {"metadata", Type::object},
                                     {"tools", Type::list},
                                     {"tool_choice", Type::object},
                                     {"thinking", Type::object},
                                     {"output_config", Type::object},
                                     {"output_format", Type::object}}));
    PG_TRY_STATUS(check_word(root["tool_choice"]["type"], "tool_choice.type", {"auto", "any", "tool", "none"}));
    PG_TRY_STATUS(check_word(root["thinking"]["type"], "thinking.type", {"adaptive", "enabled", "disabled"}));
    PG_TRY_STATUS(check_word(root["output_config"]["format"]["type"], "output_config.format.type", {"json_schema"}));
    return check_word(root["output_format"]["type"], "output_format.type", {"json_schema"});
  }

  void read_settings(JsonView root) {
    call_.model = root["model"].text();
    call_.stream = root["stream"].is_true();
    if (root["max_tokens"].is_number()) call_.max_tokens = root["max_tokens"].number(0);
    call_.temperature = number_text(root["temperature"]);
    call_.top_p = number_text(root["top_p"]);
    call_.top_k = number_text(root["top_k"]);
    read_list(root["stop_sequences"], call_.stop);
    call_.user = root["metadata"]["user_id"].text();
    call_.include_usage = true;
  }

  void read_extras(JsonView root) {
    for (const char* essential : {"mcp_servers", "container", "thread"}) keep_extra(root, essential, true, call_);
    for (const char* other : {"context_management", "service_tier", "speed", "safeguards"}) keep_extra(root, other, false, call_);
    warn_unknown(root, "",
                 {"model",
                  "messages",
                  "system",
                  "max_tokens",
                  "metadata",
                  "stop_sequences",
                  "stream",
                  "temperature",
                  "top_p",
                  "top_k",
                  "tools",
                  "tool_choice",
                  "thinking",
                  "output_config",
                  "output_format",
                  "service_tier",
                  "context_management",
                  "mcp_servers",
                  "container",
                  "thread",
                  "safeguards",
                  "speed"},
                 warnings_);
    warn_unknown(root["output_config"], "output_config.", {"effort", "format"}, warnings_);
  }

  Status read_system(JsonView system) {
    if (!system.given()) return {};
    Message message;
    message.role = Role::system;
    message.head = true;
    PG_TRY_STATUS(read_content(system, message));
    if (!is_all_text(message.parts)) return make_error(Code::bad_request, "`system` may hold text blocks only");
    // Claude Code's note for Anthropic's own books; its version and hash would break another vendor's prompt cache.
    const bool note = !message.parts.empty() && message.parts.front().text.starts_with("x-anthropic-billing-header:");
    if (note && !message.plain) {
      message.parts.erase(message.parts.begin());
      warnings_.drop("system.attribution");
    }
    if (!message.parts.empty()) call_.messages.push_back(std::move(message));
    return {};
  }

  Status read_message(JsonView json) {
    const std::string role = json["role"].text();
    warn_unknown(json, "messages.", {"role", "content"}, warnings_);
    Message message;
    if (role == "assistant") {
      message.role = Role::assistant;
    } else if (role == "system") {
      message.role = Role::system;
    } else if (role != "user") {
      return make_error(Code::bad_request, "`messages[].role` must be user, assistant or system");
    }
    PG_TRY_STATUS(read_content(json["content"], message));
    for (const Part& part : message.parts) {
      if (part.kind == Part::Kind::tool_result && message.role != Role::user) {
        return make_error(Code::bad_request, "a `tool_result` must stand in a message of the user");
      }
      if (part.kind == Part::Kind::tool_call && message.role != Role::assistant) {
        return make_error(Code::bad_request, "a `tool_use` must stand in a message of the assistant");
      }
    }
    split_results(std::move(message));
    return {};
  }

  /// Tool results get a message of their own, before the words of the same turn, as the other dialects have it.
  void split_results(Message message) {
    Message results;
    results.role = Role::tool;
    if (message.role == Role::user) {
      std::vector<Part> rest;
      for (Part& part : message.parts) {
        (part.kind == Part::Kind::tool_result ? results.parts : rest).push_back(std::move(part));
      }
      message.parts = std::move(rest);
    }
    const bool only_results = !results.parts.empty() && message.parts.empty();
    if (!results.parts.empty()) call_.messages.push_back(std::move(results));
    if (!only_results) call_.messages.push_back(std::move(message));
  }

  Status read_content(JsonView content, Message& message) {
    if (content.is_string()) {
      message.plain = true;
      message.parts.push_back(text_part(content.text()));
      return {};
    }
    if (!content.is_array()) return make_error(Code::bad_request, "`content` must be a string or a list of blocks");
    for (JsonView block : content) PG_TRY_STATUS(read_block(block, message.parts));
    return {};
  }

  Status read_block(JsonView block, std::vector<Part>& parts) {
    const std::string type = block["type"].text();
    Part part;
    part.cache = std::string(block["cache_control"].given() ? block["cache_control"].raw() : std::string_view());
    if (type == "text") {
      part.text = block["text"].text();
      read_citations(block["citations"], part);
      warn_unknown(block, "content.", {"type", "text", "cache_control", "citations"}, warnings_);
    } else if (type == "search_result") {
      read_search_result(block, part);
    } else if (type == "image" || type == "document") {
      PG_TRY_STATUS(read_media(block, type == "image", part));
    } else if (type == "thinking" || type == "redacted_thinking") {
      part.kind = Part::Kind::thinking;
      part.text = block["thinking"].text();
      part.proof = read_signature(block["signature"].text());
      if (type == "redacted_thinking") part.proof = {Proof::Vendor::anthropic, block["data"].text(), true};
      warn_unknown(block, "content.", {"type", "thinking", "signature", "data", "cache_control"}, warnings_);
    } else if (type == "tool_use") {
      part.kind = Part::Kind::tool_call;
      part.call_id = block["id"].text();
      part.tool.name = block["name"].text();
      part.text = block["input"].is_object() ? block["input"].raw() : std::string_view("{}");
      warn_unknown(block, "content.", {"type", "id", "name", "input", "cache_control"}, warnings_);
    } else if (type == "tool_reference") {  // what a search for tools found; elsewhere all tools are there from the start
      part.text = "Tool: " + block["tool_name"].text();
      warnings_.change("tool_reference");
    } else if (type == "tool_result") {
      PG_TRY_STATUS(read_result(block, part));
    } else {
      warnings_.drop("content." + escape_controls(type.substr(0, 64)));
      return {};
    }
    parts.push_back(std::move(part));
    return {};
  }

  void read_citations(JsonView list, Part& part) {
    for (JsonView member : list) {
      std::optional<Citation> citation = read_anthropic_citation(member);
      if (citation)
        part.citations.push_back(std::move(*citation));
      else
        warnings_.drop("citations");  // of a document, by its number
    }
  }

  /// The model must read what was found; only where it stood cannot be cited.
  void read_search_result(JsonView block, Part& part) {
    part.text = "[" + block["title"].text() + "](" + block["source"].text() + ")";
    for (JsonView piece : block["content"]) part.text += "\n" + piece["text"].text();
    warnings_.change("search_result");
    if (block["citations"]["enabled"].is_true()) warnings_.drop("citations");
    warn_unknown(block, "content.", {"type", "source", "title", "content", "citations", "cache_control"}, warnings_);
  }

  Status read_media(JsonView block, bool image, Part& part) {
    const JsonView source = block["source"];
    warn_unknown(block, "content.", {"type", "source", "title", "citations", "context", "cache_control"}, warnings_);
    warn_unknown(source, "source.", {"type", "media_type", "data", "url", "file_id", "content"}, warnings_);
    part.kind = image ? Part::Kind::image : Part::Kind::file;
    part.media.name = block["title"].text();
    part.media.media_type = source["media_type"].text();
    if (block["citations"]["enabled"].is_true()) part.extra = block["citations"].raw();
    if (block["context"].given()) warnings_.drop("document.context");
    if (source["type"].text_is("base64")) {
      part.media.data = source["data"].text();
    } else if (source["type"].text_is("url")) {
      part.media.url = source["url"].text();
    } else if (source["type"].text_is("text")) {
      part.media.text = source["data"].text();
    } else if (source["type"].text_is("file")) {
      part.media.file_id = source["file_id"].text();
    } else if (source["type"].text_is("content")) {
      Message words;
      PG_TRY_STATUS(read_content(source["content"], words));
      if (!is_all_text(words.parts)) return cannot_cross("document.source.content", "another dialect");
      for (const Part& word : words.parts) part.media.text += word.text;
      part.media.media_type = "text/plain";
    } else {
      return make_error(Code::bad_request, "`source.type` of an image or document is unknown");
    }
    return {};
  }

  Status read_result(JsonView block, Part& part) {
    part.kind = Part::Kind::tool_result;
    part.call_id = block["tool_use_id"].text();
    part.is_error = block["is_error"].is_true();
    warn_unknown(block, "content.", {"type", "tool_use_id", "content", "is_error", "cache_control"}, warnings_);
    if (!block["content"].given()) {
      part.plain = true;
      return {};
    }
    Message content;
    PG_TRY_STATUS(read_content(block["content"], content));
    part.plain = content.plain;
    for (Part& piece : content.parts) {
      const bool known = piece.kind == Part::Kind::text || piece.kind == Part::Kind::image || piece.kind == Part::Kind::file;
      if (known) part.parts.push_back(std::move(piece));
    }
    return {};
  }

  void read_tool(JsonView json) {
    const std::string type = json["type"].text();
    if (!type.empty() && type != "custom") {  // a tool that runs at Anthropic, or whose shape only Anthropic knows
      call_.extras.push_back({"tools." + type, std::string(json.raw()), true});
      return;
    }
    Tool tool;
    tool.name.name = json["name"].text();
    tool.description = json["description"].text();
    tool.schema = json["input_schema"].raw();
    tool.strict = read_flag(json["strict"]);
    if (json["cache_control"].given()) tool.cache = json["cache_control"].raw();
    warn_unknown(json, "tools.", {"type", "name", "description", "input_schema", "strict", "cache_control"}, warnings_);
    call_.tools.push_back(std::move(tool));
  }

  void read_tool_choice(JsonView choice) {
    const std::string type = choice["type"].text();
    if (type == "auto") call_.tool_choice.kind = ToolChoice::Kind::automatic;
    if (type == "any") call_.tool_choice.kind = ToolChoice::Kind::any;
    if (type == "none") call_.tool_choice.kind = ToolChoice::Kind::none;
    if (type == "tool") {
      call_.tool_choice.kind = ToolChoice::Kind::named;
      call_.tool_choice.name.name = choice["name"].text();
    }
    warn_unknown(choice, "tool_choice.", {"type", "name", "disable_parallel_tool_use"}, warnings_);
    if (const auto disabled = read_flag(choice["disable_parallel_tool_use"])) call_.parallel_tools = !*disabled;
  }

  void read_thinking(JsonView root) {
    Reasoning& reasoning = call_.reasoning;
    const JsonView thinking = root["thinking"];
    reasoning.effort = root["output_config"]["effort"].text();
    reasoning.display = thinking["display"].text();
    if (thinking["type"].text_is("adaptive")) reasoning.kind = Reasoning::Kind::effort;
    if (thinking["type"].text_is("disabled")) reasoning.kind = Reasoning::Kind::off;
    if (thinking["type"].text_is("enabled")) {
      reasoning.kind = Reasoning::Kind::budget;
      reasoning.budget = thinking["budget_tokens"].number(1024);
      if (!reasoning.effort.empty()) reasoning.kind = Reasoning::Kind::effort;
    }
    const bool thinks = reasoning.kind == Reasoning::Kind::effort || reasoning.kind == Reasoning::Kind::budget;
    if (thinks) call_.encrypted_reasoning = true;
    if (!thinks && !reasoning.effort.empty()) warnings_.drop("output_config.effort");
    if (thinks && reasoning.display != "omitted") reasoning.summary = "auto";
    warn_unknown(thinking, "thinking.", {"type", "budget_tokens", "display"}, warnings_);
  }

  void read_format(JsonView root) {
    const JsonView format = root["output_config"]["format"].given() ? root["output_config"]["format"] : root["output_format"];
    if (!format["type"].text_is("json_schema")) return;
    call_.format.kind = OutputFormat::Kind::json_schema;
    call_.format.schema = format["schema"].raw();
    call_.format.strict = true;
  }

  Call& call_;
  Warnings& warnings_;
};

}  // namespace

Result<Call> read_anthropic_call(JsonView root, Warnings& warnings) {
  Call call;
  PG_TRY_STATUS(MessagesReader(call, warnings).read(root));
  return call;
}

}  // namespace pg
