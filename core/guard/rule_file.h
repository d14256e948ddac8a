// Rule files: TOML blocks of secret rules -> SecretRule.  (door: toml++)
#pragma once

#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/guard/secret_rule.h"

namespace pg {

/// Every [[rule]] of `toml`, in order. invalid_config with file:line:column and the rule's id for a block that is malformed:
/// unknown key or validator, no anchor of four bytes, bad names. Regular expressions are not compiled here.
Result<std::vector<SecretRule>> read_rule_file(std::string_view toml, std::string_view file);

/// The positions a keyword spells: literal bytes, and {lhex:2}-like classes of rule_examples.h.
Result<Anchor> read_keyword(std::string_view keyword, bool ignore_case);

}  // namespace pg
