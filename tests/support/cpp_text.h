// C++ source as text: comments and literals blanked out, so that rules over code do not trip over words.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pg::test {

/// `source` with the insides of comments, strings and character literals replaced by blanks; same length, same lines.
std::string code_of(std::string_view source);

/// The index of the bracket that closes the one at `open`, or npos. `code` must have been through code_of().
std::size_t find_close(std::string_view code, std::size_t open);

/// The index of the last non-blank character before `at`, or npos.
std::size_t find_before(std::string_view code, std::size_t at);

/// The 1-based line of the character at `at`.
std::size_t line_of(std::string_view text, std::size_t at);

/// True when `word` stands at `at` and is not part of a longer identifier.
bool is_word_at(std::string_view code, std::size_t at, std::string_view word);

}  // namespace pg::test
