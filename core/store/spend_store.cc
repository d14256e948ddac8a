// One statement for each key and each project of a batch, which says the new sum as it is added to.
#include "core/store/spend_store.h"

#include <algorithm>
#include <utility>

#include "core/store/log_store.h"

namespace pg {
namespace {

constexpr std::string_view kAddSpent =
    "INSERT INTO spending(month, kind, name, cost) VALUES(?, ?, ?, ?) "
    "ON CONFLICT DO UPDATE SET cost = cost + excluded.cost RETURNING cost";

std::shared_ptr<Budget> find_budget(const LogRow& row, SpendKind kind, std::string_view name) {
  if (row.hold == nullptr) return nullptr;
  for (const Hold::Part& part : row.hold->parts())
    if (part.budget->kind() == kind && part.budget->name() == name) return part.budget;
  return nullptr;
}

}  // namespace

void SpendLedger::add(const LogRow& row, SpendKind kind, std::string_view name) {
  if (name.empty()) return;
  const auto same = [&](const Entry& entry) { return entry.kind == kind && entry.month == row.month && entry.name == name; };
  auto entry = std::find_if(entries_.begin(), entries_.end(), same);
  if (entry == entries_.end()) entry = entries_.insert(entry, Entry{row.month, kind, std::string(name), 0, 0, nullptr});
  entry->cost += row.cost;
  if (entry->budget == nullptr) entry->budget = find_budget(row, kind, name);
}

void SpendLedger::add(const LogRow& row) {
  if (row.cost <= 0) return;
  add(row, SpendKind::key, row.key);
  add(row, SpendKind::project, row.project);
  add(row, SpendKind::endpoint, row.endpoint);
}

Status SpendLedger::write(Db& db) {
  if (entries_.empty()) return {};
  if (!add_) {
    PG_TRY(Statement made, db.prepare(kAddSpent));
    add_.emplace(std::move(made));
  }
  for (Entry& entry : entries_) {
    add_->bind(1, entry.month).bind_view(2, spend_kind_name(entry.kind)).bind_view(3, entry.name).bind(4, entry.cost);
    const auto row = add_->step();
    if (row && row.value()) entry.total = add_->integer(0);
    // What RETURNING gave is read to its end: only then is it done.
    const Status done = row ? add_->run() : Status(row.error());
    add_->reset();
    if (!done) return done;
  }
  return {};
}

void SpendLedger::tell_budgets() {
  for (const Entry& entry : entries_)
    if (entry.budget != nullptr) entry.budget->set_spent(entry.month, entry.total);
  entries_.clear();
}

Result<SpentByMonth> read_spent(Db& db, SpendKind kind, std::string_view name) {
  PG_TRY(Statement rows, db.prepare("SELECT month, cost FROM spending WHERE kind = ? AND name = ?"));
  rows.bind(1, spend_kind_name(kind)).bind(2, name);
  SpentByMonth spent;
  for (;;) {
    PG_TRY(const bool row, rows.step());
    if (!row) return spent;
    spent[static_cast<std::int32_t>(rows.integer(0))] = rows.integer(1);
  }
}

Status write_reserved(Db& db, std::span<const ReservedLine> lines) {
  PG_TRY(Transaction transaction, Transaction::begin(db));
  PG_TRY_STATUS(db.execute("DELETE FROM reserved"));
  PG_TRY(Statement add, db.prepare("INSERT INTO reserved(kind, name, amount) VALUES(?, ?, ?)"));
  for (const ReservedLine& line : lines) {
    add.bind(1, spend_kind_name(line.kind)).bind(2, line.name).bind(3, line.amount);
    PG_TRY_STATUS(add.run());
  }
  return transaction.commit();
}

Result<std::vector<ReservedLine>> read_reserved(Db& db) {
  PG_TRY(Statement rows, db.prepare("SELECT kind, name, amount FROM reserved ORDER BY kind, name"));
  std::vector<ReservedLine> lines;
  for (;;) {
    PG_TRY(const bool row, rows.step());
    if (!row) return lines;
    lines.push_back({spend_kind_of(rows.view(0)), rows.text(1), rows.integer(2)});
  }
}

}  // namespace pg
