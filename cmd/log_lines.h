// One log row as people and programs read it: live columns, TAB-separated fields, JSON, and the page of `pg logs show`.
#pragma once

#include <string>

#include "cmd/command.h"
#include "cmd/print.h"
#include "core/store/log_store.h"

namespace pg {

/// Rows for one output. On a terminal the columns are fixed by its width, so that rows can be printed as they come.
class LogLines {
 public:
  /// With `ids` the exchange id is a column on terminals too.
  LogLines(const Shell& shell, bool ids);
  /// The line of titles, with line end; empty off a terminal and with --json.
  std::string titles() const;
  /// One row with its line end.
  std::string line(const LogRow& row) const;

 private:
  const Shell& shell_;
  std::vector<Column> columns_;
  std::vector<int> widths_;
};

/// What went out of the ordinary, in words: "redact:2", "BLOCKED EMAIL in messages[3]", "client-cancelled", an error.
std::string log_flags(const LogRow& row);

/// The row as one JSON object; unknown numbers are null.
std::string log_json(const LogRow& row);

/// Everything known of one row, as lines.
std::string log_page(const Shell& shell, const LogRow& row);

}  // namespace pg
