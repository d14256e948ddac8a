// Rule files: TOML blocks of secret rules -> SecretRule.  (door: toml++)
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/guard/secret_rule.h"

namespace pg {

/// Why a rule file cannot be used, and where.
struct RuleFlaw {
  int line = 0;
  int column = 0;
  std::string message;
};

/// Every [[rule]] of `toml`, in order, or every [[scan.rule]] when `key` is "scan.rule". The first flaw ends it: unknown key or
/// validator, no anchor of four bytes, bad names. A user's rules (`theirs`) need no kind, and their regular expressions are
/// compiled at once; those of shipped rules are tested and compiled when first needed.
std::vector<SecretRule> read_rules(std::string_view toml, std::string_view key, bool theirs, std::optional<RuleFlaw>& flaw);

/// The shipped form of it: invalid_config with file:line:column in front of the flaw.
Result<std::vector<SecretRule>> read_rule_file(std::string_view toml, std::string_view file);

/// The shipped rules without what only people and tests read (documentation, examples, comments): half of the text, for who
/// needs to find at once. Lines stay where they are.
std::string without_examples(std::string_view toml);

/// The positions a keyword spells: literal bytes, and {lhex:2}-like classes of rule_examples.h.
Result<Anchor> read_keyword(std::string_view keyword, bool ignore_case);

}  // namespace pg
