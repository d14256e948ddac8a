// Few directories have such files, so they are read as they come.
#include "cmd/scan_levels.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "cmd/regular_file.h"
#include "core/base/text.h"

namespace pg {
namespace {

constexpr std::size_t kMaxIgnoreFile = 1U << 20;  // each entry of a tree is compared with every line

/// What is not obeyed is said: a scan that reads more than was meant explains itself.
void add_lines_of(const std::string& path, std::shared_ptr<IgnoreRules>& rules, std::vector<std::string>& notes) {
  const Result<std::string> text = read_regular_file(path, kMaxIgnoreFile);
  if (!text && text.error().code != Code::not_found)
    notes.push_back(fmt::format("{} was not obeyed: {}", escape_controls(path), text.error().message));
  if (!text) return;
  if (rules == nullptr) rules = std::make_shared<IgnoreRules>();
  rules->add(*text);
}

std::string parent_of_path(const std::string& path) {
  return path.substr(0, std::max<std::size_t>(1, path.rfind('/')));
}

}  // namespace

std::string joined(const std::string& directory, std::string_view name) {
  std::string path;
  if (directory != ".") {
    path.reserve(directory.size() + 1 + name.size());
    path = directory;
    if (!path.ends_with('/')) path += '/';
  }
  path += name;
  return path;
}

std::string real_place(const std::string& path) {
  std::error_code failed;
  const std::filesystem::path plain = std::filesystem::absolute(path, failed).lexically_normal();
  std::string text = plain.string();
  while (text.size() > 1 && text.ends_with('/')) text.pop_back();
  const std::string real = std::filesystem::weakly_canonical(parent_of_path(text), failed).string();
  if (failed || real.empty()) return text;
  return joined(real, text.substr(text.rfind('/') + 1));
}

std::optional<std::string> path_below(std::string_view path, std::string_view top) {
  if (path == top) return "";
  if (!path.starts_with(top)) return std::nullopt;
  if (top.ends_with('/')) return std::string(path.substr(top.size()));
  if (path[top.size()] != '/') return std::nullopt;
  return std::string(path.substr(top.size() + 1));
}

std::string find_checkout(const std::string& path) {
  for (std::string at = path;; at = parent_of_path(at)) {
    if (::access(joined(at, ".git").c_str(), F_OK) == 0) return at;
    if (at.size() <= 1) return {};
  }
}

GitIndex::Tracked TrackedFiles::find(std::string_view path, bool is_directory, std::vector<std::string>& errors) const {
  std::call_once(once_, [&] {
    Result<GitIndex> index = read_git_index(git_directory_);
    if (index)
      index_ = std::move(*index);
    else
      errors.push_back(
          fmt::format("{}/index: {}; which ignored files are tracked is not known", git_directory_, index.error().message));
  });
  return index_.find(path, is_directory);
}

GitIndex::Tracked find_tracked(const IgnoreLevel* level, std::string_view name, bool is_directory,
                               std::vector<std::string>& errors) {
  std::string path(name);
  for (; level != nullptr; level = level->above.get()) {
    if (level->tracked != nullptr) return level->tracked->find(path, is_directory, errors);
    path.insert(0, level->name + "/");
  }
  return GitIndex::Tracked::no;
}

IgnoreLevels::IgnoreLevels(bool no_ignore, const std::vector<std::string>& exclude, std::string exclude_top)
    : no_ignore_(no_ignore), exclude_top_(std::move(exclude_top)) {
  auto rules = std::make_shared<IgnoreRules>();
  for (const std::string& pattern : exclude) rules->add(pattern);
  if (!rules->empty()) exclude_ = std::move(rules);
}

IgnoreLevels::Start IgnoreLevels::start(const std::string& path, bool is_directory, std::vector<std::string>& notes) const {
  std::error_code failed;
  const std::string real = is_directory ? std::filesystem::canonical(path, failed).string() : real_place(path);
  if (failed || real.empty()) return {};
  const std::string directory = is_directory ? real : parent_of_path(real);
  const std::string repository = no_ignore_ && exclude_ == nullptr ? std::string() : find_checkout(directory);
  std::string exclude_top = !exclude_top_.empty() && path_below(real, exclude_top_) ? exclude_top_ : repository;
  if (exclude_top.empty()) exclude_top = directory;
  Start start;
  start.name = real.substr(real.rfind('/') + 1);
  start.is_top_of_exclude = exclude_top == real;
  const std::string below = path_below(real, exclude_top).value_or("");
  start.is_excluded = exclude_ != nullptr && !below.empty() && is_path_ignored(*exclude_, below, is_directory);
  if (!is_directory || start.is_excluded) return start;
  std::vector<std::string> chain;
  const std::size_t top = std::min(repository.empty() ? real.size() : repository.size(), exclude_top.size());
  for (std::string at = real; at.size() > top;) chain.push_back(at = parent_of_path(at));
  for (; !chain.empty(); chain.pop_back()) {
    const std::string& at = chain.back();
    const bool is_inside = !repository.empty() && path_below(at, repository);
    start.above =
        level(at, at.substr(at.rfind('/') + 1), start.above, {is_inside, is_inside, at == repository}, at == exclude_top, notes);
  }
  return start;
}

IgnoreLevelPtr IgnoreLevels::level(const std::string& directory, std::string name, IgnoreLevelPtr above, IgnoreFiles files,
                                   bool is_top_of_exclude, std::vector<std::string>& notes) const {
  if (no_ignore_ && exclude_ == nullptr) return nullptr;
  auto level = std::make_shared<IgnoreLevel>();
  if (!no_ignore_) {
    std::shared_ptr<IgnoreRules> git, own;
    const std::string git_directory = files.repository ? find_git_directory(directory) : std::string();
    if (!git_directory.empty()) {
      add_lines_of(common_git_directory(git_directory) + "/info/exclude", git, notes);
      if (::access((git_directory + "/HEAD").c_str(), F_OK) == 0) level->tracked = std::make_shared<TrackedFiles>(git_directory);
    }
    if (files.git) add_lines_of(joined(directory, ".gitignore"), git, notes);
    if (files.own) add_lines_of(joined(directory, ".ignore"), own, notes);
    level->git = std::move(git);
    level->own = std::move(own);
  }
  if (is_top_of_exclude) level->settings = exclude_;
  level->above = std::move(above);
  level->name = std::move(name);
  return level;
}

}  // namespace pg
