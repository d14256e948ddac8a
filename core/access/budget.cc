// Spent is what the ledger says; held is everything that is not in it yet. A limit looks at both.
#include "core/access/budget.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>

namespace pg {
namespace {

constexpr std::array<std::string_view, 3> kSpendKinds = {"key", "project", "endpoint"};

}  // namespace

std::string_view spend_kind_name(SpendKind kind) {
  return kSpendKinds[static_cast<std::size_t>(kind)];
}

SpendKind spend_kind_of(std::string_view name) {
  const auto found = std::find(kSpendKinds.begin(), kSpendKinds.end(), name);
  return found == kSpendKinds.end() ? SpendKind::key : static_cast<SpendKind>(found - kSpendKinds.begin());
}

bool Budget::change(std::int32_t month, Nanos from, Nanos to, Nanos limit) {
  const std::scoped_lock lock(mutex_);
  const auto known = spent_.find(month);
  const Nanos spent = known == spent_.end() ? 0 : known->second;
  Nanos& held = held_[month];
  const bool fits = to <= from || (spent <= limit && held - from <= limit - spent && to <= limit - spent - (held - from));
  if (fits) held += to - from;
  if (held == 0) held_.erase(month);
  return fits;
}

void Budget::set_spent(std::int32_t month, Nanos total) {
  const std::scoped_lock lock(mutex_);
  spent_[month] = total;
}

Budget::State Budget::state(std::int32_t month) const {
  const std::scoped_lock lock(mutex_);
  const auto spent = spent_.find(month);
  const auto held = held_.find(month);
  return {spent == spent_.end() ? 0 : spent->second, held == held_.end() ? 0 : held->second};
}

Nanos Budget::held() const {
  const std::scoped_lock lock(mutex_);
  Nanos sum = 0;
  for (const auto& [month, held] : held_) sum += held;
  return sum;
}

const Hold::Part* Hold::try_resize(Nanos amount) {
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    if (parts_[i].budget->change(month_, amount_, amount, parts_[i].limit)) continue;
    for (std::size_t back = 0; back < i; ++back)
      parts_[back].budget->change(month_, amount, amount_, std::numeric_limits<Nanos>::max());
    return &parts_[i];
  }
  amount_ = amount;
  return nullptr;
}

void Hold::resize(Nanos amount) {
  for (const Part& part : parts_) part.budget->change(month_, amount_, amount, std::numeric_limits<Nanos>::max());
  amount_ = amount;
}

}  // namespace pg
