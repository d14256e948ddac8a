// Which row is the last of an alert is a question of order, not of time: clocks are turned back.
#include "core/store/alert_store.h"

#include <utility>

namespace pg {
namespace {

AlertFiring read_firing(const Statement& row) {
  return {row.text(0), row.integer(1), static_cast<std::uint32_t>(row.integer(2)), row.text(3)};
}

}  // namespace

Status AlertStore::add(std::span<const AlertFiring> firings) {
  PG_TRY(Transaction transaction, Transaction::begin(db_));
  PG_TRY(Statement add, db_.prepare("INSERT INTO alerts_fired(name, time, count, request) VALUES(?, ?, ?, ?)"));
  for (const AlertFiring& firing : firings) {
    add.bind(1, firing.name).bind(2, firing.time).bind(3, std::int64_t{firing.count}).bind(4, firing.request);
    PG_TRY_STATUS(add.run());
  }
  PG_TRY(Statement trim,
         db_.prepare("DELETE FROM alerts_fired WHERE seq <= (SELECT max(seq) FROM alerts_fired) - ? AND seq NOT IN "
                     "(SELECT max(seq) FROM alerts_fired GROUP BY name)"));
  PG_TRY_STATUS(trim.bind(1, kKept).run());
  return transaction.commit();
}

Result<std::map<std::string, AlertSums, std::less<>>> AlertStore::sums() {
  // With max() the other columns are those of its row.
  PG_TRY(Statement rows, db_.prepare("SELECT name, time, count, request, max(seq), count(*) FROM alerts_fired GROUP BY name"));
  std::map<std::string, AlertSums, std::less<>> sums;
  for (;;) {
    PG_TRY(const bool row, rows.step());
    if (!row) return sums;
    sums[rows.text(0)] = {rows.integer(5), read_firing(rows)};
  }
}

Result<std::optional<AlertFiring>> AlertStore::newest() {
  PG_TRY(Statement rows, db_.prepare("SELECT name, time, count, request FROM alerts_fired ORDER BY seq DESC LIMIT 1"));
  PG_TRY(const bool row, rows.step());
  if (!row) return std::optional<AlertFiring>();
  return std::optional<AlertFiring>(read_firing(rows));
}

}  // namespace pg
