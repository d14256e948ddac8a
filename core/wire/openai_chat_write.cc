// Call -> a Chat Completions request.
#include <algorithm>
#include <string>

#include "core/base/ascii.h"
#include "core/base/crypto.h"
#include "core/base/encode.h"
#include "core/wire/openai_write.h"

namespace pg {
namespace {

constexpr std::size_t kMaxStops = 4;  // Chat Completions: up to four stop sequences

class ChatWriter {
 public:
  ChatWriter(const Call& call, WriteWork& work, std::string& out) : call_(call), work_(work), json_(out) {}

  Status write() {
    PG_TRY_STATUS(settle_extras(call_, work_, "OpenAI Chat Completions", {}));
    if (call_.stop.size() > kMaxStops) return cannot_cross("stop_sequences (more than four)", "OpenAI Chat Completions");
    json_.open_object();
    json_.field("model", work_.options.model.empty() ? call_.model : work_.options.model);
    json_.open_array("messages");
    for (const Message& message : call_.messages) PG_TRY_STATUS(write_message(message));
    write_moved_media();
    json_.close_array();
    write_tools();
    write_settings();
    write_format();
    write_stream();
    json_.close_object();
    return {};
  }

 private:
  Status write_message(const Message& message) {
    if (message.role != Role::tool) write_moved_media();
    switch (message.role) {
      case Role::tool:
        for (const Part& result : message.parts) PG_TRY_STATUS(write_result(result));
        return {};
      case Role::assistant:
        return write_assistant(message);
      case Role::system:
      case Role::user:
        break;
    }
    const std::string_view system = message.developer && work_.options.developer_role ? "developer" : "system";
    json_.open_object().field("role", message.role == Role::system ? system : "user");
    PG_TRY_STATUS(write_content(message.parts));
    json_.close_object();
    return {};
  }

  Status write_content(const std::vector<Part>& parts) {
    if (parts.size() == 1 && is_all_text(parts)) {
      json_.field("content", parts.front().text);
      return {};
    }
    json_.open_array("content");
    for (const Part& part : parts) PG_TRY_STATUS(write_part(part));
    json_.close_array();
    return {};
  }

  Status write_part(const Part& part) {
    if (part.kind == Part::Kind::image) return write_image(part.media);
    if (part.kind == Part::Kind::file) return write_file(part);
    if (part.kind == Part::Kind::text) json_.open_object().field("type", "text").field("text", part.text).close_object();
    return {};
  }

  Status write_image(const Media& media) {
    if (!media.file_id.empty()) return cannot_cross("image.file_id", "OpenAI Chat Completions");
    json_.open_object().field("type", "image_url").open_object("image_url").field("url", data_url(media));
    json_.field_if("detail", media.detail).close_object().close_object();
    return {};
  }

  Status write_file(const Part& part) {
    const Media& media = part.media;
    PG_TRY(const bool said, write_file_words(part, "OpenAI Chat Completions", "text", work_, json_));
    if (said) return {};
    if (media.data.empty()) return cannot_cross("file.url", "OpenAI Chat Completions");
    json_.open_object().field("type", "file").open_object("file");
    json_.field("filename", media.name.empty() ? "document.pdf" : media.name).field("file_data", data_url(media));
    json_.close_object().close_object();
    return {};
  }

  Status write_assistant(const Message& message) {
    std::vector<Part> words;
    std::string refusal, thought;
    bool calls = false;
    for (const Part& part : message.parts) {
      if (part.kind == Part::Kind::text) words.push_back(part);
      if (part.kind == Part::Kind::refusal && work_.options.mistral_fields) words.push_back(text_part(part.text));
      if (part.kind == Part::Kind::refusal && !work_.options.mistral_fields) refusal += part.text;
      if (part.kind == Part::Kind::thinking) thought += part.text;
      calls = calls || part.kind == Part::Kind::tool_call;
    }
    const bool thinks = calls && work_.options.reasoning_content && !thought.empty();
    if (!thinks) warn_thoughts(message);
    if (words.empty() && refusal.empty() && !calls) return {};
    json_.open_object().field("role", "assistant");
    if (words.empty()) {
      json_.null("content");
    } else {
      PG_TRY_STATUS(write_content(words));
    }
    json_.field_if("refusal", refusal);
    if (thinks) json_.field("reasoning_content", thought);
    if (calls) write_calls(message);
    json_.close_object();
    return {};
  }
  void warn_thoughts(const Message& message) {
    for (const Part& part : message.parts) {
      if (part.kind == Part::Kind::thinking) work_.warnings.drop("thinking");
    }
  }

  void write_calls(const Message& message) {
    json_.open_array("tool_calls");
    for (const Part& part : message.parts) {
      if (part.kind != Part::Kind::tool_call) continue;
      const bool custom = part.tool.custom && !work_.tools.wraps(part.tool);
      json_.open_object().field("id", call_id(part.call_id)).field("type", custom ? "custom" : "function");
      json_.open_object(custom ? "custom" : "function").field("name", work_.tools.wire(part.tool));
      if (custom) {
        json_.field("input", part.text);
      } else {
        json_.field("arguments", part.tool.custom ? wrap_input(part.text) : part.text.empty() ? "{}" : part.text);
      }
      json_.close_object();
      if (part.proof.vendor == Proof::Vendor::gemini && work_.options.mistral_fields) {
        work_.warnings.drop("thought_signature");
      } else if (part.proof.vendor == Proof::Vendor::gemini) {
        json_.open_object("extra_content").open_object("google").field("thought_signature", part.proof.value);
        json_.close_object().close_object();
      }
      json_.close_object();
    }
    json_.close_array();
  }

  /// A tool message holds text only: images and files follow in a user message, after the last result of the turn.
  Status write_result(const Part& result) {
    auto media = result_media(result);
    json_.open_object().field("role", "tool").field("tool_call_id", call_id(result.call_id));
    std::string text = result_text(result);
    if (!media.empty()) {
      work_.warnings.move("tool_result.media");
      text += text.empty() ? "" : "\n";
      text += "[attached below]";
      moved_.push_back(text_part("Attached to the result of tool call " + call_id(result.call_id) + ":"));
      for (Part& part : media) moved_.push_back(std::move(part));
    }
    if (media.empty() && !result.is_error && result.parts.size() > 1) {
      PG_TRY_STATUS(write_content(result.parts));
    } else {
      json_.field("content", text);
    }
    json_.close_object();
    return {};
  }
  void write_moved_media() {
    if (moved_.empty()) return;
    json_.open_object().field("role", "user").open_array("content");
    for (const Part& part : moved_) {
      if (!write_part(part)) work_.warnings.drop("tool_result.media");
    }
    json_.close_array().close_object();
    moved_.clear();
  }

  void write_tools() {
    if (call_.tools.empty()) return;
    json_.open_array("tools");
    for (const Tool& tool : call_.tools) write_tool(tool);
    json_.close_array();
    using Kind = ToolChoice::Kind;
    const Kind kind = call_.tool_choice.kind;
    if (!call_.tool_choice.allowed.empty()) return write_allowed_tools();
    json_.field_if("tool_choice", openai_choice(kind));
    if (kind == Kind::named) {
      const ToolName& name = call_.tool_choice.name;
      const char* type = name.custom && !work_.tools.wraps(name) ? "custom" : "function";
      json_.open_object("tool_choice").field("type", type).open_object(type).field("name", work_.tools.wire(name));
      json_.close_object().close_object();
    }
    if (call_.parallel_tools) json_.field("parallel_tool_calls", *call_.parallel_tools);
  }
  void write_allowed_tools() {
    json_.open_object("tool_choice").field("type", "allowed_tools").open_object("allowed_tools");
    json_.field("mode", call_.tool_choice.kind == ToolChoice::Kind::any ? "required" : "auto").open_array("tools");
    for (const ToolName& name : call_.tool_choice.allowed) {
      const char* type = name.custom && !work_.tools.wraps(name) ? "custom" : "function";
      json_.open_object().field("type", type).open_object(type).field("name", work_.tools.wire(name));
      json_.close_object().close_object();
    }
    json_.close_array().close_object().close_object();
    if (call_.parallel_tools) json_.field("parallel_tool_calls", *call_.parallel_tools);
  }
  void write_tool(const Tool& tool) {
    const bool wrapped = work_.tools.wraps(tool.name);
    const bool custom = tool.name.custom && !wrapped;
    const char* type = custom ? "custom" : "function";
    json_.open_object().field("type", type).open_object(type).field("name", work_.tools.wire(tool.name));
    json_.field_if("description", wrapped ? wrapped_description(tool) : tool.description);
    if (custom) {
      write_grammar(tool.format);
    } else {
      json_.raw_if("parameters", wrapped ? kWrappedSchema : std::string_view(tool.schema));
      if (tool.strict.value_or(false)) json_.field("strict", true);  // false is what Chat takes silence for
    }
    json_.close_object().close_object();
  }
  void write_grammar(const std::string& format) {
    JsonDoc doc;
    if (format.empty() || !doc.parse(format)) return;
    const JsonView root = doc.root();
    if (!root["type"].text_is("grammar")) {
      json_.raw("format", format);
      return;
    }
    json_.open_object("format").field("type", "grammar").open_object("grammar");
    json_.raw("syntax", root["syntax"].raw()).raw("definition", root["definition"].raw()).close_object().close_object();
  }

  void write_settings() {
    const char* limit = work_.options.max_completion_tokens ? "max_completion_tokens" : "max_tokens";
    if (call_.max_tokens) json_.field(limit, *call_.max_tokens);
    write_sampling(call_, true, work_, json_);
    if (!call_.top_k.empty()) work_.warnings.drop("top_k");
    json_.strings_if("stop", call_.stop);
    json_.field_if("reasoning_effort", openai_effort(call_, work_));
    json_.raw_if("metadata", call_.metadata);
    if (work_.options.mistral_fields) return warn_unknown_to_mistral();
    json_.field_if("verbosity", call_.verbosity);
    if (!call_.user.empty()) json_.field("user", short_user(call_.user, work_.warnings));
    json_.field_if("prompt_cache_key", call_.cache_key.empty() ? work_.options.cache_key : call_.cache_key);
    json_.field_if("service_tier", call_.service_tier);
  }
  // "extra_forbidden".
  void warn_unknown_to_mistral() {
    if (!call_.verbosity.empty()) work_.warnings.drop("verbosity");
    if (!call_.user.empty()) work_.warnings.drop("user");
    if (!call_.cache_key.empty()) work_.warnings.drop("prompt_cache_key");
    if (!call_.service_tier.empty()) work_.warnings.drop("service_tier");
  }

  void write_format() {
    if (call_.format.kind == OutputFormat::Kind::text) return;
    json_.open_object("response_format");
    if (call_.format.kind == OutputFormat::Kind::json_object) {
      json_.field("type", "json_object");
    } else {
      json_.field("type", "json_schema").open_object("json_schema");
      json_.field("name", call_.format.name.empty() ? "answer" : call_.format.name);
      json_.field_if("description", call_.format.description).raw("schema", call_.format.schema);
      if (call_.format.strict) json_.field("strict", *call_.format.strict);
      json_.close_object();
    }
    json_.close_object();
  }

  /// Usage is lost in a stream unless it is asked for; the reply's writer leaves the chunk out where the client did not ask.
  /// Mistral always tells it, and refuses to be asked.
  void write_stream() {
    if (!call_.stream) return;
    json_.field("stream", true);
    if (!work_.options.mistral_fields) json_.open_object("stream_options").field("include_usage", true).close_object();
  }

  /// Mistral: "must be a-z, A-Z, 0-9, with a length of 9". The same id always gives the same.
  std::string call_id(const std::string& id) const {
    const auto fits = [](char c) { return is_alnum(c); };
    if (!work_.options.mistral_fields || (id.size() == 9 && std::all_of(id.begin(), id.end(), fits))) return id;
    return to_hex(as_bytes(sha256(id))).substr(0, 9);
  }

  const Call& call_;
  WriteWork& work_;
  JsonOut json_;
  std::vector<Part> moved_;
};

}  // namespace

Status write_chat_call(const Call& call, WriteWork& work, std::string& out) {
  return ChatWriter(call, work, out).write();
}

}  // namespace pg
