// The budgets there are, and how far they are spent: for pg budgets, and for the line below pg logs tail.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "config/settings.h"
#include "core/access/prices.h"
#include "core/store/db.h"
#include "core/store/spend_store.h"

namespace pg {

struct BudgetLine {
  SpendKind kind = SpendKind::key;
  std::string name;
  Nanos limit = 0, spent = 0, reserved = 0;
  Nanos left() const { return std::max<Nanos>(limit - spent - reserved, 0); }
  std::int64_t percent() const { return spent * 100 / limit; }
};

/// Projects first, then the keys that are not revoked. `reserved` is what a running server has set aside; without one it is 0.
Result<std::vector<BudgetLine>> read_budget_lines(Db& db, const Settings& settings, std::int32_t month, bool running);

/// "budget 39%", of the one that is spent the furthest; "" without any.
std::string fullest_budget(const std::vector<BudgetLine>& lines);

}  // namespace pg
