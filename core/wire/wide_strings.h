// The passes over JSON strings by wide registers, 64 bytes a step: in code there is an escape or more in each of them, and where
// they stand cannot be foreseen, so they are judged together, without a branch for each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/processor.h"
#include "core/wire/json_walk.h"

namespace pg {

/// As find_string_end(), all of them.
using FindStringEnd = bool(std::string_view text, std::size_t& at, StringFacts& facts);
FindStringEnd find_string_end_plain;

/// Undoes the escapes of `raw` behind `to`, which has room for raw.size() + kUnescapeRoom bytes, as far as steps go; where that
/// is.
using UnescapeSteps = std::size_t(std::string_view raw, char*& to, bool keeps_halves);
inline constexpr std::size_t kUnescapeRoom = 64;

#ifdef PG_AVX2
FindStringEnd find_string_end_256;  // for has_avx2()
UnescapeSteps unescape_256;
#endif
#ifdef PG_AVX512
FindStringEnd find_string_end_512;  // for has_avx512()
UnescapeSteps unescape_512;
#endif

/// As unescape_json(), or unescape_json_piece() when it keeps halves; `steps` may be nullptr.
std::string unescape_by(UnescapeSteps* steps, std::string_view raw, bool keeps_halves);

/// Of 64 bytes, those that stand behind a backslash which is not behind one itself, so that a row of them is told apart in pairs.
/// `carry` says whether the byte before the first is such a backslash, and then whether the last is.
inline std::uint64_t escaped_bytes(std::uint64_t slashes, std::uint64_t& carry) {
  constexpr std::uint64_t kOdd = 0xAAAA'AAAA'AAAA'AAAA;
  const std::uint64_t behind = (slashes & ~carry) << 1;
  // A borrow runs through each row: what begins at an even place flips its odd places, and the other way round.
  const std::uint64_t pairs = ((behind | kOdd) - (slashes & ~carry)) ^ kOdd;
  const std::uint64_t escaped = pairs ^ (slashes | carry);
  carry = (pairs & slashes) >> 63;
  return escaped;
}

}  // namespace pg
