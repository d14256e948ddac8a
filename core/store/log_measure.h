// Values of a query that are measured: statuses, counts, sizes, durations, amounts, moments.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/store/log_query.h"

namespace pg {

/// What a value covers, both ends inside: 4xx and a day are ranges of their own.
struct LogReach {
  std::int64_t least = 0;
  std::int64_t most = 0;
};

/// nullopt when the text is no such value. `now` is what a duration counts back from where a moment is asked for.
std::optional<LogReach> read_reach(LogKind kind, std::string_view text, std::int64_t now);

/// All that parse_moment()'s words cover: of a day or a month all of it, of the others one moment.
std::optional<LogReach> read_moments(std::string_view text, std::int64_t now);

}  // namespace pg
