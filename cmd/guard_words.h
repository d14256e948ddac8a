// The actions of a table of guards in few words, for listings.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/guard/guard.h"

namespace pg {

/// "secrets", "email", … and what is done with each.
std::vector<std::pair<std::string_view, Action>> guard_actions(const GuardSettings& guards);

/// "redact secrets email; block ssn"; "off" when nothing is looked for.
std::string guards_cell(const GuardSettings& guards);

}  // namespace pg
