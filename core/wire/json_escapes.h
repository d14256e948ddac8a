// One escape of a JSON string: where it ends, what it stands for. The passes over whole strings share these.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/wire/json_walk.h"

namespace pg {

/// What stands behind a backslash, by its byte; quote, backslash, slash and what RFC 8259 does not know stand for themselves.
inline constexpr std::array<char, 256> kSimpleEscapes = [] {
  std::array<char, 256> table{};
  for (std::size_t i = 0; i < table.size(); ++i) table[i] = static_cast<char>(i);
  table['b'] = '\b', table['f'] = '\f', table['n'] = '\n', table['r'] = '\r', table['t'] = '\t';
  return table;
}();

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
