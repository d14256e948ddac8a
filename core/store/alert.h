// An alert: so many rows of the log that fit within so long, told once, then nothing for a while. Counting takes its time from
// the rows alone, so that a walk over old rows says what a running server would have said. Belongs to one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/store/log_query.h"

namespace pg {

struct AlertRule {
  std::string name;
  std::string text;                     // of `when`
  std::shared_ptr<const LogExpr> when;  // without a term on `time`
  std::uint32_t count = 1;
  Millis within{600'000};
  Millis quiet{3'600'000};
};
using AlertRules = std::vector<AlertRule>;

/// The filter of an alert: what `pg logs search` takes, but not empty, and without `time`. bad_request with the column in its
/// detail.
Result<LogExpr> parse_alert_filter(std::string_view text);

/// Nothing here is text from traffic.
struct AlertFiring {
  std::string name;
  UnixMillis time = 0;      // when the newest request that fits had ended
  std::uint32_t count = 0;  // how many fitted
  std::string request;      // id of the newest of them
};

class AlertCounter {
 public:
  /// `last`: when it fired last, before this counter began; nullopt = never.
  explicit AlertCounter(AlertRule rule, std::optional<UnixMillis> last = std::nullopt) : rule_(std::move(rule)), last_(last) {}

  /// Takes the next row, in the order in which rows are written; a firing when this row is the one that makes it so. Remembers
  /// `count` times and no more. A row whose clock was turned back is as far from the others as one from a later time: it neither
  /// fires nor silences the alert for longer than `within` and `quiet` say.
  std::optional<AlertFiring> note(const LogRow& row);

  const AlertRule& rule() const { return rule_; }
  std::optional<UnixMillis> last() const { return last_; }
  std::uint64_t fits() const { return fits_; }              // rows that fitted so far
  std::size_t remembered() const { return times_.size(); }  // times; rule().count at most
  /// Takes over settings of the same name. What was counted stays when it was counted alike.
  void use(AlertRule rule);

 private:
  void forget();

  AlertRule rule_;
  std::vector<UnixMillis> times_;  // a ring of rule_.count
  std::size_t next_ = 0;           // where the next time goes; in a full ring the oldest stands there
  std::optional<UnixMillis> last_;
  std::uint64_t fits_ = 0;
};

}  // namespace pg
