// Chat Completions and Responses, 2025.
#include "core/wire/openai_write.h"

namespace pg {
namespace {

bool takes_sampling(const Call& call, const TranslateOptions& options) {
  if (options.sampling == Sampling::always || options.sampling == Sampling::never) return options.sampling == Sampling::always;
  const std::string_view wanted = wanted_effort(call);
  const std::string_view effort = wanted.empty() ? wanted : nearest_effort(options.efforts, wanted);
  return effort == "none" || (effort.empty() && options.sampling == Sampling::unless_told_to_think);
}

}  // namespace

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

void write_sampling(const Call& call, bool penalties, WriteWork& work, JsonOut& json) {
  struct Setting {
    std::string_view name;
    const std::string& number;
    double usual;
    bool has_name;
  };
  const bool takes = takes_sampling(call, work.options);
  for (const auto& [name, number, usual, has_name] :
       {Setting{"temperature", call.temperature, 1, true}, Setting{"top_p", call.top_p, 1, true},
        Setting{"presence_penalty", call.presence_penalty, 0, penalties},
        Setting{"frequency_penalty", call.frequency_penalty, 0, penalties}}) {
    if (number.empty()) continue;
    if (takes && has_name) {
      json.raw(name, number);
    } else if (takes || double_of(number) != usual) {
      work.warnings.drop(name);
    }
  }
}

std::string_view openai_choice(ToolChoice::Kind kind) {
  if (kind == ToolChoice::Kind::automatic) return "auto";
  if (kind == ToolChoice::Kind::any) return "required";
  return kind == ToolChoice::Kind::none ? "none" : "";
}

}  // namespace pg
