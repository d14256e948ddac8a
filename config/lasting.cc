// Found again by name.
#include "config/lasting.h"

#include <fmt/format.h>

#include <functional>
#include <string_view>
#include <utility>

namespace pg {
namespace {

// A credential is told apart by a hash that never leaves the process.
std::string name_of(const Provider& target) {
  std::string name = fmt::format("{} {:x}", target.label, std::hash<std::string_view>{}(target.credential.reveal()));
  for (const Outlet& outlet : target.outlets) name += fmt::format(" {}{}", outlet.base.authority(), outlet.base.path);
  return name;
}

}  // namespace

std::shared_ptr<Capacity> LastingState::capacity(const std::string& name, CapacityRules rules) {
  if (rules.places == 0) return nullptr;
  const auto [entry, fresh] = capacities_.try_emplace(name);
  if (fresh)
    entry->second = std::make_shared<Capacity>(rules);
  else
    entry->second->change(rules);
  return entry->second;
}

std::shared_ptr<Rate> LastingState::rate(const std::string& name, const RateRules& rules) {
  if (rules.empty()) return nullptr;
  std::shared_ptr<Rate>& known = rates_[name];
  if (known == nullptr) known = std::make_shared<Rate>();
  return known;
}

std::shared_ptr<Budget> LastingState::budget(SpendKind kind, const std::string& name) const {
  const auto known = budgets_.find({kind, name});
  return known == budgets_.end() ? nullptr : known->second;
}

std::shared_ptr<Budget> LastingState::add_budget(SpendKind kind, const std::string& name, SpentByMonth spent) {
  return budgets_[{kind, name}] = std::make_shared<Budget>(kind, name, std::move(spent));
}

std::shared_ptr<Health> LastingState::health(const Provider& target) {
  std::shared_ptr<Health>& known = health_[name_of(target)];
  if (known == nullptr) known = std::make_shared<Health>();
  return known;
}

void LastingState::forget_unused() {
  std::erase_if(capacities_, [](const auto& row) { return row.second.use_count() == 1; });
  std::erase_if(rates_, [](const auto& row) { return row.second.use_count() == 1; });
  // Calls under way hold on to theirs, so that a budget that comes back finds them.
  std::erase_if(budgets_, [](const auto& row) { return row.second.use_count() == 1; });
  std::erase_if(health_, [](const auto& row) { return row.second.use_count() == 1; });
}

}  // namespace pg
