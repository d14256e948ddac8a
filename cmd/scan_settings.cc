// The shipped rules need no file at all; a broken one stops the scan rather than being left out.
#include "cmd/scan_settings.h"

#include <algorithm>

#include "cmd/open.h"
#include "cmd/scan_ignore.h"
#include "config/load.h"
#include "core/base/shipped.h"
#include "core/guard/rule_file.h"

namespace pg {
namespace {

bool covers(const ScanAllow& allow, const ScanFinding& finding, const std::string& rule) {
  if (!allow.rule.empty() && allow.rule != rule) return false;
  if (!allow.hash.empty() && allow.hash != finding.hash) return false;
  return allow.path.empty() || matches_ignore_glob(allow.path, finding.path) ||
         (allow.path.find('/') == std::string::npos && matches_ignore_glob("**/" + allow.path, finding.path));
}

Result<std::shared_ptr<const SecretRules>> chosen_rules(const Settings& settings, bool generic) {
  if (settings.scan.rules.empty() && settings.scan.disable.empty() && !generic)
    return SecretRules::read(without_examples(shipped("secrets.toml")), "secrets.toml");
  auto rules = SecretRules::choose({settings.scan.rules, settings.scan.disable, generic});
  if (rules) return rules;
  const auto place = settings.places.find("scan.disable");
  return make_error(rules.error().code, "[scan] disable: " + rules.error().message,
                    place == settings.places.end() ? std::string() : place->second.text());
}

}  // namespace

Result<ScanPlan> make_scan_plan(Shell& shell, bool pii, bool generic) {
  LoadOptions options = load_options(shell);
  options.repo_file = true;
  PG_TRY(const Settings settings, load_usable_settings(options));
  warn_of_broken(shell, settings);
  ScanPlan plan;
  plan.settings = settings.scan;
  PG_TRY(plan.secrets, chosen_rules(settings, generic));
  GuardSettings wanted;
  wanted.secrets = Action::detect;
  const Action personal = pii ? Action::detect : Action::off;
  wanted.email = wanted.iban = wanted.card = wanted.ssn = wanted.phone = wanted.ipv4 = personal;
  PG_TRY(plan.guards, Guards::make(plan.secrets, wanted));
  return plan;
}

void allow_by_settings(const std::vector<ScanAllow>& allow, const Guards& guards, std::vector<ScanFinding>& findings) {
  for (ScanFinding& finding : findings) {
    const std::string& rule = guards.rule(finding.rule).id;
    if (finding.allowed || std::none_of(allow.begin(), allow.end(), [&](const ScanAllow& a) { return covers(a, finding, rule); }))
      continue;
    finding.allowed = true;
    finding.allowed_by = kBySettings;
  }
}

}  // namespace pg
