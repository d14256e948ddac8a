// Cross references of routes, hosts and prompt policies: whatever they name must exist, and a rule must be able to fit.
#pragma once

#include <string>
#include <vector>

#include "config/settings.h"

namespace pg {

void check_routing(const Settings& settings, std::vector<Problem>& problems);

/// Rules that can never be reached, because one before them takes every call.
void warn_routing(const Settings& settings, std::vector<std::string>& warnings);

}  // namespace pg
