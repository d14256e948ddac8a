// What must never reach the TOML parser: depth it would recurse into, and texts for which toml++ 3.3 has undefined behaviour.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace pg {

struct TomlFlaw {
  std::size_t at = 0;        // byte offset
  const char* message = "";  // for people
};

/// The first flaw of a well-formed UTF-8 text: more than 16 dots in a line or 16 open brackets (TOML 1.0 sets no limit, our
/// deepest setting has four parts), a table header without a name, or characters beyond ASCII outside texts and comments, where
/// TOML 1.0 has none. Linear time.
std::optional<TomlFlaw> find_toml_flaw(std::string_view text);

}  // namespace pg
