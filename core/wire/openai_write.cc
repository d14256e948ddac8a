// Chat Completions and Responses, 2025.
#include "core/wire/openai_write.h"

namespace pg {

Result<bool> write_file_words(const Part& part, std::string_view target, std::string_view type, WriteWork& work, JsonOut& json) {
  if (!part.media.file_id.empty()) return cannot_cross("file.file_id", target);
  if (!part.extra.empty()) work.warnings.drop("citations");
  if (part.media.text.empty()) return false;
  work.warnings.change("document");
  json.open_object().field("type", type).field("text", file_as_text(part.media)).close_object();
  return true;
}

std::string openai_effort(const Call& call, Warnings& warnings) {
  const std::string_view effort = wanted_effort(call);
  if (effort != "max") return std::string(effort);
  warnings.change("effort");
  return "xhigh";
}

std::string_view openai_choice(ToolChoice::Kind kind) {
  if (kind == ToolChoice::Kind::automatic) return "auto";
  if (kind == ToolChoice::Kind::any) return "required";
  return kind == ToolChoice::Kind::none ? "none" : "";
}

}  // namespace pg
