// Grouped by action, the strongest first.
#include "cmd/guard_words.h"

#include <fmt/format.h>

namespace pg {

std::vector<std::pair<std::string_view, Action>> guard_actions(const GuardSettings& guards) {
  return {{"secrets", guards.secrets}, {"email", guards.email}, {"iban", guards.iban}, {"card", guards.card},
          {"ssn", guards.ssn},         {"phone", guards.phone}, {"ipv4", guards.ipv4}};
}

std::string guards_cell(const GuardSettings& guards) {
  std::string out;
  for (Action action : {Action::block, Action::redact, Action::detect}) {
    std::string names;
    for (const auto& [name, its] : guard_actions(guards))
      if (its == action) names += fmt::format(" {}", name);
    if (!names.empty()) out += fmt::format("{}{}{}", out.empty() ? "" : "; ", action_name(action), names);
  }
  return out.empty() ? "off" : out;
}

}  // namespace pg
