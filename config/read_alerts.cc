// A filter is parsed where it is read, so that its mistakes have a place, and once more when a policy is built.
#include "config/read_alerts.h"

#include <fmt/format.h>

#include <utility>

#include "config/checks.h"
#include "core/guard/rule_kinds.h"

namespace pg {
namespace {

constexpr std::size_t kMaxAlerts = 100;

}  // namespace

void read_alerts(const TableReader& outer, const TomlEntry& entry, std::map<std::string, AlertSettings>& alerts) {
  const TomlTable* table = outer.table(entry);
  if (table == nullptr) return;
  if (table->size() > kMaxAlerts)
    return outer.complain(outer.document.key_place(entry), fmt::format("more than {} alerts", kMaxAlerts));
  const TableReader reader = outer.within(entry.key);
  for (const TomlEntry& row : *table) {
    const SourcePlace place = reader.document.key_place(row);
    // A key of an alert right under [alerts] is a name that was forgotten.
    if (row.value.table() == nullptr) {
      reader.complain(place, "an alert is a table with a name", "write [alerts.failing], and its lines under that");
      continue;
    }
    if (check_provider_name(row.key)) {
      reader.complain(place, "an alert's name is lower-case letters, digits, dashes and underscores");
      continue;
    }
    AlertSettings alert;
    const std::size_t before = reader.problems.size();
    read_table<AlertSettings>(reader.within(row.key), *row.value.table(), alert_knobs(), alert, "");
    if (alert.when.empty() && reader.problems.size() == before)
      reader.complain(place, fmt::format("the alert \"{}\" does not say when", row.key), "such as when = \"status:>=500\"");
    alerts.insert_or_assign(row.key, std::move(alert));
  }
}

Result<AlertRule> make_alert(const std::string& name, const AlertSettings& alert) {
  PG_TRY(LogExpr when, parse_alert_filter(alert.when));
  if (asks_for_kinds(when)) add_rules_of_kinds(when, shipped_rule_kinds());
  return AlertRule{name, alert.when, std::make_shared<const LogExpr>(std::move(when)), alert.count, alert.within, alert.quiet};
}

std::shared_ptr<const AlertRules> build_alerts(const Settings& settings, std::vector<Problem>& problems) {
  if (settings.alerts.empty()) return nullptr;
  auto rules = std::make_shared<AlertRules>();
  for (const auto& [name, alert] : settings.alerts) {
    auto rule = make_alert(name, alert);
    if (rule)
      rules->push_back(std::move(rule).value());
    else
      problems.push_back({{settings.config_file, 0, 0, "", 1}, fmt::format("alert {}: {}", name, rule.error().message), ""});
  }
  return rules;
}

}  // namespace pg
