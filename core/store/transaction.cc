// One transaction: begun, and rolled back unless it was committed.
#include <utility>

#include "core/store/db.h"
#include "core/store/db_files.h"

namespace pg {

Result<Transaction> Transaction::begin(Db& db) {
  if (!db.is_in_place()) return displaced(db.path());
  if (auto begun = db.execute("BEGIN IMMEDIATE"); !begun) return std::move(begun).error();
  return Transaction(db);
}

Transaction::Transaction(Transaction&& other) noexcept : db_(std::exchange(other.db_, nullptr)) {}

Transaction::~Transaction() {
  if (db_ != nullptr) (void)db_->execute("ROLLBACK");
}

Status Transaction::commit() {
  Status committed = db_->execute("COMMIT");
  if (committed) db_ = nullptr;
  return committed;
}

}  // namespace pg
