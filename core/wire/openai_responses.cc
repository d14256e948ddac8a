// A Responses request -> Call: the items of its input.
#include <string>
#include <utility>

#include "core/base/text.h"
#include "core/wire/carriers.h"
#include "core/wire/responses_read.h"

namespace pg {
namespace {

class ResponsesReader {
 public:
  ResponsesReader(Call& call, Warnings& warnings) : call_(call), warnings_(warnings) {}

  Status read(JsonView root) {
    PG_TRY_STATUS(check_responses_settings(root));
    read_responses_settings(root, call_, warnings_);
    if (root["instructions"].is_string()) {
      Message& message = add(Role::system);
      message.parts.push_back(text_part(root["instructions"].text()));
      message.plain = message.head = true;
    }
    const JsonView input = root["input"];
    if (input.is_string()) {
      Message& message = add(Role::user);
      message.parts.push_back(text_part(input.text()));
      message.plain = true;
    } else if (!input.is_array()) {
      return make_error(Code::bad_request, "`input` is missing, or neither a string nor a list");
    }
    for (JsonView tool : root["tools"]) PG_TRY_STATUS(read_responses_tool(tool, "", call_, warnings_));
    if (input.is_array()) {
      for (JsonView item : input) PG_TRY_STATUS(read_item(item));
    }
    return read_responses_choice(root["tool_choice"], call_, warnings_);
  }

 private:
  Message& add(Role role) {
    call_.messages.emplace_back();
    call_.messages.back().role = role;
    return call_.messages.back();
  }
  /// The message that an item of that role belongs to: items in a row are one turn, words of the client aside.
  Message& turn(Role role) {
    const bool same = !call_.messages.empty() && call_.messages.back().role == role;
    if (!same) return add(role);
    call_.messages.back().plain = false;
    return call_.messages.back();
  }

  Status read_item(JsonView item) {
    const std::string type = item["type"].text();
    if (type.empty() || type == "message") return read_message(item);
    if (type == "function_call" || type == "custom_tool_call") {
      read_call(item, type == "custom_tool_call");
    } else if (type == "function_call_output" || type == "custom_tool_call_output") {
      return read_result(item);
    } else if (type == "reasoning") {
      read_thought(item);
    } else if (type == "additional_tools") {
      warn_unknown(item, "input.", {"type", "id", "role", "tools"}, warnings_);
      for (JsonView tool : item["tools"]) PG_TRY_STATUS(read_responses_tool(tool, "", call_, warnings_));
    } else if (type == "item_reference") {
      return cannot_cross("input[].type: item_reference", "another dialect");
    } else {
      warnings_.drop("input." + escape_controls(type.substr(0, 64)));
    }
    return {};
  }

  Status read_message(JsonView item) {
    const std::string role = item["role"].text();
    if (role != "user" && role != "system" && role != "developer" && role != "assistant") {
      return make_error(Code::bad_request, "`input[].role` must be user, system, developer or assistant");
    }
    warn_unknown(item, "input.", {"type", "role", "content", "id", "status"}, warnings_);
    Message message;
    message.role = role == "user" ? Role::user : role == "assistant" ? Role::assistant : Role::system;
    message.developer = role == "developer";
    PG_TRY_STATUS(read_content(item["content"], message.parts, message.plain));
    if (message.role != Role::assistant) {
      call_.messages.push_back(std::move(message));
      return {};
    }
    const bool alone = call_.messages.empty() || call_.messages.back().role != Role::assistant;
    Message& whole = turn(Role::assistant);
    if (alone) whole.plain = message.plain;
    for (Part& part : message.parts) whole.parts.push_back(std::move(part));
    return {};
  }

  Status read_content(JsonView content, std::vector<Part>& parts, bool& plain) {
    if (content.is_string()) {
      plain = true;
      parts.push_back(text_part(content.text()));
      return {};
    }
    if (!content.is_array()) return make_error(Code::bad_request, "`content` must be a string or a list of parts");
    for (JsonView part : content) PG_TRY_STATUS(read_part(part, parts));
    return {};
  }

  Status read_part(JsonView json, std::vector<Part>& parts) {
    const std::string type = json["type"].text();
    Part part;
    if (type == "input_text" || type == "output_text" || type == "text") {
      part.text = json["text"].text();
      for (const char* lost : {"annotations", "logprobs"}) {
        if (json[lost].size() > 0) warnings_.drop(lost);
      }
      warn_unknown(json, "content.", {"type", "text", "annotations", "logprobs"}, warnings_);
    } else if (type == "refusal") {
      part.kind = Part::Kind::refusal;
      part.text = json["refusal"].text();
      warn_unknown(json, "content.", {"type", "refusal"}, warnings_);
    } else if (type == "input_image") {
      part.kind = Part::Kind::image;
      part.media.file_id = json["file_id"].text();
      part.media.detail = json["detail"].text();
      read_url(json["image_url"].text(), part.media);
      warn_unknown(json, "content.", {"type", "file_id", "detail", "image_url"}, warnings_);
    } else if (type == "input_file") {
      part.kind = Part::Kind::file;
      part.media.file_id = json["file_id"].text();
      part.media.name = json["filename"].text();
      warn_unknown(json, "content.", {"type", "file_id", "filename", "file_data", "file_url"}, warnings_);
      read_url(json["file_data"].is_string() ? json["file_data"].text() : json["file_url"].text(), part.media);
    } else {
      return cannot_cross("input[].content[].type: " + escape_controls(type.substr(0, 64)), "another dialect");
    }
    parts.push_back(std::move(part));
    return {};
  }

  void read_call(JsonView item, bool custom) {
    Part part;
    part.kind = Part::Kind::tool_call;
    part.call_id = item["call_id"].text();
    part.tool = {item["namespace"].text(), item["name"].text(), custom};
    part.text = custom ? item["input"].text() : item["arguments"].text();
    warn_unknown(item, "input.", {"type", "id", "status", "call_id", "namespace", "name", custom ? "input" : "arguments"},
                 warnings_);
    turn(Role::assistant).parts.push_back(std::move(part));
  }

  Status read_result(JsonView item) {
    Part result;
    result.kind = Part::Kind::tool_result;
    result.call_id = item["call_id"].text();
    warn_unknown(item, "input.", {"type", "id", "status", "call_id", "output"}, warnings_);
    PG_TRY_STATUS(read_content(item["output"], result.parts, result.plain));
    turn(Role::tool).parts.push_back(std::move(result));
    return {};
  }

  void read_thought(JsonView item) {
    Part part;
    part.kind = Part::Kind::thinking;
    part.proof = read_encrypted(item["encrypted_content"].text(), part.text);
    warn_unknown(item, "input.", {"type", "id", "status", "summary", "content", "encrypted_content"}, warnings_);
    if (part.text.empty() && part.proof.vendor != Proof::Vendor::anthropic) {
      for (JsonView summary : item["summary"]) {
        if (!part.text.empty()) part.text += "\n\n";
        part.text += summary["text"].text();
      }
    }
    turn(Role::assistant).parts.push_back(std::move(part));
  }

  Call& call_;
  Warnings& warnings_;
};

}  // namespace

Result<Call> read_responses_call(JsonView root, Warnings& warnings) {
  Call call;
  PG_TRY_STATUS(ResponsesReader(call, warnings).read(root));
  return call;
}

}  // namespace pg
