// Two facts: the time that was believed last, and for how long the clock had been doubted then.
#include "core/store/log_time.h"

#include <string_view>
#include <utility>

namespace pg {
namespace {

constexpr std::int64_t kKeepEvery = kHour;

}  // namespace

Status LogTime::resume(Db& db, std::int64_t boot) {
  PG_TRY(std::optional<std::int64_t> believed, db.read_number("SELECT value FROM facts WHERE name = 'log_time'"));
  PG_TRY(const std::optional<std::int64_t> doubted, db.read_number("SELECT value FROM facts WHERE name = 'log_time_doubted'"));
  if (!believed) {
    PG_TRY(believed, db.read_number("SELECT time FROM log_rows ORDER BY seq DESC LIMIT 1"));
  }
  if (believed) time_.resume(*believed, doubted.value_or(0), boot);
  return {};
}

Result<UnixMillis> LogTime::look(Db& db, UnixMillis wall, std::int64_t boot) {
  if (!begun_) PG_TRY_STATUS(resume(db, boot));
  begun_ = true;
  believed_ = time_.look(wall, boot);
  at_ = boot;
  const bool doubts = time_.doubted(boot).has_value();
  if (doubts && !doubting_) doubt_ = wall - believed_;
  doubting_ = doubts;
  if (!kept_at_ || boot - *kept_at_ >= kKeepEvery) (void)keep(db, boot);  // else at the next look
  return believed_;
}

Status LogTime::keep(Db& db, std::int64_t boot) {
  if (!begun_) return {};
  PG_TRY(Statement statement,
         db.prepare("INSERT INTO facts VALUES('log_time', ?1), ('log_time_doubted', ?2) ON CONFLICT(name) DO "
                    "UPDATE SET value = excluded.value"));
  statement.bind(1, believed_ + boot - at_).bind(2, time_.doubted(boot).value_or(0));
  PG_TRY_STATUS(statement.run());
  kept_at_ = boot;
  return {};
}

std::optional<std::int64_t> LogTime::take_doubt() {
  return std::exchange(doubt_, std::nullopt);
}

}  // namespace pg
