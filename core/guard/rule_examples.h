// The pattern language of examples in rule files, so that no live-looking key stands in any source: "gsk_{alnum:52}" becomes a
// value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace pg {

struct ClassField {
  std::string_view alphabet;  // as ByteSet takes it
  std::size_t count = 1;
};

/// "alnum:52", "hex", "lhex:2", "uhex:8", "digit:10", "upper:4", "lower:4", "b64:40", "b64u:43", "base32:16", "any:ACGT:9".
std::optional<ClassField> read_class_field(std::string_view field);

/// The value that `pattern` spells; the same seed gives the same value. Besides classes: {github_crc:ghp_}, {github_crc:ghr_:70},
/// {github_pat}, {jwt}, {pem:RSA}, {pem_escaped:RSA}, {pypi:pypi.org}, {basic_auth}, {repeat:a:40}, {join} (nothing: cuts a
/// literal in two). bad_request for an unknown field.
Result<std::string> spell_example(std::string_view pattern, std::uint64_t seed);

}  // namespace pg
