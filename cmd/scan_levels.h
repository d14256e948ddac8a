// The ignore rules that hold in a directory: its own files', and those of the directories above it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cmd/scan_ignore.h"

namespace pg {

using IgnoreLevelPtr = std::shared_ptr<const IgnoreRules::Level>;

/// Which ignore files a directory has; `repository`: it is the root of one.
struct IgnoreFiles {
  bool git = false, own = false, repository = false;
};

/// The level of `directory`, called `name` in the one above; `exclude` are more patterns, one a line. Ignore files that cannot be
/// obeyed, such as links, are said in `notes`.
IgnoreLevelPtr ignore_level(const std::string& directory, std::string name, IgnoreLevelPtr above, IgnoreFiles files,
                            std::vector<std::string>& notes, const std::string& exclude = {});

/// The levels above a scanned directory up to the root of its repository: a part of a tree is judged as the whole would judge it.
IgnoreLevelPtr levels_above(const std::string& directory, std::vector<std::string>& notes);

/// "directory/name"; "." is left out.
std::string joined(const std::string& directory, std::string_view name);

}  // namespace pg
