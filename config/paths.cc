// Paths from the environment.
#include "config/paths.h"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/store/files.h"

extern char** environ;

namespace pg {
namespace {

constexpr int kMaxAscent = 64;

bool exists(const std::string& path) {
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0;
}

std::string home_of(const Environment& environment) {
  if (auto home = find_variable(environment, "HOME"); home && home->front() == '/') return *home;
  const passwd* user = ::getpwuid(::geteuid());
  return user == nullptr || user->pw_dir == nullptr ? "/" : user->pw_dir;
}

std::string base_directory(const Environment& environment, std::string_view name, const std::string& fallback) {
  const auto value = find_variable(environment, name);
  return value && value->front() == '/' ? *value : fallback;
}

}  // namespace

Environment process_environment() {
  Environment environment;
  for (char** at = environ; at != nullptr && *at != nullptr; ++at) {
    const std::string_view pair = *at;
    const std::size_t equals = pair.find('=');
    if (equals != std::string_view::npos) environment.emplace(pair.substr(0, equals), pair.substr(equals + 1));
  }
  return environment;
}

std::optional<std::string> find_variable(const Environment& environment, std::string_view name) {
  const auto found = environment.find(name);
  if (found == environment.end() || found->second.empty()) return std::nullopt;
  return found->second;
}

Paths find_paths(const Environment& environment) {
  Paths paths;
  paths.home = home_of(environment);
  const std::string config = base_directory(environment, "XDG_CONFIG_HOME", paths.home + "/.config") + "/promptgate";
  paths.config_file = config + "/pg.toml";
  paths.projects_dir = config + "/projects";
  paths.system_file = "/etc/promptgate/pg.toml";
  paths.data_dir = base_directory(environment, "XDG_DATA_HOME", paths.home + "/.local/share") + "/promptgate";
  paths.database = paths.data_dir + "/pg.db";
  paths.app_key_file = paths.data_dir + "/app.key";
  return paths;
}

std::optional<std::string> find_repo_file(const std::string& directory, const std::string& home) {
  std::string at = directory;
  for (int i = 0; i < kMaxAscent && !at.empty() && at.front() == '/'; ++i) {
    const std::string base = at == "/" ? "" : at;
    if (exists(base + "/.promptgate.toml")) return base + "/.promptgate.toml";
    if (exists(base + "/.git") || at == home || at == "/") break;
    at = directory_of(at);
  }
  return std::nullopt;
}

std::string resolve_path(std::string_view path, const std::string& base, const std::string& home) {
  if (path == "~") return home;
  if (path.substr(0, 2) == "~/") return home + std::string(path.substr(1));
  if (!path.empty() && path.front() == '/') return std::string(path);
  return base + "/" + std::string(path);
}

}  // namespace pg
