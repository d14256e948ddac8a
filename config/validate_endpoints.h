// What endpoints name: providers, and the type of the project they stand in.
#pragma once

#include <string>
#include <vector>

#include "config/settings.h"

namespace pg {

void check_endpoints(const Settings& settings, const ProjectSettings& project, std::vector<Problem>& problems);
void warn_endpoints(const Settings& settings, const ProjectSettings& project, std::vector<std::string>& warnings);

}  // namespace pg
