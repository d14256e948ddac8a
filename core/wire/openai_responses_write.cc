// Call -> a Responses request, without state at the provider: store is false and reasoning comes back encrypted.
#include <algorithm>
#include <string>

#include "core/base/text.h"
#include "core/wire/carriers.h"
#include "core/wire/citations.h"
#include "core/wire/openai_write.h"

namespace pg {
namespace {

class ResponsesWriter {
 public:
  ResponsesWriter(const Call& call, WriteWork& work, std::string& out) : call_(call), work_(work), json_(out) {}

  Status write() {
    PG_TRY_STATUS(settle_extras(call_, work_, "OpenAI Responses", {}));
    if (!call_.stop.empty()) {
      if (!work_.options.drop_unsupported) return cannot_cross("stop_sequences (stop)", "OpenAI Responses");
      work_.warnings.drop("stop");
    }
    json_.open_object();
    json_.field("model", work_.options.model.empty() ? call_.model : work_.options.model);
    std::size_t first = 0;
    if (has_instructions()) json_.field("instructions", call_.messages[first++].parts.front().text);
    json_.open_array("input");
    for (std::size_t i = first; i < call_.messages.size(); ++i) PG_TRY_STATUS(write_message(call_.messages[i]));
    json_.close_array();
    write_tools();
    write_settings();
    write_reasoning();
    write_text();
    json_.close_object();
    return {};
  }

 private:
  bool has_instructions() const {
    if (call_.messages.empty()) return false;
    const Message& first = call_.messages.front();
    return first.role == Role::system && first.head && !first.developer && first.parts.size() == 1 && is_all_text(first.parts);
  }

  Status write_message(const Message& message) {
    if (message.role == Role::tool) {
      for (const Part& result : message.parts) PG_TRY_STATUS(write_result(result));
      return {};
    }
    if (message.role == Role::assistant) {
      write_assistant(message);
      return {};
    }
    json_.open_object().field("role", message.role == Role::user ? "user" : message.developer ? "developer" : "system");
    if (message.plain) {
      json_.field("content", message.parts.front().text);
    } else {
      PG_TRY_STATUS(write_parts("content", message.parts));
    }
    json_.close_object();
    return {};
  }

  Status write_parts(std::string_view name, const std::vector<Part>& parts) {
    json_.open_array(name);
    for (const Part& part : parts) {
      if (part.kind == Part::Kind::image) {
        PG_TRY_STATUS(write_image(part.media));
      } else if (part.kind == Part::Kind::file) {
        PG_TRY_STATUS(write_file(part));
      } else {
        json_.open_object().field("type", "input_text").field("text", part.text).close_object();
      }
    }
    json_.close_array();
    return {};
  }

  Status write_image(const Media& media) {
    if (!media.file_id.empty()) return cannot_cross("image.file_id", "OpenAI Responses");
    json_.open_object().field("type", "input_image").field_if("detail", media.detail).field("image_url", data_url(media));
    json_.close_object();
    return {};
  }
  Status write_file(const Part& part) {
    const Media& media = part.media;
    PG_TRY(const bool said, write_file_words(part, "OpenAI Responses", "input_text", work_, json_));
    if (said) return {};
    json_.open_object().field("type", "input_file");
    if (media.data.empty()) {
      json_.field("file_url", media.url);
    } else {
      json_.field("filename", media.name.empty() ? "document.pdf" : media.name).field("file_data", data_url(media));
    }
    json_.close_object();
    return {};
  }

  /// A turn is a row of items, in order; words in a row are one message.
  void write_assistant(const Message& message) {
    if (message.plain && message.parts.size() == 1) {
      json_.open_object().field("role", "assistant").field("content", message.parts.front().text).close_object();
      return;
    }
    bool open = false;
    for (const Part& part : message.parts) {
      const bool words = part.kind == Part::Kind::text || part.kind == Part::Kind::refusal;
      if (words && !open) json_.open_object().field("role", "assistant").open_array("content");
      if (!words && open) json_.close_array().close_object();
      open = words;
      if (part.kind == Part::Kind::text) write_words(part);
      if (part.kind == Part::Kind::refusal)
        json_.open_object().field("type", "refusal").field("refusal", part.text).close_object();
      if (part.kind == Part::Kind::thinking) write_thought(part);
      if (part.kind == Part::Kind::tool_call) write_call(part);
    }
    if (open) json_.close_array().close_object();
  }

  void write_words(const Part& part) {
    json_.open_object().field("type", "output_text").field("text", part.text);
    if (!part.citations.empty()) {
      const std::int64_t points = count_code_points(part.text);
      json_.open_array("annotations");
      for (const Citation& citation : part.citations) write_openai_annotation(citation.within(points), false, json_);
      json_.close_array();
    }
    json_.close_object();
  }

  void write_thought(const Part& part) {
    if (part.proof.vendor != Proof::Vendor::openai) {
      work_.warnings.drop("thinking");
      return;
    }
    json_.open_object().field("type", "reasoning").open_array("summary").close_array();
    json_.field("encrypted_content", part.proof.value).close_object();
  }

  void write_call(const Part& part) {
    json_.open_object().field("type", part.tool.custom ? "custom_tool_call" : "function_call").field("call_id", part.call_id);
    json_.field("name", work_.tools.wire(part.tool));
    if (part.tool.custom) {
      json_.field("input", part.text);
    } else {
      json_.field("arguments", part.text.empty() ? "{}" : part.text);
    }
    json_.close_object();
  }

  Status write_result(const Part& result) {
    json_.open_object().field("type", result.tool.custom ? "custom_tool_call_output" : "function_call_output");
    json_.field("call_id", result.call_id);
    const bool text_only = is_all_text(result.parts);
    if (result.plain || (result.is_error && text_only) || (text_only && result.parts.size() == 1)) {
      json_.field("output", result_text(result));
    } else if (result.is_error) {
      std::vector<Part> marked = result.parts;
      marked.insert(marked.begin(), text_part(std::string(kErrorMark)));
      PG_TRY_STATUS(write_parts("output", marked));
    } else {
      PG_TRY_STATUS(write_parts("output", result.parts));
    }
    json_.close_object();
    return {};
  }

  void write_tools() {
    if (call_.tools.empty()) return;
    json_.open_array("tools");
    for (const Tool& tool : call_.tools) {
      json_.open_object().field("type", tool.name.custom ? "custom" : "function").field("name", work_.tools.wire(tool.name));
      json_.field_if("description", tool.description);
      if (tool.name.custom) {
        json_.raw_if("format", tool.format);
      } else {
        json_.raw("parameters",
                  tool.schema.empty() ? std::string_view(R"({"type":"object","properties":{}})") : std::string_view(tool.schema));
        json_.field("strict", tool.strict.value_or(false));  // without a word, Responses makes schemas strict
      }
      json_.close_object();
    }
    json_.close_array();
    using Kind = ToolChoice::Kind;
    const Kind kind = call_.tool_choice.kind;
    if (!call_.tool_choice.allowed.empty()) return write_allowed_tools();
    json_.field_if("tool_choice", openai_choice(kind));
    if (kind == Kind::named) {
      const ToolName& name = call_.tool_choice.name;
      json_.open_object("tool_choice")
          .field("type", name.custom ? "custom" : "function")
          .field("name", work_.tools.wire(name))
          .close_object();
    }
    if (call_.parallel_tools) json_.field("parallel_tool_calls", *call_.parallel_tools);
  }

  void write_allowed_tools() {
    json_.open_object("tool_choice").field("type", "allowed_tools");
    json_.field("mode", call_.tool_choice.kind == ToolChoice::Kind::any ? "required" : "auto").open_array("tools");
    for (const ToolName& name : call_.tool_choice.allowed)
      json_.open_object().field("type", name.custom ? "custom" : "function").field("name", work_.tools.wire(name)).close_object();
    json_.close_array().close_object();
    if (call_.parallel_tools) json_.field("parallel_tool_calls", *call_.parallel_tools);
  }

  void write_settings() {
    if (call_.max_tokens) json_.field("max_output_tokens", *call_.max_tokens);
    write_sampling(call_, false, work_, json_);
    if (!call_.top_k.empty()) work_.warnings.drop("top_k");
    if (!call_.user.empty()) json_.field("user", short_user(call_.user, work_.warnings));
    json_.raw_if("metadata", call_.metadata);
    json_.field_if("prompt_cache_key", call_.cache_key.empty() ? work_.options.cache_key : call_.cache_key);
    json_.field_if("service_tier", call_.service_tier);
    json_.field("store", false);
    if (call_.stream) json_.field("stream", true);
  }

  void write_reasoning() {
    const std::string_view effort = openai_effort(call_, work_);
    if (effort.empty()) return;
    json_.open_object("reasoning").field("effort", effort);
    if (effort != "none") json_.field_if("summary", call_.reasoning.summary);
    json_.close_object();
    if (effort != "none") json_.open_array("include").string("reasoning.encrypted_content").close_array();
  }

  void write_text() {
    if (call_.format.kind == OutputFormat::Kind::text && call_.verbosity.empty()) return;
    json_.open_object("text");
    if (call_.format.kind == OutputFormat::Kind::json_object) {
      json_.open_object("format").field("type", "json_object").close_object();
    } else if (call_.format.kind == OutputFormat::Kind::json_schema) {
      json_.open_object("format").field("type", "json_schema");
      json_.field("name", call_.format.name.empty() ? "answer" : call_.format.name);
      json_.field_if("description", call_.format.description).raw("schema", call_.format.schema);
      if (call_.format.strict) json_.field("strict", *call_.format.strict);
      json_.close_object();
    }
    json_.field_if("verbosity", call_.verbosity).close_object();
  }

  const Call& call_;
  WriteWork& work_;
  JsonOut json_;
};

}  // namespace

Status write_responses_call(const Call& call, WriteWork& work, std::string& out) {
  return ResponsesWriter(call, work, out).write();
}

}  // namespace pg
