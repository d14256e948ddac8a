// Runs of digits that a finder may take for a number of somebody's, 64 bytes at a time, on processors that have the instructions.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "core/guard/matcher.h"

namespace pg {

/// Appends the runs of digits that begin in text[0, end), in order, but for most of those that are short and stand alone or
/// inside a word: a run of at least seven digits that no word goes on behind, or one that joins further groups, or one behind two
/// capital letters is never left out. Returns `end`, where the search goes on run by run; 0 on other processors.
std::size_t find_number_runs(std::string_view text, std::vector<Place>& runs);

}  // namespace pg
