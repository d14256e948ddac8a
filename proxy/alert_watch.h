// The alerts of a running server: every row goes past them on the writer's thread, to which this belongs.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "core/store/alert.h"
#include "core/store/db.h"

namespace pg {

struct LogRow;

using OnAlert = std::function<void(const AlertRule&, const AlertFiring&)>;

class AlertWatch {
 public:
  /// The alerts from the next row on; nullptr = none. What was counted for an alert that stays as it is stays, and so does its
  /// quiet time, which is also read from the database: that of a server before this one holds.
  void use(std::shared_ptr<const AlertRules> rules, Db& db);
  /// No alert is set: nobody needs to show a row.
  bool empty() const { return counters_.empty(); }
  /// Shows the row to every alert, and tells what fired.
  void note(const LogRow& row, const OnAlert& on_alert);
  /// Writes down what fired. On io_failed it is kept for the next time.
  Status write(Db& db);

 private:
  std::shared_ptr<const AlertRules> rules_;
  std::vector<AlertCounter> counters_;
  std::vector<AlertFiring> waiting_;
};

}  // namespace pg
