// Two facts: the time that was believed last, and for how long the clock had been doubted then.
#include "core/store/log_time.h"

#include <string_view>
#include <utility>

namespace pg {
namespace {

constexpr std::int64_t kKeepEvery = 3'600'000;  // ms

Result<std::optional<std::int64_t>> read_number(Db& db, std::string_view sql) {
  PG_TRY(Statement statement, db.prepare(sql));
  PG_TRY(const bool row, statement.step());
  return row ? std::optional(statement.integer(0)) : std::nullopt;
}

}  // namespace

Status LogTime::resume(Db& db, std::int64_t boot) {
  PG_TRY(std::optional<std::int64_t> believed, read_number(db, "SELECT value FROM facts WHERE name = 'log_time'"));
  PG_TRY(const std::optional<std::int64_t> doubted, read_number(db, "SELECT value FROM facts WHERE name = 'log_time_doubted'"));
  if (!believed) {
    PG_TRY(believed, read_number(db, "SELECT time FROM log_rows ORDER BY seq DESC LIMIT 1"));
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
