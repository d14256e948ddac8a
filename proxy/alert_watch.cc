// Counters follow their names from settings to settings.
#include "proxy/alert_watch.h"

#include <algorithm>
#include <utility>

#include "core/store/alert_store.h"
#include "core/store/log_store.h"

namespace pg {

void AlertWatch::use(std::shared_ptr<const AlertRules> rules, Db& db) {
  if (rules == rules_) return;
  rules_ = std::move(rules);
  std::vector<AlertCounter> before = std::exchange(counters_, {});
  if (rules_ == nullptr) return;
  // A database that cannot be read is complained about when rows are written; an alert too many is the lesser evil.
  const auto sums = AlertStore(db).sums();
  for (const AlertRule& rule : *rules_) {
    const auto known =
        std::find_if(before.begin(), before.end(), [&](const AlertCounter& counter) { return counter.rule().name == rule.name; });
    if (known != before.end()) {
      counters_.push_back(std::move(*known));
      counters_.back().use(rule);
      continue;
    }
    std::optional<UnixMillis> last;
    if (sums)
      if (const auto fired = sums.value().find(rule.name); fired != sums.value().end()) last = fired->second.last.time;
    counters_.emplace_back(rule, last);
  }
}

void AlertWatch::note(const LogRow& row, const OnAlert& on_alert) {
  for (AlertCounter& counter : counters_) {
    auto firing = counter.note(row);
    if (!firing) continue;
    if (on_alert) on_alert(counter.rule(), *firing);
    if (waiting_.size() >= static_cast<std::size_t>(AlertStore::kKept)) waiting_.erase(waiting_.begin());
    waiting_.push_back(std::move(*firing));
  }
}

Status AlertWatch::write(Db& db) {
  if (waiting_.empty()) return {};
  PG_TRY_STATUS(AlertStore(db).add(waiting_));
  waiting_.clear();
  return {};
}

}  // namespace pg
