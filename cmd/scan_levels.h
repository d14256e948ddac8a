// The ignore rules that hold in a directory: its own files', those of the directories above it, and the settings'.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cmd/git_index.h"
#include "cmd/scan_ignore.h"

namespace pg {

using IgnoreLevelPtr = std::shared_ptr<const IgnoreLevel>;

/// The index of a work tree, read when it is asked for first: only where something is ignored does anybody ask.
class TrackedFiles {
 public:
  explicit TrackedFiles(std::string git_directory) : git_directory_(std::move(git_directory)) {}
  /// Once, and by the thread that asked first, an index that cannot be read is an error; nothing is known to be tracked then.
  GitIndex::Tracked find(std::string_view path, bool is_directory, std::vector<std::string>& errors) const;

 private:
  std::string git_directory_;
  mutable std::once_flag once_;
  mutable GitIndex index_;
};

/// What the repository of that directory tracks of the entry `name`.
GitIndex::Tracked find_tracked(const IgnoreLevel* level, std::string_view name, bool is_directory,
                               std::vector<std::string>& errors);

/// Which ignore files a directory has; `repository`: it may be the top of one.
struct IgnoreFiles {
  bool git = false, own = false, repository = false;
};

/// Makes the levels of a scan. Thread-safe.
class IgnoreLevels {
 public:
  /// `exclude`: patterns of the settings, relative to `exclude_top`; when that is empty, or not above a path, to the top of the
  /// path's repository, or to the path itself. `no_ignore`: go by those alone.
  IgnoreLevels(bool no_ignore, const std::vector<std::string>& exclude, std::string exclude_top);

  /// Where a scan of a path begins.
  struct Start {
    IgnoreLevelPtr above;
    std::string name;                // of the directory within the one above
    bool is_top_of_exclude = false;  // `exclude` is relative to this directory
    bool is_excluded = false;        // by the settings: a path that was named is left out all the same
  };
  /// The levels above a directory up to the root of its repository: a part of a tree is judged as the whole would judge it. For
  /// what is no directory, only whether it is excluded.
  Start start(const std::string& path, bool is_directory, std::vector<std::string>& notes) const;
  /// The level of `directory`, called `name` in the one above. Ignore files that cannot be obeyed, such as links, are said in
  /// `notes`.
  IgnoreLevelPtr level(const std::string& directory, std::string name, IgnoreLevelPtr above, IgnoreFiles files,
                       bool is_top_of_exclude, std::vector<std::string>& notes) const;

 private:
  bool no_ignore_;
  std::shared_ptr<const IgnoreRules> exclude_;  // null: nothing is
  std::string exclude_top_;
};

/// "directory/name"; "." is left out.
std::string joined(const std::string& directory, std::string_view name);

/// The path from the root, without links on the way to its last part, which need not exist.
std::string real_place(const std::string& path);
/// What is left of `path` below the directory `top`, both from the root; nothing when it is elsewhere, "" when it is `top`.
std::optional<std::string> path_below(std::string_view path, std::string_view top);
/// The nearest directory at or above `path` that has a .git; "" when there is none.
std::string find_checkout(const std::string& path);

}  // namespace pg
