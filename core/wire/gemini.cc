// Call -> a Gemini generateContent request (v1beta). The model and the method stand in the path, see gemini_path().
#include <algorithm>
#include <string>
#include <utility>

#include "core/wire/call_io.h"
#include "core/wire/gemini_schema.h"

namespace pg {
namespace {

// Google's documented word for histories that Gemini did not write (Thought signatures, "Migrating from other models").
constexpr std::string_view kNoSignature = "skip_thought_signature_validator";

class GeminiWriter {
 public:
  GeminiWriter(const Call& call, WriteWork& work, std::string& out) : call_(call), work_(work), json_(out) {}

  Status write() {
    PG_TRY_STATUS(settle_extras(call_, work_, "Gemini", {"seed"}));
    json_.open_object();
    PG_TRY_STATUS(write_system());
    json_.open_array("contents");
    for (const Message& message : call_.messages) {
      if (message.role != Role::system) PG_TRY_STATUS(write_message(message));
    }
    close_turn();
    json_.close_array();
    write_tools();
    write_config();
    warn_openai_settings(call_, work_.warnings);
    json_.close_object();
    return {};
  }

 private:
  Status write_system() {
    bool any = false, leading = true;
    for (const Message& message : call_.messages) {
      leading = leading && message.role == Role::system;
      if (message.role != Role::system) continue;
      if (!leading) work_.warnings.move("system");
      if (!std::exchange(any, true)) json_.open_object("systemInstruction").open_array("parts");
      for (const Part& part : message.parts) {
        if (part.kind != Part::Kind::text) return cannot_cross("system.content", "Gemini");
        json_.open_object().field("text", part.text).close_object();
      }
    }
    if (any) json_.close_array().close_object();
    return {};
  }

  /// Turns of user and model alternate: messages of one role in a row become one.
  void open_turn(std::string_view role) {
    if (role_ == role) return;
    close_turn();
    role_ = role;
    json_.open_object().field("role", role).open_array("parts");
  }
  void close_turn() {
    if (!role_.empty()) json_.close_array().close_object();
    role_ = {};
  }

  Status write_message(const Message& message) {
    first_call_ = true;
    for (const Part& part : message.parts) PG_TRY_STATUS(write_part(part, message.role == Role::assistant));
    // Behind the last of the results, which stand together in the order of their calls.
    for (const Part& part : message.parts) {
      if (part.kind != Part::Kind::tool_result) continue;
      for (const Part& media : result_media(part)) {
        work_.warnings.move("tool_result.media");
        PG_TRY_STATUS(write_media(media));
      }
    }
    return {};
  }

  Status write_part(const Part& part, bool model) {
    switch (part.kind) {
      case Part::Kind::text:
      case Part::Kind::refusal:
        if (part.text.empty()) return {};
        open_turn(model ? "model" : "user");
        json_.open_object().field("text", part.text).close_object();
        return {};
      case Part::Kind::thinking:
        work_.warnings.drop("thinking");
        return {};
      case Part::Kind::tool_call:
        open_turn("model");
        write_call(part);
        return {};
      case Part::Kind::tool_result:
        open_turn("user");
        write_result(part);
        return {};
      case Part::Kind::image:
      case Part::Kind::file:
        break;
    }
    open_turn(model ? "model" : "user");
    return write_media(part);
  }

  Status write_media(const Part& part) {
    Media media = part.media;
    if (!media.file_id.empty()) return cannot_cross("file_id", "Gemini");
    if (!part.extra.empty()) work_.warnings.drop("citations");
    json_.open_object();
    if (!media.text.empty()) {
      work_.warnings.change("document");
      json_.field("text", file_as_text(media));
    } else if (!media.data.empty()) {
      if (!media.name.empty()) work_.warnings.drop("filename");
      json_.open_object("inlineData").field("mimeType", media.media_type).field("data", media.data).close_object();
    } else {
      json_.open_object("fileData").field_if("mimeType", media.media_type).field("fileUri", media.url).close_object();
    }
    json_.close_object();
    return {};
  }

  void write_call(const Part& part) {
    json_.open_object().open_object("functionCall");
    if (work_.options.gemini_call_ids) json_.field("id", part.call_id);
    json_.field("name", work_.tools.wire(part.tool));
    if (part.tool.custom) {
      json_.raw("args", wrap_input(part.text));
    } else if (is_json_object(part.text)) {
      json_.raw("args", mend_surrogates(part.text));
    } else {
      json_.open_object("args").field_if("arguments", part.text).close_object();
    }
    json_.close_object();
    // The first of parallel calls carries the signature of all.
    const bool first = std::exchange(first_call_, false);
    if (part.proof.vendor == Proof::Vendor::gemini) {
      json_.field("thoughtSignature", part.proof.value);
    } else if (first) {
      json_.field("thoughtSignature", kNoSignature);
    }
    json_.close_object();
  }

  void write_result(const Part& part) {
    json_.open_object().open_object("functionResponse");
    if (work_.options.gemini_call_ids) json_.field("id", part.call_id);
    json_.field("name", part.tool.name.empty() ? std::string("tool") : work_.tools.wire(part.tool));
    Part words = part;
    words.is_error = false;
    const std::string text = result_text(words);
    if (!part.is_error && is_json_object(text)) {
      json_.raw("response", mend_surrogates(text));
    } else {
      json_.open_object("response").field(part.is_error ? "error" : "result", text).close_object();
    }
    json_.close_object().close_object();
  }

  void write_tools() {
    if (call_.tools.empty()) return;
    GeminiSchemas schemas;
    json_.open_array("tools").open_object().open_array("functionDeclarations");
    for (const Tool& tool : call_.tools) {
      json_.open_object().field("name", work_.tools.wire(tool.name));
      json_.field_if("description", tool.name.custom ? wrapped_description(tool) : tool.description);
      json_.raw_if("parameters", schemas.write(tool.name.custom ? kWrappedSchema : std::string_view(tool.schema)));
      json_.close_object();
    }
    json_.close_array().close_object().close_array();
    if (schemas.lost()) work_.warnings.change("tools.parameters");
    write_tool_choice();
  }
  void write_tool_choice() {
    using Kind = ToolChoice::Kind;
    const Kind kind = call_.tool_choice.kind;
    if (call_.parallel_tools && !*call_.parallel_tools) work_.warnings.drop("parallel_tool_calls");
    if (kind == Kind::unset) return;
    const char* mode = kind == Kind::automatic ? "AUTO" : kind == Kind::none ? "NONE" : "ANY";
    json_.open_object("toolConfig").open_object("functionCallingConfig").field("mode", mode);
    if (kind == Kind::named)
      json_.open_array("allowedFunctionNames").string(work_.tools.wire(call_.tool_choice.name)).close_array();
    json_.close_object().close_object();
  }

  void write_config() {
    json_.open_object("generationConfig");
    if (call_.max_tokens) json_.field("maxOutputTokens", *call_.max_tokens);
    json_.raw_if("temperature", call_.temperature).raw_if("topP", call_.top_p).raw_if("topK", call_.top_k);
    json_.raw_if("presencePenalty", call_.presence_penalty).raw_if("frequencyPenalty", call_.frequency_penalty);
    for (const Call::Extra& extra : call_.extras)
      if (extra.name == "seed") json_.raw("seed", extra.value);
    json_.strings_if("stopSequences", call_.stop);
    if (call_.format.kind != OutputFormat::Kind::text) {
      json_.field("responseMimeType", "application/json");
      json_.raw_if("responseJsonSchema", call_.format.schema);  // takes JSON Schema as it is, unlike `parameters`
    }
    write_thinking();
    json_.close_object();
  }

  void write_thinking() {
    const std::string_view effort = wanted_effort(call_);
    if (effort.empty()) return;
    using Way = GeminiThinking::Way;
    const GeminiThinking& way = work_.options.gemini;
    if (way.way == Way::none) {
      if (effort != "none") work_.warnings.drop("thinking.enabled");
      return;
    }
    json_.open_object("thinkingConfig");
    if (way.way == Way::level) {
      const bool low = effort == "none" || effort == "minimal" || effort == "low";
      if (effort != "low" && effort != "medium" && effort != "high") work_.warnings.change("reasoning_effort");
      json_.field("thinkingLevel", low ? "LOW" : effort == "medium" ? "MEDIUM" : "HIGH");
    } else {
      json_.field("thinkingBudget", budget(effort));
    }
    if (effort != "none" && call_.reasoning.display != "omitted") json_.field("includeThoughts", true);
    json_.close_object();
  }

  /// A budget outside of what the model takes is refused.
  std::int64_t budget(std::string_view effort) {
    const GeminiThinking& way = work_.options.gemini;
    if (effort == "none" && way.can_rest) return 0;
    const std::int64_t wanted = effort == "none"                                  ? 0
                                : call_.reasoning.kind == Reasoning::Kind::budget ? call_.reasoning.budget
                                                                                  : budget_of(effort);
    const std::int64_t fitting = std::clamp(wanted, way.least, way.most);
    if (fitting != wanted) work_.warnings.change("thinking.budget_tokens");
    return fitting;
  }

  const Call& call_;
  WriteWork& work_;
  JsonOut json_;
  std::string_view role_;
  bool first_call_ = true;
};

}  // namespace

Status write_gemini_call(const Call& call, WriteWork& work, std::string& out) {
  return GeminiWriter(call, work, out).write();
}

}  // namespace pg
