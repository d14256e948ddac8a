// The two tables of rules, one after the other.
#include "core/guard/rule_kinds.h"

#include "core/guard/pii.h"
#include "core/guard/secrets.h"

namespace pg {

KindsOfRules shipped_rule_kinds() {
  KindsOfRules kinds;
  for (const Rule& rule : pii_rules()) kinds.emplace_back(rule.id, rule.kind);
  for (const SecretRule& rule : shipped_secret_rules()->rules()) kinds.emplace_back(rule.rule.id, rule.rule.kind);
  return kinds;
}

}  // namespace pg
