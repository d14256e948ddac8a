// One escape of a JSON string: where it ends, what it stands for. The passes over whole strings share these.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/wire/json_walk.h"

namespace pg {

struct JsonEscape {
  std::size_t raw_size = 1;  // bytes of the raw text it takes
  std::uint32_t code_point = 0;
};

/// The escape that begins at raw[at] (a backslash). A lone surrogate is three bytes either way.
JsonEscape read_escape(std::string_view raw, std::size_t at, bool keeps_halves = false);

/// The escape at raw[at], undone behind `to`; where it ends. What is undone is never longer than it was.
std::size_t undo_escape(std::string_view raw, std::size_t at, char*& to, bool keeps_halves);

enum class Special : std::uint8_t { end, escape, fault };

/// What the special byte at text[at] is; `at` goes past an escape.
Special take_special(std::string_view text, std::size_t& at, StringFacts& facts);

}  // namespace pg
