// The order of rows is the truth, their times are only asked how far apart they are.
#include "core/store/alert.h"

#include <algorithm>
#include <utility>

#include "core/store/log_store.h"

namespace pg {
namespace {

// What `time:>2h` counts back from, before it is refused for what it is.
constexpr UnixMillis kSomeTime = 1'700'000'000'000;

bool asks_for_time(const LogExpr& expr) {
  return (expr.field != nullptr && expr.field->kind == LogKind::time) ||
         std::any_of(expr.parts.begin(), expr.parts.end(), asks_for_time);
}

Millis apart(UnixMillis a, UnixMillis b) {
  return Millis(a > b ? a - b : b - a);
}

}  // namespace

Result<LogExpr> parse_alert_filter(std::string_view text) {
  PG_TRY(LogExpr expr, parse_log_query(text, kSomeTime));
  if (expr.op == LogExpr::Op::all_of && expr.parts.empty())
    return make_error(Code::bad_request, "an empty filter fits every request; status:* says so");
  if (asks_for_time(expr))
    return make_error(Code::bad_request,
                      "an alert looks at requests as they end: leave out time, within says how long they count");
  return expr;
}

void AlertCounter::forget() {
  times_.clear();
  next_ = 0;
}

void AlertCounter::use(AlertRule rule) {
  const bool alike = rule.text == rule_.text && rule.count == rule_.count && rule.within == rule_.within;
  rule_ = std::move(rule);
  if (!alike) forget();
}

std::optional<AlertFiring> AlertCounter::note(const LogRow& row) {
  if (!matches_row(*rule_.when, row)) return std::nullopt;
  ++fits_;
  const UnixMillis time = row.time + std::max<std::int64_t>(row.latency_ms, 0);
  if (times_.size() < rule_.count)
    times_.push_back(time);
  else
    times_[next_] = time;
  next_ = (next_ + 1) % rule_.count;
  if (times_.size() < rule_.count || apart(time, times_[next_]) > rule_.within) return std::nullopt;
  if (last_ && apart(time, *last_) < rule_.quiet) return std::nullopt;
  last_ = time;
  forget();  // each row counts for one firing
  return AlertFiring{rule_.name, time, rule_.count, row.id};
}

}  // namespace pg
