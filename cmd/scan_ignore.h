// .gitignore and .ignore: which entries of a tree a scan leaves out. Immutable after reading; shared by the scanning threads.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace pg {

/// One pattern in the syntax of gitignore(5).
struct IgnorePattern {
  std::string glob;  // without '!', leading '/' and trailing '/'
  bool negated = false;
  bool only_directories = false;
  bool anchored = false;  // matched against the path below the file's directory, not against the name alone
  bool literal = false;   // no wildcard in it
};

/// The patterns of ignore files that stand in one directory.
class IgnoreRules {
 public:
  /// `text` holds the lines of an ignore file that stands in a directory; later patterns win over earlier ones.
  void add(std::string_view text);
  bool empty() const { return patterns_.empty(); }

  enum class Say { nothing, leave_out, keep };
  /// What they say of the entry `path` (relative to this directory, "a/b"), whose last part is `name`.
  Say say(std::string_view path, std::string_view name, bool is_directory) const;

 private:
  std::vector<IgnorePattern> patterns_;
};

class TrackedFiles;

/// A directory's rules, and through `above` those of the directories that it is in. Each may be null.
struct IgnoreLevel {
  std::shared_ptr<const IgnoreRules> git;       // .gitignore, .git/info/exclude: no word on what git tracks
  std::shared_ptr<const IgnoreRules> own;       // .ignore: stands above git's, wherever those are
  std::shared_ptr<const IgnoreRules> settings;  // `exclude`: stands above all
  std::shared_ptr<const IgnoreLevel> above;
  std::string name;                             // of this directory within the one above: "src"
  std::shared_ptr<const TrackedFiles> tracked;  // when it is the top of a work tree
};

enum class IgnoreVerdict { keep, left_out_by_user, left_out_by_git };
/// Of a kind of rules, nearer directories win over farther ones.
IgnoreVerdict judge_entry(const IgnoreLevel* level, std::string_view name, bool is_directory);

/// True when `path` ("a/b.txt"), or a directory on its way, is left out by the rules of the top directory alone.
bool is_path_ignored(const IgnoreRules& rules, std::string_view path, bool is_directory = false);

/// gitignore(5)'s glob: '*' and '?' stop at '/', "**" between slashes spans any number of directories, [a-z] and [!a-z] classes,
/// '\' takes the next byte as it is. Time is bounded by pattern times path.
bool matches_ignore_glob(std::string_view glob, std::string_view path);

}  // namespace pg
