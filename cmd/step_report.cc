// Prints the steps of a check.
#include "cmd/step_report.h"

#include "cmd/print.h"
#include "core/base/text.h"

namespace pg {

void StepReport::add(std::string_view step, std::string_view verdict, const std::string& detail, const std::string& hint) {
  failed_ |= verdict == "fail";
  if (shell_.json) {
    std::string object = "{";
    json_field(object, "step", step);
    json_field(object, "verdict", verdict);
    json_field(object, "detail", detail);
    if (!hint.empty()) json_field(object, "hint", hint);
    steps_ += (steps_.empty() ? "" : ",") + object + "}";
    return;
  }
  const Color color = verdict == "ok" ? Color::green : verdict == "fail" ? Color::red : Color::yellow;
  shell_.print("{}  {:<12}{}\n", shell_.paint(color, fmt::format("{:<4}", verdict)), step, escape_controls(detail));
  if (!hint.empty()) shell_.print("      hint: {}\n", hint);
  shell_.flush();
}

int StepReport::end(int status) {
  if (shell_.json) shell_.print("{{\"ok\":{},\"steps\":[{}]}}\n", status == exit_ok, steps_);
  return status;
}

}  // namespace pg
