// Which kind of data each shipped rule finds: rows of the log know a blocked call by its rules, people ask for kinds.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace pg {

/// Id and kind of every shipped rule: ("aws-access-key-id", "AWS_ACCESS_KEY"), ("email", "EMAIL").
using KindsOfRules = std::vector<std::pair<std::string, std::string>>;
KindsOfRules shipped_rule_kinds();

}  // namespace pg
