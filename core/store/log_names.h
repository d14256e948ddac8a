// What many rows of the log say alike (who asked whom for what, and how it ended) stands once, in log_names, and a row has its
// number.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/base/result.h"
#include "core/store/db.h"

namespace pg {

struct LogField;
struct LogRow;

/// Different values of a field in the newest combinations, at most `most` of them; none where rows do not have it in common.
Result<std::vector<std::string>> read_log_values(Db& db, const LogField& field, std::int64_t most);

/// Used by the writer alone, from batch to batch. Rows must stay where they are until write() or discard().
class LogNames {
 public:
  /// The number of what `row` says; new combinations are written at once. Call it inside the batch's transaction.
  Result<std::int64_t> number_of(Db& db, const LogRow& row);
  /// `seq` is the row's number in the log, `number` what number_of() just said for it.
  void used(std::int64_t seq);
  /// Notes how far each combination of the batch reaches. What was pruned meanwhile is written again.
  Status write(Db& db);
  /// Forgets everything: the batch was not written, so what it added is not there.
  void discard();

 private:
  struct Known {
    std::int64_t number = 0;
    std::int64_t last_seq = 0;
    const LogRow* row = nullptr;  // one of the batch that says so; nullptr: none does
  };
  using Table = std::unordered_map<std::string, Known>;
  Status add(Db& db, Known& known);
  Status write(Db& db, const Known& known, bool fresh);

  Table known_;
  std::size_t known_bytes_ = 0;
  std::string key_;  // of the row that was spelled last
  Table::value_type* last_ = nullptr;
  std::vector<Table::value_type*> batch_;
  std::optional<Statement> write_;
};

}  // namespace pg
