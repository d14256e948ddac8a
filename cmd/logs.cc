// pg logs: what went through, as it happens or afterwards.
#include <CLI/CLI.hpp>

#include "cmd/command.h"
#include "cmd/log_ask.h"
#include "cmd/log_lines.h"
#include "cmd/logs_more.h"
#include "cmd/logs_tail.h"
#include "cmd/open.h"
#include "core/base/text.h"
#include "core/store/log_store.h"

namespace pg {
namespace {

struct RowOptions {
  LogAsk ask;
  std::int64_t lines = 20;
  bool follow = false;
  bool no_follow = false;
  bool fail_empty = false;
  bool csv = false;
  std::string format;   // of export
  std::string fields;   // "time,model"
  std::string pattern;  // --template
};

Result<LogLook> make_look(const Shell& shell, const RowOptions& options) {
  LogLook look;
  look.ids = shell.verbose > 0;
  look.csv = options.csv || options.format == "csv";
  if (!options.fields.empty()) {
    PG_TRY(look.fields, parse_fields(options.fields));
  }
  if (!options.pattern.empty()) {
    PG_TRY(LogTemplate made, LogTemplate::make(options.pattern));
    look.format.emplace(std::move(made));
  }
  return look;
}

void add_look(CLI::App& command, RowOptions& options) {
  command.add_option("--fields", options.fields, "These fields instead of the usual columns: time,model,cost")
      ->type_name("FIELDS");
  command.add_option("--template", options.pattern, "Each row as this text, with fields in braces: '{time} {model} {cost}'")
      ->type_name("TEXT");
}

int explain(Shell& shell, Db& db, const LogQuery& query) {
  shell.write(LogStore(db).explain(query).value());
  return exit_ok;
}

int no_rows(Shell& shell, const RowOptions& options) {
  shell.note(options.ask.empty() && shell.project.empty() ? "no requests yet; 'pg setup AGENT' points an agent here"
                                                          : "no row fits");
  return options.fail_empty ? exit_no : exit_ok;
}

int tail(Shell& shell, const RowOptions& options) {
  auto query = make_query(shell, options.ask, wall_clock().wall()).value();
  const auto look = make_look(shell, options).value();
  query.limit = options.lines;
  auto place = open_workplace(shell, DbMode::read_only).value();
  if (options.ask.explain) return explain(shell, place.db, query);
  const bool follows = options.follow || (shell.out_tty && !options.no_follow && options.ask.until.empty());
  if (follows) follow_rows(shell, std::move(place.db), std::move(query), look);
  return print_rows(shell, place.db, query, look) > 0 ? exit_ok : no_rows(shell, options);
}

int search(Shell& shell, RowOptions options) {
  auto query = make_query(shell, options.ask, wall_clock().wall()).value();
  query.limit = options.lines;
  // Exports are for programs, and NDJSON is what they get unless they say otherwise.
  const bool json = shell.json;
  if (!options.format.empty()) shell.json = options.format == "ndjson";
  const auto look = make_look(shell, options).value();
  auto place = open_workplace(shell, DbMode::read_only).value();
  if (options.ask.explain) return explain(shell, place.db, query);
  const auto rows = print_rows(shell, place.db, query, look);
  shell.json = json;
  return rows > 0 ? exit_ok : no_rows(shell, options);
}

int show(Shell& shell, const std::string& which) {
  auto place = open_workplace(shell, DbMode::read_only).value();
  LogStore store(place.db);
  LogRow found;
  if (which == "last") {
    LogQuery newest;
    newest.limit = 1;
    store.select(newest, [&](const LogRow& row) { return found = row, true; }).value();
    if (found.id.empty()) return shell.fail({.what = "no requests yet", .status = exit_not_found});
  } else {
    found = store.find(which).value();
  }
  shell.write(shell.json ? log_json(found) + "\n" : log_page(shell, found, store.price_name(found.price / 2)));
  return exit_ok;
}

void add_tail(CLI::App& command, Shell& shell) {
  auto options = std::make_shared<RowOptions>();
  auto* tails = command.add_subcommand(
      "tail",
      "Show the newest requests, and on a terminal the next ones as they end\n"
      "FILTER is field:value; all must hold. 'pg help filters' has the language.\n"
      "Off a terminal rows are TAB-separated with whole values: RFC 3339 time, agent, model, status, latency ms, first token ms, "
      "tokens in, of them cached, tokens out, USD, flags, id.");
  add_ask(*tails, options->ask);
  tails->add_flag("-f,--follow", options->follow, "Go on with new rows until Ctrl-C; so on a terminal");
  tails->add_flag("--no-follow", options->no_follow, "End with the rows there are");
  in_range(tails->add_option("-n,--lines", options->lines, "How many to begin with; 0 for all"), 0, 10'000'000)
      ->capture_default_str();
  add_look(*tails, *options);
  tails->footer(
      "pg logs tail -f\npg logs tail -n 50 status:4xx,5xx --since 2h\npg logs tail class:blocked -agent:codex\n"
      "pg logs tail --json -n 0 'model:claude-*'  # NDJSON, everything");
  set_action(*tails, shell, [&shell, options] { return tail(shell, *options); });
}

void add_search(CLI::App& command, Shell& shell) {
  auto options = std::make_shared<RowOptions>();
  options->lines = 100;
  auto* searches = command.add_subcommand("search",
                                          "Find requests\n"
                                          "The newest that fit, oldest first. 'pg help filters' has the language.");
  add_ask(*searches, options->ask);
  in_range(searches->add_option("-n,--lines", options->lines, "At most so many, the newest; 0 for all"), 0, 10'000'000)
      ->capture_default_str();
  searches->add_flag("--fail-empty", options->fail_empty, "Exit with 1 when no row fits");
  searches->add_flag("--csv", options->csv, "As CSV with a line of titles");
  add_look(*searches, *options);
  searches->footer(
      "pg logs search 'status:5xx OR latency:>30s' --since today\n"
      "pg logs search 'cost:>$0.50' --fields time,agent,model,cost\n"
      "pg logs search redactions:EMAIL -agent:codex --csv\n"
      "pg logs search '\"rate limit\"' --explain  # how the database looks for it");
  set_action(*searches, shell, [&shell, options] { return search(shell, *options); });
}

void add_export(CLI::App& command, Shell& shell) {
  auto options = std::make_shared<RowOptions>();
  options->lines = 0;
  options->format = "ndjson";
  auto* exports = command.add_subcommand("export", "Write requests for other programs\nEvery row that fits, the oldest first.");
  add_ask(*exports, options->ask);
  one_of(exports->add_option("--format", options->format, "How"), {"ndjson", "csv"})->capture_default_str();
  add_look(*exports, *options);
  exports->footer(
      "pg logs export --since 2026-11-01 --format csv > november.csv\n"
      "pg logs export class:blocked > blocked.ndjson\n"
      "pg logs export --fields time,key,model,cost --format csv");
  set_action(*exports, shell, [&shell, options] { return search(shell, *options); });
}

}  // namespace

void add_logs(CLI::App& command, Shell& shell) {
  command.footer("pg logs tail\npg logs search status:4xx --since 2h\npg logs stats --by model\npg logs show last");
  add_tail(command, shell);
  add_search(command, shell);
  add_logs_stats(command, shell);
  add_export(command, shell);
  auto which = std::make_shared<std::string>("last");
  auto* shows = command.add_subcommand("show", "Show everything known of one request");
  shows->add_option("ID", *which, "Id or its beginning, or 'last'")->capture_default_str();
  shows->footer("pg logs show last\npg logs show 01KAJ2Q8 --json");
  set_action(*shows, shell, [&shell, which] { return show(shell, *which); });
  add_logs_prune(command, shell);
}

}  // namespace pg
