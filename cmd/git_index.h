// GitIndex: the names that a repository's index tracks, read from the file itself. Whatever ignore files say, git keeps those.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace pg {

class GitIndex {
 public:
  /// Versions 2 to 4, with ids of 20 or 32 bytes. `read_shared` gives the bytes of the index that a split one builds on, by its
  /// name in hex. invalid_config when the bytes are no such thing.
  using ReadShared = std::function<Result<std::string>(const std::string& id)>;
  static Result<GitIndex> read(std::string_view bytes, const ReadShared& read_shared);

  /// `whole`: a directory whose files the index does not list one by one: a submodule, or outside of a sparse checkout.
  enum class Tracked { no, file, below, whole };
  /// What is tracked of a file or directory, by its path from the top of the work tree.
  Tracked find(std::string_view path, bool is_directory) const;
  std::size_t size() const { return names_.size(); }

 private:
  struct Name {
    std::string text;
    bool is_whole;
    bool operator<(const Name& other) const { return text < other.text; }
  };
  struct Parsed;
  static bool parse(std::string_view bytes, std::size_t id_size, Parsed& into);
  static bool add_shared(const Parsed& split, const ReadShared& read_shared, std::size_t id_size, GitIndex& index,
                         std::string& why);

  std::vector<Name> names_;  // sorted
};

/// The git directory that `directory`/.git is or names; empty when that is none.
std::string find_git_directory(const std::string& directory);
/// Where what all work trees of a repository share is kept: the git directory itself, mostly.
std::string common_git_directory(const std::string& git_directory);
/// The index of that git directory; one that is not there tracks nothing.
Result<GitIndex> read_git_index(const std::string& git_directory);

}  // namespace pg
