// The part of a command line that asks about the log: filter, --since, --until. One for tail, search, stats, export and usage.
#pragma once

#include <string>
#include <vector>

#include "cmd/command.h"
#include "cmd/open.h"
#include "config/settings.h"
#include "core/store/log_store.h"

namespace pg {

struct LogAsk {
  std::vector<std::string> words;
  std::string since, until;
  bool explain = false;

  bool empty() const { return words.empty() && since.empty() && until.empty(); }
};

/// Adds FILTER, --since, --until and --explain.
void add_ask(CLI::App& command, LogAsk& ask);

/// bad_request with the place of the mistake. --project narrows it.
Result<LogQuery> make_query(const Shell& shell, const LogAsk& ask, UnixMillis now);

/// The row of that id, of what an id begins with, or the newest for "last"; with --project, of that one alone. not_found.
Result<LogRow> find_row(const Shell& shell, Db& db, const std::string& which);

/// What --explain says, a name and a value a line; with --json an object with a list for each name.
int write_explained(Shell& shell, const std::string& text);

/// `said` on standard error. Rows outlive projects, so that a name which no settings know is no mistake; one that no row knows
/// either is refused with not_found. The exit status.
int note_nothing(Shell& shell, Workplace& place, const std::string& said);

}  // namespace pg
