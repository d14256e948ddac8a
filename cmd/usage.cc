// pg usage and pg agents: sums over what went through.
#include <CLI/CLI.hpp>
#include <algorithm>

#include "cmd/command.h"
#include "cmd/log_ask.h"
#include "cmd/log_values.h"
#include "cmd/open.h"
#include "cmd/print.h"
#include "cmd/usage_tables.h"
#include "core/store/log_usage.h"

namespace pg {
namespace {

struct UsageOptions {
  LogAsk ask;
  std::string by = "model";
  bool csv = false;
};

UsageBy parse_by(const std::string& word) {
  const auto groups = usage_groups();
  return static_cast<UsageBy>(std::find(groups.begin(), groups.end(), word) - groups.begin());
}

int usage(Shell& shell, const UsageOptions& options) {
  check_format(shell, options.csv).value();
  const auto query = make_query(shell, options.ask, wall_clock().wall()).value();
  const UsageBy by = parse_by(options.by);
  auto place = open_facts(shell, DbMode::read_only).value();
  if (options.ask.explain) return write_explained(shell, explain_usage(place.db, query, by).value());
  const bool trend = shell.out_tty && !shell.ascii && !shell.json && !options.csv;
  const UsageReport report = read_usage(place.db, query, by, trend).value();
  if (shell.json)
    shell.write(usage_json(report, options.by) + "\n");
  else if (options.csv)
    shell.write(usage_csv(report, options.by));
  else if (report.lines.empty())
    return note_nothing(shell, place, "nothing was used");
  else
    shell.write(usage_table(shell, report, by));
  return exit_ok;
}

int agents(Shell& shell, const UsageOptions& options) {
  LogAsk ask;
  ask.since = options.ask.since;
  const auto now = wall_clock().wall();
  const auto query = make_query(shell, ask, now).value();
  auto place = open_facts(shell, DbMode::read_only).value();
  const auto lines = read_agents(place.db, query.since).value();
  if (shell.json)
    shell.write(agents_json(lines) + "\n");
  else if (lines.empty())
    shell.note("no agent was seen; 'pg setup AGENT' points one here");
  else
    shell.write(agents_table(shell, lines, now));
  return exit_ok;
}

}  // namespace

void add_usage(CLI::App& command, Shell& shell) {
  auto options = std::make_shared<UsageOptions>();
  command.description(
      "Sum up tokens, requests and what they cost\n"
      "Sums by the hour outlive the rows of the log; by endpoint, by session with --since, and with a filter by what the hours "
      "do "
      "not know, the rows that are left are summed up (--explain says which it is). ~ stands for estimates, where a provider did "
      "not say what was used; ? for "
      "prices that are not known, which are never counted as nothing. On a terminal bars compare the groups; a wide one shows "
      "the course of each over the time asked for, against its own highest.");
  const auto groups = usage_groups();
  one_of(command.add_option("--by", options->by, "What to group by"), {groups.begin(), groups.end()})->capture_default_str();
  add_ask(command, options->ask);
  command.add_flag("--csv", options->csv, "As CSV with a line of titles");
  command.footer(
      "pg usage --since today\npg usage --by day --since 30d\npg usage --by session agent:claude-code --since 8h\n"
      "pg usage --by key --since 2026-11 --until 2026-11 --csv > november.csv");
  set_action(command, shell, [&shell, options] { return usage(shell, *options); });
}

void add_agents(CLI::App& command, Shell& shell) {
  auto options = std::make_shared<UsageOptions>();
  options->ask.since = "24h";
  command.description(
      "Show which coding agents are connected\n"
      "By their own words: User-Agent, session headers, the beginning of a system text. The first line counts pg keys per agent: "
      "one key a person or machine makes it a head count.");
  command.add_option("--since", options->ask.since, "Seen since then: 15m, 2h, 3w, 6mo, today, a date or a month")
      ->type_name("TIME")
      ->capture_default_str();
  command.footer("pg agents\npg agents --since 7d\npg agents --json");
  set_action(command, shell, [&shell, options] { return agents(shell, *options); });
}

}  // namespace pg
