// The commented text of a new project of type "api".
#pragma once

#include <string>

#include "config/project_files.h"

namespace pg {

std::string api_project_text(const NewProject& project);

}  // namespace pg
