// The search for long runs, 48 bytes a step, on processors that have the instructions.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "core/guard/matcher.h"

namespace pg {

/// The first run of at least kShortestBase64 bytes at or after `from`, or an empty place that lies before all of them, from where
/// on a search finds it. nullopt on other processors.
std::optional<Place> skip_short_runs(std::string_view text, std::size_t from);

}  // namespace pg
