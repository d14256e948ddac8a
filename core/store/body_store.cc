// Rows go oldest first, and the pages they leave are overwritten: what is deleted is not to be read from the file afterwards.
#include "core/store/body_store.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "core/base/compress.h"

namespace pg {
namespace {

// A body is kept up to 64 MB; what unpacks to more was not put there by pg.
constexpr std::size_t kMostUnpacked = std::size_t{128} << 20;

}  // namespace

Status BodyStore::insert_one(Statement& statement, const LogRow& row) {
  const LogBody& body = *row.body;
  const std::string request = compress_zstd(body.request);
  const std::string reply = compress_zstd(body.reply);
  const auto number = [](auto value) { return static_cast<std::int64_t>(value); };
  statement.bind(1, row.id).bind(2, row.time).bind(3, body.dialect).bind(4, number(request.size() + reply.size()));
  statement.bind(5, number(body.masked)).bind(6, number(body.request_size)).bind(7, number(body.request_cut));
  statement.bind(8, number(body.reply_size)).bind(9, number(body.reply_cut));
  return statement.bind_blob(10, request).bind_blob(11, reply).run();
}

Status BodyStore::insert(std::span<const LogRow> rows) {
  if (std::none_of(rows.begin(), rows.end(), [](const LogRow& row) { return row.body != nullptr; })) return {};
  PG_TRY(Transaction transaction, Transaction::begin(db_));
  PG_TRY(
      Statement statement,
      db_.prepare("INSERT INTO log_bodies(id, time, dialect, stored, masked, request_size, request_cut, reply_size, reply_cut, "
                  "request, reply) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"));
  for (const LogRow& row : rows)
    if (row.body != nullptr) PG_TRY_STATUS(insert_one(statement, row));
  return transaction.commit();
}

Result<std::optional<LogBody>> BodyStore::find(std::string_view id) {
  PG_TRY(Statement row, db_.prepare("SELECT dialect, masked, request_size, request_cut, reply_size, reply_cut, request, reply "
                                    "FROM log_bodies WHERE id = ?"));
  row.bind(1, id);
  PG_TRY(const bool found, row.step());
  if (!found) return std::optional<LogBody>();
  LogBody body;
  body.dialect = row.text(0);
  body.masked = static_cast<std::uint32_t>(row.integer(1));
  body.request_size = static_cast<std::uint64_t>(row.integer(2));
  body.request_cut = row.integer(3) != 0;
  body.reply_size = static_cast<std::uint64_t>(row.integer(4));
  body.reply_cut = row.integer(5) != 0;
  auto request = decompress(row.view(6), Coding::zstd, kMostUnpacked);
  auto reply = decompress(row.view(7), Coding::zstd, kMostUnpacked);
  if (!request || !reply) return make_error(Code::io_failed, db_.path() + ": the kept body of this request is damaged");
  body.request = std::move(request).value();
  body.reply = std::move(reply).value();
  return std::optional<LogBody>(std::move(body));
}

// The last row to go: of the oldest `slice`, those that are too old, and as many more as bring the sum below its limit.
Result<std::int64_t> BodyStore::find_last(const BodyLimits& limits, std::int64_t slice) {
  PG_TRY(std::uint64_t left, size());
  const auto oldest = [&](UnixMillis now, const std::function<bool(const Statement&)>& goes) -> Result<std::int64_t> {
    PG_TRY(Statement rows,
           db_.prepare("SELECT seq, time, stored FROM log_bodies WHERE ?2 = 0 OR time <= ?2 ORDER BY seq LIMIT ?1"));
    rows.bind(1, slice).bind(2, now);
    std::int64_t last = 0;
    for (;;) {
      PG_TRY(const bool row, rows.step());
      if (!row || !goes(rows)) return last;
      last = rows.integer(0);
    }
  };
  PG_TRY(const std::int64_t old, oldest(limits.now, [&](const Statement& row) { return row.integer(1) < limits.before; }));
  PG_TRY(const std::int64_t much, oldest(0, [&](const Statement& row) {
           const bool goes = limits.max_size > 0 && left > limits.max_size;
           left -= std::min(left, static_cast<std::uint64_t>(row.integer(2)));
           return goes;
         }));
  return std::max(old, much);
}

Result<std::int64_t> BodyStore::prune(const BodyLimits& limits, std::int64_t slice) {
  PG_TRY(const std::int64_t last, find_last(limits, slice));
  if (last == 0) return 0;
  const auto remove = [&]() -> Result<std::int64_t> {
    PG_TRY(Transaction transaction, Transaction::begin(db_));
    PG_TRY(Statement statement, db_.prepare("DELETE FROM log_bodies WHERE seq <= ?"));
    PG_TRY_STATUS(statement.bind(1, last).run());
    const std::int64_t gone = db_.changes();
    PG_TRY_STATUS(transaction.commit());
    return gone;
  };
  auto gone = remove();
  return gone;
}

Result<std::uint64_t> BodyStore::size() {
  PG_TRY(const std::int64_t size, db_.read_number("SELECT value FROM facts WHERE name = 'bodies_size'", 0));
  return static_cast<std::uint64_t>(std::max<std::int64_t>(size, 0));
}

Status BodyStore::note_dropped(std::uint64_t count) {
  PG_TRY(Statement statement, db_.prepare("UPDATE facts SET value = value + ? WHERE name = 'bodies_dropped'"));
  return statement.bind(1, static_cast<std::int64_t>(count)).run();
}

}  // namespace pg
