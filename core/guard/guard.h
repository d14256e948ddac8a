// Guards: all finders of one project behind one call that finds, merges and decides. Immutable, shared by all threads.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/guard/rule.h"

namespace pg {

class SecretRules;  // core/guard/secrets.h: the compiled shipped rules, one instance for the whole process

struct CustomRule {
  std::string name;   // [a-z][a-z0-9-]*; the kind is its upper-case form with '_'
  std::string regex;  // RE2; must not match the empty string
  Action action = Action::redact;
};

struct GuardSettings {
  Action secrets = Action::redact;  // every secret rule without its own entry in `actions`
  Action email = Action::redact;
  Action iban = Action::redact;
  Action card = Action::redact;
  Action ssn = Action::redact;
  Action phone = Action::off;
  Action ipv4 = Action::off;
  bool private_ipv4 = false;                              // also RFC 1918 and the like
  std::map<std::string, Action> actions;                  // by rule id
  std::map<std::string, std::vector<std::string>> allow;  // rule id, or "secrets" -> exact values; "email" also takes "@domain"
  std::vector<CustomRule> custom;
};

/// Names in [guards] that are kept for guards to come: prompt injection, a keyword blocklist, a cap on length.
inline constexpr std::array<std::string_view, 3> kReservedGuards = {"injection", "keywords", "max_length"};

/// Which rules look at a text.
enum class Scrutiny : std::uint8_t { all, secrets_only };

class Guards {
 public:
  /// bad custom regexes, unknown rule ids and bad names give invalid_config with the offending name in the message.
  static Result<std::shared_ptr<const Guards>> make(std::shared_ptr<const SecretRules> secrets, GuardSettings settings);
  virtual ~Guards() = default;

  /// Appends the findings in `text` (decoded, any bytes): ordered, not overlapping, allow-listed and `off` ones left out.
  /// Pure: the same text gives the same findings. Linear time.
  virtual void inspect(std::string_view text, Scrutiny scrutiny, std::vector<Finding>& out) const = 0;

  virtual const Rule& rule(RuleIndex index) const = 0;
  virtual Action action(RuleIndex index) const = 0;  // weak findings: treat as detect at most
  virtual std::span<const Rule> rules() const = 0;
  /// Same settings and rules, same number; part of every verdict-cache key.
  virtual std::uint64_t fingerprint() const = 0;
};

}  // namespace pg
