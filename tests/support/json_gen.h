// Random JSON texts for property tests: every spelling RFC 8259 allows, and texts that are nearly JSON.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "tests/support/gen.h"

namespace pg::test {

/// Up to `most` characters of well-formed UTF-8: ASCII, quotes, backslashes, controls, two to four byte letters.
std::string random_utf8(Gen& gen, std::size_t most);

/// `text` (UTF-8) as the inside of a JSON string, each character in one of its spellings: as it is, \uXXXX in either case of the
/// digits, a surrogate pair, \/ and the like.
std::string spell(Gen& gen, std::string_view text);

/// A JSON value with random blanks and spellings, at most `depth` deep; keys of one object differ.
std::string random_json(Gen& gen, std::size_t depth);

/// `json` with one to three of its bytes changed, doubled, dropped or cut off.
std::string spoil(Gen& gen, std::string json);

}  // namespace pg::test
