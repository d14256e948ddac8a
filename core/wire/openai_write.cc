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

std::string_view openai_effort(const Call& call, WriteWork& work) {
  const std::string_view wanted = wanted_effort(call);
  if (wanted.empty()) return wanted;
  const std::string_view effort = nearest_effort(work.options.efforts, wanted);
  if (effort.empty() && wanted != "none") work.warnings.drop("effort");
  if (!effort.empty() && effort != wanted) work.warnings.change("effort");
  return effort;
}

std::string_view openai_choice(ToolChoice::Kind kind) {
  if (kind == ToolChoice::Kind::automatic) return "auto";
  if (kind == ToolChoice::Kind::any) return "required";
  return kind == ToolChoice::Kind::none ? "none" : "";
}

}  // namespace pg
