// Budgets: what a key or a project may spend in a calendar month. What a call may cost is set aside before it is sent, and
// becomes what it did cost when its row is written. Whole nano-USD. Shared by all threads: each budget has a mutex of its own.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/access/prices.h"
#include "core/access/rate.h"

namespace pg {

/// Whose money it is.
enum class SpendKind : std::uint8_t { key, project, endpoint };
std::string_view spend_kind_name(SpendKind kind);  // "key", "project", "endpoint"
SpendKind spend_kind_of(std::string_view name);

/// What one key or project was found to have spent, by month (202611).
using SpentByMonth = std::map<std::int32_t, Nanos>;

class Budget {
 public:
  /// `spent` is what the ledger says.
  Budget(SpendKind kind, std::string name, SpentByMonth spent) : kind_(kind), name_(std::move(name)), spent_(std::move(spent)) {}
  Budget(const Budget&) = delete;
  Budget& operator=(const Budget&) = delete;

  struct State {
    Nanos spent = 0;
    Nanos held = 0;  // set aside for calls under way, and of rows that are not written yet
  };
  /// Sets aside `to` in place of `from`. False, and nothing is changed, when more would be spent and set aside than `limit`
  /// allows; less is always fine.
  bool change(std::int32_t month, Nanos from, Nanos to, Nanos limit);
  /// What the ledger says now.
  void set_spent(std::int32_t month, Nanos total);
  State state(std::int32_t month) const;
  /// Of all months together.
  Nanos held() const;

  SpendKind kind() const { return kind_; }
  const std::string& name() const { return name_; }

 private:
  const SpendKind kind_;
  const std::string name_;
  mutable std::mutex mutex_;
  SpentByMonth spent_;
  SpentByMonth held_;  // without months in which nothing is
};

/// What a call set aside of each budget it comes under; given back by the destructor. Moves with its row from the exchange to the
/// writer, and is used by one of them at a time.
class Hold {
 public:
  explicit Hold(std::int32_t month) : month_(month) {}
  Hold(const Hold&) = delete;
  Hold& operator=(const Hold&) = delete;
  ~Hold() { resize(0); }

  struct Part {
    std::shared_ptr<Budget> budget;
    Nanos limit = 0;
  };
  void add(Part part) { parts_.push_back(std::move(part)); }
  /// Sets aside `amount` of every part, or of none: then the one that has not enough left.
  const Part* try_resize(Nanos amount);
  /// What it really cost, whatever the limits say.
  void resize(Nanos amount);
  /// The row will never be written: what was set aside stays so, until the next start.
  void abandon() { parts_.clear(); }

  std::int32_t month() const { return month_; }
  Nanos amount() const { return amount_; }
  const std::vector<Part>& parts() const { return parts_; }

 private:
  std::int32_t month_;
  Nanos amount_ = 0;
  std::vector<Part> parts_;
};

/// What a key or a project is held to; 0 = no limit.
struct LimitRules {
  RateRules rate;
  std::uint32_t max_tokens = 0;  // of input, in one request
  Nanos budget = 0;              // a calendar month
  bool empty() const { return rate.empty() && max_tokens == 0 && budget == 0; }
};

/// The same with what was counted so far, which outlives the policy.
struct CallLimits {
  std::string whose;  // "key laptop", "project team"
  LimitRules rules;
  std::shared_ptr<Rate> rate;      // nullptr = neither rpm nor rph
  std::shared_ptr<Budget> budget;  // nullptr = none
};

}  // namespace pg
