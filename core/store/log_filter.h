// Log filters as SQL: the table of fields, and a WHERE clause whose values are all bound.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/result.h"
#include "core/store/log_store.h"

namespace pg {

struct LogWhere {
  std::string sql = "1";  // with ? for each value
  std::vector<std::variant<std::int64_t, std::string>> values;
};

/// bad_request for an unknown field (with a suggestion) or a value that does not fit it.
Result<LogWhere> make_log_where(const LogQuery& query);

}  // namespace pg
