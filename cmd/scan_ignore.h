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

/// The patterns of one directory's ignore files, and those of the directories above.
class IgnoreRules {
 public:
  /// `text` holds the lines of an ignore file that stands in a directory; later patterns win over earlier ones.
  void add(std::string_view text);
  bool empty() const { return patterns_.empty(); }

  /// True when the entry `path` (relative to this directory, "a/b") is left out; nearer directories win over farther ones.
  struct Level {
    std::shared_ptr<const IgnoreRules> rules;
    std::shared_ptr<const Level> above;
    std::string name;  // of this directory within the one above: "src"
  };
  static bool is_ignored(const Level* level, std::string_view name, bool is_directory);

 private:
  enum class Say { nothing, leave_out, keep };
  Say say(std::string_view path, std::string_view name, bool is_directory) const;

  std::vector<IgnorePattern> patterns_;
};

/// True when `path` ("a/b.txt"), or a directory on its way, is left out by the rules of the top directory alone.
bool is_path_ignored(const IgnoreRules& rules, std::string_view path);

/// gitignore(5)'s glob: '*' and '?' stop at '/', "**" between slashes spans any number of directories, [a-z] and [!a-z] classes,
/// '\' takes the next byte as it is. Time is bounded by pattern times path.
bool matches_ignore_glob(std::string_view glob, std::string_view path);

}  // namespace pg
