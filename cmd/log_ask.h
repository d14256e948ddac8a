// The part of a command line that asks about the log: filter, --since, --until. One for tail, search, stats, export and usage.
#pragma once

#include <string>
#include <vector>

#include "cmd/command.h"
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

/// What --explain says, a name and a value a line; with --json an object with a list for each name.
int write_explained(Shell& shell, const std::string& text);

/// `said` on standard error, and after it, where --project names none that is set up, that it does: rows outlive projects, so
/// that the name alone is no mistake.
void note_nothing(Shell& shell, const Settings& settings, std::string said);

}  // namespace pg
