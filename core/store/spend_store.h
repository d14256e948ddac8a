// The ledger of spending: what each key and each project cost by the month, kept in the transaction that writes the rows.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/access/budget.h"
#include "core/base/result.h"
#include "core/store/db.h"

namespace pg {

struct LogRow;

/// Used by the writer alone, from batch to batch.
class SpendLedger {
 public:
  /// A row with a month and a cost.
  void add(const LogRow& row);
  /// Adds what was gathered to the table. Call it inside the batch's transaction.
  Status write(Db& db);
  /// Tells the budgets what the table says now, and forgets what was gathered. Call it when the transaction is done.
  void tell_budgets();
  /// Forgets what was gathered: the batch was not written.
  void discard() { entries_.clear(); }

 private:
  struct Entry {
    std::int32_t month = 0;
    SpendKind kind = SpendKind::key;
    std::string name;
    Nanos cost = 0;
    Nanos total = 0;  // after write()
    std::shared_ptr<Budget> budget;
  };
  void add(const LogRow& row, SpendKind kind, std::string_view name);

  std::vector<Entry> entries_;  // few: keys and projects at work within one batch
  std::optional<Statement> add_;
};

/// What that key or project has spent so far, by month.
Result<SpentByMonth> read_spent(Db& db, SpendKind kind, std::string_view name);

/// What is set aside, as a running server last wrote it.
struct ReservedLine {
  SpendKind kind = SpendKind::key;
  std::string name;
  Nanos amount = 0;
  bool operator==(const ReservedLine&) const = default;
};
/// Replaces all lines.
Status write_reserved(Db& db, std::span<const ReservedLine> lines);
Result<std::vector<ReservedLine>> read_reserved(Db& db);

}  // namespace pg
