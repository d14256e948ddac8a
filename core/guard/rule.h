// What a rule is: the unit that finds, is configured, is logged, and names placeholders.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pg {

enum class Action : std::uint8_t { off, detect, redact, block };
std::string_view action_name(Action action);

enum class Category : std::uint8_t { secret, pii, custom };

/// What a finding says about itself to users; the matching parts live with the finder that owns the rule.
struct Rule {
  std::string id;           // "aws-access-key-id", "email", "custom:employee": stable, shown everywhere
  std::string kind;         // placeholder word, [A-Z][A-Z0-9_]*: "AWS_ACCESS_KEY", "EMAIL"
  std::string description;  // one line for people
  Category category = Category::secret;
  std::uint8_t priority = 0;  // higher wins an overlap of equal length: secret > iban > card > ssn > ipv4 > email > phone
};

using RuleIndex = std::uint16_t;

/// A place in the text that was given to the finder; byte offsets, half-open.
struct Finding {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  RuleIndex rule = 0;
  bool weak = false;  // a checksum says it is probably made up: shown by scans, never acted on by the proxy
  bool operator==(const Finding&) const = default;
};

}  // namespace pg
