// GitRepository: where a repository's parts are, and what is unusual about it.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/base/result.h"

namespace pg {

struct GitRepository {
  std::string directory;  // where git runs
  std::string top;        // of the work tree; empty when there is none
  std::string objects;    // the object directory
  std::size_t id_size = 20;
  bool is_shallow = false;
  std::vector<std::string> limits;  // "src/", "a.txt": paths that alone are looked at; none: all

  /// True when the path (relative to the top) lies within the limits.
  bool is_in(std::string_view path) const;
};

/// The repository of these paths (none: the current directory's). A path below the top of its work tree becomes a limit.
/// bad_request when it is in no repository, or in another than the path before; not_found when there is no git.
Result<GitRepository> open_repository(const std::vector<std::string>& paths);

/// Every object directory: the repository's own, then its alternates, each once.
std::vector<std::string> object_directories(const std::string& objects);

}  // namespace pg
