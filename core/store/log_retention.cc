// Rows go in the order they were written, and only from the front: a request that began long ago and ended late keeps its row a
// little longer. The newest row stays, whatever its age: the next one is numbered after it, so that no number comes twice.
#include "core/store/log_retention.h"

#include <algorithm>
#include <limits>
#include <vector>

namespace pg {
namespace {

constexpr std::string_view kRemoveNames =
    "DELETE FROM log_names WHERE last_seq <= ?1 AND id IN (SELECT names FROM log_rows WHERE seq <= ?1)";

// The last row to go: of the oldest `slice`, as many as are too old, or all of them when there is too much.
Result<std::int64_t> find_last(Db& db, const LogLimits& limits, bool too_much, std::int64_t slice) {
  PG_TRY(Statement oldest, db.prepare("SELECT seq, time FROM log_rows WHERE seq < (SELECT max(seq) FROM log_rows) AND "
                                      "(?2 = 0 OR time <= ?2) ORDER BY seq LIMIT ?1"));
  oldest.bind(1, slice).bind(2, too_much ? 0 : limits.now);
  std::int64_t last = 0;
  for (;;) {
    PG_TRY(const bool row, oldest.step());
    if (!row || (!too_much && oldest.integer(1) >= limits.before)) return last;
    last = oldest.integer(0);
  }
}

Status remove_up_to(Db& db, std::string_view sql, std::int64_t last) {
  PG_TRY(Statement remove, db.prepare(sql));
  remove.bind(1, last);
  return remove.run();
}

}  // namespace

Result<DbSize> measure_db(Db& db) {
  PG_TRY(const std::int64_t page, db.read_number("PRAGMA page_size", 0));
  PG_TRY(const std::int64_t pages, db.read_number("PRAGMA page_count", 0));
  PG_TRY(const std::int64_t free, db.read_number("PRAGMA freelist_count", 0));
  return DbSize{static_cast<std::uint64_t>((pages - free) * page), static_cast<std::uint64_t>(pages * page)};
}

namespace {

// Bytes beyond max_size. Bodies have a limit of their own: rows do not go to make room for them.
Result<std::uint64_t> excess_of(Db& db, const LogLimits& limits) {
  if (limits.max_size == 0) return 0;
  PG_TRY(const DbSize size, measure_db(db));
  PG_TRY(const std::int64_t bodies, db.read_number("SELECT value FROM facts WHERE name = 'bodies_size'", 0));
  const std::uint64_t most = limits.max_size + static_cast<std::uint64_t>(std::max<std::int64_t>(bodies, 0));
  return size.used > most ? size.used - most : 0;
}

}  // namespace

Result<std::int64_t> count_beyond(Db& db, const LogLimits& limits) {
  PG_TRY(const std::uint64_t excess, excess_of(db, limits));
  if (excess == 0) return 0;
  PG_TRY(const DbSize size, measure_db(db));
  PG_TRY(const std::int64_t rows, db.read_number("SELECT count(*) FROM log_rows", 0));
  const double part = static_cast<double>(excess) / static_cast<double>(size.used);
  return std::max<std::int64_t>(static_cast<std::int64_t>(part * static_cast<double>(rows)), rows > 1 ? 1 : 0);
}

Result<std::int64_t> prune_log(Db& db, const LogLimits& limits, std::int64_t slice) {
  PG_TRY(const std::uint64_t excess, excess_of(db, limits));
  const bool too_much = excess > 0;
  if (!too_much && limits.before == 0) return 0;
  PG_TRY(const std::int64_t last, find_last(db, limits, too_much, slice));
  if (last == 0) return 0;
  PG_TRY(Transaction transaction, Transaction::begin(db));
  // First the names that no later row has.
  if (auto removed = remove_up_to(db, kRemoveNames, last); !removed) return removed.error();
  if (auto removed = remove_up_to(db, "DELETE FROM log_rows WHERE seq <= ?1", last); !removed) return removed.error();
  const std::int64_t gone = db.changes();
  if (auto done = transaction.commit(); !done) return done.error();
  return gone;
}

Result<std::int64_t> count_older(Db& db, const LogLimits& limits) {
  if (limits.before == 0) return 0;
  PG_TRY(const std::int64_t last, find_last(db, limits, false, std::numeric_limits<std::int64_t>::max()));
  PG_TRY(Statement rows, db.prepare("SELECT count(*) FROM log_rows WHERE seq <= ?"));
  rows.bind(1, last);
  PG_TRY(const bool row, rows.step());
  return row ? rows.integer(0) : 0;
}

}  // namespace pg
