// Names first, then device and inode: a hard link has another name, and a file that is not there yet has no inode.
#include "config/own_files.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>

#include "core/store/db_files.h"
#include "core/store/files.h"

namespace pg {
namespace {

constexpr std::string_view kBesideDatabase[] = {"", "-wal", "-shm", "-journal", ".lock", ".seal"};

bool is_one_file(const struct stat& a, const std::string& path) {
  struct stat b {};
  return ::stat(path.c_str(), &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

}  // namespace

OwnFiles::OwnFiles(const Settings& settings) {
  const auto add = [this](const std::string& path) {
    if (!path.empty()) names_.push_back(resolve_directory(path));
  };
  for (const auto& [path, stamp] : settings.stamps) add(path);
  add(settings.config_file);
  add(settings.repo_file);
  add(settings.app_key_file);
  for (const auto& [name, project] : settings.projects) add(project.file);
  if (!settings.projects_dir.empty()) projects_ = directory_of(resolve_directory(settings.projects_dir + "/x"));
  if (settings.database.empty()) return;
  database_ = resolve_directory(settings.database);
  for (const std::string_view suffix : kBesideDatabase) names_.push_back(database_ + std::string(suffix));
}

bool OwnFiles::hold(const std::string& path) const {
  const std::string name = resolve_directory(path);
  if (std::find(names_.begin(), names_.end(), name) != names_.end()) return true;
  // It would be read as a project, or taken for a copy of the database.
  if (!projects_.empty() && name.ends_with(".toml") && directory_of(name) == projects_) return true;
  if (!database_.empty() && name.starts_with(database_ + ".") && (name.ends_with(".bak") || name.ends_with(".replaced")))
    return true;
  struct stat there {};
  if (::stat(path.c_str(), &there) != 0) return false;
  return std::any_of(names_.begin(), names_.end(), [&](const std::string& own) { return is_one_file(there, own); });
}

void check_log_file(const Settings& settings, std::vector<Problem>& problems) {
  if (settings.log.file.empty()) return;
  const OwnFiles own(settings);
  bool held = own.hold(settings.log.file);
  for (std::uint32_t number = 1; number <= settings.log.file_keep && !held; ++number)
    held = own.hold(fmt::format("{}.{}", settings.log.file, number));
  if (!held) return;
  const auto place = settings.places.find("logs.file");
  problems.push_back({place == settings.places.end() ? SourcePlace{settings.config_file, 0, 0, "", 1} : place->second,
                      "logs.file: pg keeps something else in this file", "such as \"requests.log\""});
}

}  // namespace pg
