// Sums over many rows: what a row shares with others is looked up once for each number of log_names, not once a row.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/result.h"
#include "core/store/db.h"
#include "core/store/log_rollup.h"

namespace pg {

struct LogExpr;

/// Whether an expression over log_names says it, so that no row of log_rows need be looked at.
bool stands_in_names(std::string_view column);
/// Whether a filter asks for anything of log_names.
bool asks_names(const LogExpr& expr);
/// What `log` is, with the number in `names` as a column: for filters over log_names.
std::string_view rows_with_names();

/// Columns of log_rows for read_sums(): as they are, since a function of SQL costs more than reading three columns.
inline constexpr std::string_view kSumColumns =
    "cost, price, input_tokens, output_tokens, cached_tokens, cache_write_tokens, reasoning_tokens, redactions, blocked, "
    "cache_break, cache_lost, cache_lost_cost";
/// What one row adds to the sums. `first` is where kSumColumns begin in it; `failed` is known by its names.
LogSums read_sums(const Statement& row, int first, bool failed);

/// The groups of one question, in the order they came up.
class NameGroups {
 public:
  struct Said {
    std::size_t group = 0;
    bool failed = false;  // its outcome is "error"
  };
  /// `sql` is an expression over log_names, trusted; what comes after `most` groups goes into one called "(others)".
  NameGroups(Db& db, std::string sql, std::size_t most);
  /// By the number a row has in `names`. io_failed.
  Result<Said> find(std::int64_t number);
  /// The same for a name that no number has.
  std::size_t group_of(std::string_view name);
  const std::string& name(std::size_t group) const { return *names_[group]; }

 private:
  Db& db_;
  std::string sql_;
  std::size_t most_;
  std::optional<Statement> ask_;
  std::int64_t last_number_ = -1;
  Said last_;
  std::unordered_map<std::int64_t, Said> numbers_;
  std::unordered_map<std::string, std::size_t> groups_;
  std::vector<const std::string*> names_;  // keys of groups_
};

}  // namespace pg
