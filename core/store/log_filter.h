// Log queries as SQL: a WHERE clause whose values are all bound, for the rows and for the hours in which such rows can be.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/store/log_query.h"

namespace pg {

struct LogWhere {
  std::string sql = "1";  // with ? for each value
  std::vector<std::variant<std::int64_t, std::string>> values;
  std::vector<const LogPattern*> patterns;  // what pg_match(number, text) asks; they live in the expression
};

/// Over `log`: exactly the rows that matches_row() takes.
LogWhere make_log_where(const LogExpr& expr);
/// Over `log_hours`: at least those that stand for such a row.
LogWhere make_hour_where(const LogExpr& expr);

}  // namespace pg
