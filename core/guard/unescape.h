// Stretches of text in which characters stand as escapes (\/ in JSON, \u0041, \x41, %2F), spelled out, with the way back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/guard/matcher.h"

namespace pg {

/// A stretch with its escapes undone. However deep they are nested (a JSON string in a JSON string: \\\/, %252F), they are undone
/// at once.
struct Unescaped {
  std::string text;
  std::vector<std::uint32_t> places;  // of each byte of `text`, counted from the stretch's begin; one more for its end
};

void unescape(std::string_view stretch, Unescaped& out);

/// The next stretch at or after `from` that holds an escape of a printable character, with what stands around it on the line; an
/// empty place at the end of the text when there is none.
Place find_escaped(std::string_view text, std::size_t from);

}  // namespace pg
