// Where settings, projects, database and app key live: XDG base directories, and the search for a repository's own file.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace pg {

using Environment = std::map<std::string, std::string, std::less<>>;

/// The variables of this process, now.
Environment process_environment();
/// The value of a variable; nullopt when it is unset or empty.
std::optional<std::string> find_variable(const Environment& environment, std::string_view name);

struct Paths {
  std::string home;
  std::string config_file;   // $XDG_CONFIG_HOME/promptgate/pg.toml, whether it exists or not
  std::string projects_dir;  // beside it
  std::string system_file;   // /etc/promptgate/pg.toml
  std::string data_dir;      // $XDG_DATA_HOME/promptgate
  std::string database;      // …/pg.db
  std::string app_key_file;  // …/app.key
};

/// XDG Base Directory Specification 0.8: relative values of XDG_* are ignored.
Paths find_paths(const Environment& environment);

/// The nearest .promptgate.toml in `directory` or above it, not above the git root or the home directory.
std::optional<std::string> find_repo_file(const std::string& directory, const std::string& home);

/// `~/x` to the home directory; a relative path to `base`.
std::string resolve_path(std::string_view path, const std::string& base, const std::string& home);

}  // namespace pg
