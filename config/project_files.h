// projects/NAME.toml by command: written whole, through a rename, with an audit row of the same act.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/load.h"
#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/store/db.h"

namespace pg {

struct NewProject {
  std::string name;  // [a-z0-9][a-z0-9_-]{0,62}, not a UUID
  std::string id;    // empty = a fresh UUID
  std::vector<std::string> providers;
  std::string type = "agent";
};

/// Every guard with its default, ready to be uncommented: how project files of all types end.
inline constexpr std::string_view kGuardLines = R"(#secrets = "redact"
#email = "redact"
#iban = "redact"
#card = "redact"
#ssn = "redact"
#phone = "off"
#ipv4 = "off"
)";

/// The commented text of a project file; what its guards do is left to pg.toml.
std::string project_text(const NewProject& project);

/// True for a name that fits a file, a path segment and a filter.
bool is_project_name(std::string_view name);

/// Who acts, for the audit row; `db` may be null where there is no database yet.
struct ProjectAct {
  Db* db = nullptr;
  const Clock* clock = nullptr;
  std::string actor;
};

/// Writes settings.projects_dir/NAME.toml and gives the path. conflict when it, or its id, exists; bad_request for a bad name or
/// a provider named twice; not_found for an unknown one.
Result<std::string> add_project(const Settings& settings, const NewProject& project, const ProjectAct& act);
/// Replaces the file by `text` if that is valid on its own and beside the others; invalid_config with all problems otherwise.
Status edit_project(const Settings& settings, std::string_view name, std::string_view text, const ProjectAct& act);
/// not_found with a suggestion when there is no such project.
Status remove_project(const Settings& settings, std::string_view name, const ProjectAct& act);

}  // namespace pg
