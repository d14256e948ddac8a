// Files of a tree that may be hostile, read for what they say of the tree: regular ones alone, through no link, up to a size.
#pragma once

#include <cstddef>
#include <string>

#include "core/base/result.h"

namespace pg {

/// All of the file. not_found when there is none; too_large above `max` bytes; io_failed for links, directories, pipes and
/// devices, none of which is waited for.
Result<std::string> read_regular_file(const std::string& path, std::size_t max);

}  // namespace pg
