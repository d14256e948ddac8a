// Editing one project file by hand: a copy in an editor, checked before it replaces the file.
#pragma once

#include <string>

#include "cmd/command.h"
#include "config/project_files.h"

namespace pg {

/// Opens an editor on a copy, or takes the text from `from_file` ("-" = standard input), and replaces the project's file when the
/// text is valid; otherwise shows the problems and, on a terminal, offers to go on editing. Returns an exit status.
int edit_project_file(Shell& shell, const Settings& settings, const ProjectSettings& project, const std::string& from_file,
                      const ProjectAct& act);

}  // namespace pg
