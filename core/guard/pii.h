// Personal data: hand-written finders that start at an '@' or a run of digits. Pure, linear, no regular expressions.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/guard/rule.h"
#include "core/guard/wide_numbers.h"

namespace pg {

enum class Pii : std::uint8_t { email, iban, card, ssn, phone, ipv4 };
inline constexpr std::size_t kPiiKinds = 6;

struct PiiChoice {
  std::array<bool, kPiiKinds> wanted{};
  bool private_ipv4 = false;  // also RFC 1918, RFC 6598 and link-local addresses
  bool wants(Pii kind) const { return wanted[static_cast<std::size_t>(kind)]; }
};

/// The rules of the kinds, in the order of Pii.
std::span<const Rule> pii_rules();

/// Appends what stands in `text`, in no order, not merged; the rule of a kind is `base` + its place in Pii.
void find_pii(std::string_view text, const PiiChoice& choice, RuleIndex base, std::vector<Finding>& out);

/// The same, with runs of digits as `find` gives them; nullptr: looked at one by one.
void find_pii_by(FindNumberRuns* find, std::string_view text, const PiiChoice& choice, RuleIndex base, std::vector<Finding>& out);

}  // namespace pg
