// The same checks for shipped rules and for those of a user's settings.
#include "cmd/rules_check.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/guard/rule_examples.h"

namespace pg {
namespace {

constexpr std::uint64_t kSpellings = 4;

bool finds_own(const SecretRules& rules, std::size_t rule, const std::string& text) {
  std::vector<Finding> found;
  rules.find(text, found);
  return std::any_of(found.begin(), found.end(), [&](const Finding& f) { return f.rule == rule; });
}

void check_examples(const SecretRules& rules, std::size_t index, bool wanted, RuleCheck& check) {
  const SecretRule& rule = rules.rules()[index];
  for (const std::string& pattern : wanted ? rule.examples : rule.counterexamples) {
    ++check.examples;
    for (std::uint64_t seed = 1; seed <= kSpellings; ++seed) {
      const auto text = spell_example(pattern, seed);
      const std::string_view kind = wanted ? "example" : "counterexample";
      if (text && finds_own(rules, index, *text) == wanted) continue;
      check.complaints.push_back({rule.rule.id, !text    ? fmt::format("{} {}: {}", kind, pattern, text.error().message)
                                                : wanted ? fmt::format("does not find its example {}", pattern)
                                                         : fmt::format("finds its counterexample {}", pattern)});
      break;
    }
  }
}

}  // namespace

RuleCheck check_rules(const SecretRules& rules) {
  RuleCheck check;
  for (std::size_t i = 0; i < rules.rules().size(); ++i) {
    const SecretRule& rule = rules.rules()[i];
    if (const Status status = rule.pattern->check(); !status) check.complaints.push_back({rule.rule.id, status.error().message});
    if (rule.examples.empty()) check.complaints.push_back({rule.rule.id, "has no examples, so nothing shows that it works"});
    check_examples(rules, i, true, check);
    check_examples(rules, i, false, check);
  }
  return check;
}

}  // namespace pg
