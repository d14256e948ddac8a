// Limits come from the settings and the keys, sums from the ledger.
#include "cmd/budget_lines.h"

#include <fmt/format.h>

#include "cmd/command.h"
#include "cmd/open.h"
#include "core/store/key_store.h"

namespace pg {

Result<std::vector<BudgetLine>> read_budget_lines(Db& db, const Settings& settings, std::int32_t month, bool running) {
  std::vector<BudgetLine> lines;
  for (const auto& [name, project] : settings.projects)
    if (project.limits.budget != 0) lines.push_back({SpendKind::project, name, project.limits.budget});
  for (const auto& [name, project] : settings.projects)
    for (const auto& [endpoint, row] : project.endpoints)
      if (row.limits.budget != 0) lines.push_back({SpendKind::endpoint, fmt::format("{}/{}", name, endpoint), row.limits.budget});
  PG_TRY(const std::vector<Key> keys, KeyStore(db, wall_clock(), actor_name()).list());
  for (const Key& key : keys)
    if (key.rules.budget != 0 && key.revoked == 0) lines.push_back({SpendKind::key, key.name, key.rules.budget});
  std::vector<ReservedLine> reserved;
  if (running) {
    PG_TRY(reserved, read_reserved(db));
  }
  for (BudgetLine& line : lines) {
    PG_TRY(const SpentByMonth spent, read_spent(db, line.kind, line.name));
    if (const auto found = spent.find(month); found != spent.end()) line.spent = found->second;
    for (const ReservedLine& row : reserved)
      if (row.kind == line.kind && row.name == line.name) line.reserved = row.amount;
  }
  return lines;
}

std::string fullest_budget(const std::vector<BudgetLine>& lines) {
  if (lines.empty()) return {};
  const auto fullest = std::max_element(lines.begin(), lines.end(),
                                        [](const BudgetLine& a, const BudgetLine& b) { return a.percent() < b.percent(); });
  return fmt::format("budget {}%", fullest->percent());
}

}  // namespace pg
