// What stands around a value: a byte that ends an escape (\n, \u003c, %22) separates, although it is a letter or digit.
#pragma once

#include <cstddef>
#include <string_view>

#include "core/guard/byte_set.h"

namespace pg {

/// Length of the escape sequence that ends right before `at` (2 for \n, 6 for \u003c, 3 for %22, 5 for %2522 and up to 8 for a
/// terminal colour), or 0 when the byte before is not the end of one.
std::size_t escape_before(std::string_view text, std::size_t at);

/// True when the '-' or '+' before `at` belongs to the line: the sign of a diff, or the dash behind a line's number (grep -C).
bool line_sign_before(std::string_view text, std::size_t at);

/// True when the backslashes at `at` lead to a quote or the end of a line: there ends the string or line that a text was put in.
bool escaped_end_at(std::string_view text, std::size_t at);

/// True when a value may begin at `at`: start of text, a byte outside `forbid`, the end of an escape, or a line's sign.
inline bool left_edge(std::string_view text, std::size_t at, const ByteSet& forbid) {
  return at == 0 || !forbid.has(text[at - 1]) || escape_before(text, at) != 0 || line_sign_before(text, at);
}

/// True when a value may end at `at`: end of text or a byte outside `forbid`.
inline bool right_edge(std::string_view text, std::size_t at, const ByteSet& forbid) {
  return at >= text.size() || !forbid.has(text[at]);
}

}  // namespace pg
