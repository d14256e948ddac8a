// The ignore rules that hold in a directory: its own files', and those of the directories above it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "cmd/scan_ignore.h"

namespace pg {

using IgnoreLevelPtr = std::shared_ptr<const IgnoreRules::Level>;

/// Which ignore files a directory has; `repository`: it is the root of one.
struct IgnoreFiles {
  bool git = false, own = false, repository = false;
};

/// The level of `directory`, called `name` in the one above; `exclude` are more patterns, one a line.
IgnoreLevelPtr ignore_level(const std::string& directory, std::string name, IgnoreLevelPtr above, IgnoreFiles files,
                            const std::string& exclude = {});

/// The levels above a scanned directory up to the root of its repository: a part of a tree is judged as the whole would judge it.
IgnoreLevelPtr levels_above(const std::string& directory);

/// "directory/name"; "." is left out.
std::string joined(const std::string& directory, std::string_view name);

}  // namespace pg
