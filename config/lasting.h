// What outlives a reload: who is at work and who waits, and which targets are well. Used by the one thread that builds policies;
// what it hands out is shared by all.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "core/access/budget.h"
#include "core/access/capacity.h"
#include "core/access/rate.h"
#include "core/policy.h"
#include "core/route/health.h"

namespace pg {

class LastingState {
 public:
  /// The one of that name, under `rules` from now on; nullptr when they set no limit.
  std::shared_ptr<Capacity> capacity(const std::string& name, CapacityRules rules);
  /// The counts of that name; nullptr when the rules set no limit.
  std::shared_ptr<Rate> rate(const std::string& name, const RateRules& rules);
  /// The budget of that name, or nullptr when there is none yet.
  std::shared_ptr<Budget> budget(SpendKind kind, const std::string& name) const;
  std::shared_ptr<Budget> add_budget(SpendKind kind, const std::string& name, SpentByMonth spent);
  /// Of `target`: the same as before while its place and credential are the same.
  std::shared_ptr<Health> health(const Provider& target);
  /// Drops what no policy uses any more.
  void forget_unused();

 private:
  std::map<std::string, std::shared_ptr<Capacity>> capacities_;
  std::map<std::string, std::shared_ptr<Rate>> rates_;
  std::map<std::pair<SpendKind, std::string>, std::shared_ptr<Budget>> budgets_;
  std::map<std::string, std::shared_ptr<Health>> health_;
};

}  // namespace pg
