// pg rules check: every rule finds its own examples and leaves its counterexamples alone.
#pragma once

#include <string>
#include <vector>

#include "core/guard/secrets.h"

namespace pg {

struct RuleComplaint {
  std::string rule;
  std::string what;  // with the pattern of the example, never with a value
};

struct RuleCheck {
  std::vector<RuleComplaint> complaints;
  std::size_t examples = 0;
};

/// Spells every example of every rule a few times and looks whether that rule finds it.
RuleCheck check_rules(const SecretRules& rules);

}  // namespace pg
