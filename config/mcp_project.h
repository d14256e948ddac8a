// The commented text of a new project of type "mcp".
#pragma once

#include <string>

#include "config/project_files.h"

namespace pg {

std::string mcp_project_text(const NewProject& project);

}  // namespace pg
