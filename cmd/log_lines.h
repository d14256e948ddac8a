// One log row as people and programs read it: live columns, TAB-separated fields, JSON, and the page of `pg logs show`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cmd/command.h"
#include "cmd/curl_line.h"
#include "cmd/log_values.h"
#include "cmd/print.h"
#include "core/store/log_store.h"

namespace pg {

/// What is printed of each row.
struct LogLook {
  bool ids = false;                     // the exchange id is a column on terminals too
  std::vector<const LogField*> fields;  // these and no others; empty = the usual columns
  std::optional<LogTemplate> format;    // stands above the fields
  bool csv = false;
};

/// Rows for one output. On a terminal the columns are fixed by its width, so that rows can be printed as they come.
class LogLines {
 public:
  LogLines(const Shell& shell, LogLook look);
  LogLines(const Shell& shell, bool ids) : LogLines(shell, LogLook{ids, {}, {}, false}) {}
  /// The line of titles, with line end; empty off a terminal (but not for CSV) and with --json.
  std::string titles() const;
  /// One row with its line end.
  std::string line(const LogRow& row) const;

 private:
  std::string field_line(const LogRow& row) const;
  const Shell& shell_;
  LogLook look_;
  std::vector<Column> columns_;
  std::vector<int> widths_;
};

/// Asked for and served, when the provider answered with another model than a dated form of the one asked for.
std::string model_cell(const LogRow& row);

/// What went out of the ordinary, in words: "redact:2", "BLOCKED EMAIL in messages[3]", "client-cancelled", an error.
std::string log_flags(const LogRow& row);

/// The row as one JSON object; unknown numbers are null.
std::string log_json(const LogRow& row);

/// The row as one line of CSV, without line end, and the names of its columns.
std::string log_csv(const LogRow& row);
std::string log_csv_titles();

/// Everything known of one row, as lines; `prices` names the figures its cost came from, `curl` sends it again.
std::string log_page(const Shell& shell, const LogRow& row, const std::string& prices = {}, const CurlLine& curl = {});

}  // namespace pg
