// pg logs: what went through, as it happens or afterwards.
#include <CLI/CLI.hpp>

#include "cmd/body_view.h"
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
  PG_TRY_STATUS(check_format(shell, options.csv));
  if (!options.fields.empty() && !options.pattern.empty())
    return make_error(Code::bad_request, "--fields and --template both say what a row looks like: give one of them");
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
  return write_explained(shell, LogStore(db).explain(query).value());
}

int no_rows(Shell& shell, Workplace& place, const RowOptions& options) {
  const bool asks_for_all = options.ask.empty() && shell.project.empty();
  const int status =
      note_nothing(shell, place, asks_for_all ? "no requests yet; 'pg setup AGENT' points an agent here" : "no row fits");
  return status == exit_ok && options.fail_empty ? exit_no : status;
}

int tail_logs(Shell& shell, const RowOptions& options) {
  if (options.follow && options.no_follow)
    return shell.fail({.what = "--follow and --no-follow say the opposite", .hint = "give one of them"});
  auto query = make_query(shell, options.ask, wall_clock().wall()).value();
  const auto look = make_look(shell, options).value();
  query.limit = options.lines;
  auto place = open_facts(shell, DbMode::read_only).value();
  if (options.ask.explain) return explain(shell, place.db, query);
  const bool follows = options.follow || (shell.out_tty && !options.no_follow && options.ask.until.empty());
  if (follows) follow_rows(shell, std::move(place.db), place.settings, std::move(query), look);
  return print_rows(shell, place.db, query, look) > 0 ? exit_ok : no_rows(shell, place, options);
}

int search(Shell& shell, RowOptions options) {
  auto query = make_query(shell, options.ask, wall_clock().wall()).value();
  query.limit = options.lines;
  // Exports are for programs, and NDJSON is what they get unless they say otherwise.
  const bool json = shell.json;
  if (!options.format.empty()) shell.json = options.format == "ndjson";
  const auto look = make_look(shell, options).value();
  auto place = open_facts(shell, DbMode::read_only).value();
  if (options.ask.explain) {
    shell.json = json;
    return explain(shell, place.db, query);
  }
  const auto rows = print_rows(shell, place.db, query, look);
  shell.json = json;
  return rows > 0 ? exit_ok : no_rows(shell, place, options);
}

struct ShowOptions {
  std::string which = "last";
  bool body = false;
  bool raw = false;
  std::string only;
};

int show_body(Shell& shell, Db& db, const LogRow& row, const ShowOptions& options) {
  const auto body = BodyStore(db).find(row.id).value();
  if (!body) {
    const bool blocked = row.outcome == "blocked", sent = !blocked && !row.provider.empty();
    const std::string why = blocked ? ": a blocked request is never kept" : sent ? "" : ": it was not sent";
    return shell.fail({.what = fmt::format("no body is kept of {}{}", row.id, why),
                       .hint = sent ? "log_bodies = \"redacted\" in a project file keeps those to come" : "",
                       .status = exit_not_found});
  }
  if (shell.json) {
    std::string object = log_json(row);
    object.pop_back();
    json_bodies(object, *body);
    return shell.write(object + "}\n"), exit_ok;
  }
  const BodyPart part = options.only == "request" ? BodyPart::request
                        : options.only == "reply" ? BodyPart::reply
                                                  : BodyPart::both;
  return write_bodies(shell, *body, part, options.raw), exit_ok;
}

CurlLine curl_of(const Shell& shell, Workplace& place, const LogRow& row) {
  const auto body = BodyStore(place.db).find(row.id);
  return body && body.value() ? make_curl_line(place.settings, shell.config, row, *body.value()) : CurlLine();
}

int show_row(Shell& shell, const ShowOptions& options) {
  auto place = open_facts(shell, DbMode::read_only).value();
  LogStore store(place.db);
  const LogRow found = find_row(shell, place.db, options.which).value();
  if (options.body || options.raw || !options.only.empty()) return show_body(shell, place.db, found, options);
  shell.write(shell.json ? log_json(found) + "\n"
                         : log_page(shell, found, store.price_name(found.price / 2), curl_of(shell, place, found)));
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
  set_action(*tails, shell, [&shell, options] { return tail_logs(shell, *options); });
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
      "pg logs search 'cost:>$0.50' -ip:127.0.0.1 --fields time,ip,ua,cost\n"
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
      "pg logs export --since 2026-11 --until 2026-11 --format csv > november.csv\n"
      "pg logs export class:blocked > blocked.ndjson\n"
      "pg logs export --fields time,key,model,cost --format csv");
  set_action(*exports, shell, [&shell, options] { return search(shell, *options); });
}

void add_show(CLI::App& command, Shell& shell) {
  auto options = std::make_shared<ShowOptions>();
  auto* shows =
      command.add_subcommand("show",
                             "Show everything known of one request\n"
                             "--body shows what the provider was sent, with its placeholders, and what it answered, where "
                             "the project keeps that (log_bodies). Off a terminal that is their bytes. Where it is kept, the "
                             "row ends with a curl line that sends it again, placeholders and all; $PG_KEY is your pg key.");
  shows->add_option("ID", options->which, "Id or its beginning, or 'last'")->capture_default_str();
  shows->add_flag("--body", options->body, "Request and reply instead of the row; with --json beside it");
  one_of(shows->add_option("--only", options->only, "One of the two"), {"request", "reply"});
  shows->add_flag("--raw", options->raw, "Not laid out; control bytes stay escaped on a terminal");
  shows->footer(
      "pg logs show last\npg logs show 01KAJ2Q8 --json\npg logs show last --body\n"
      "pg logs show last --body --only request > sent.json");
  set_action(*shows, shell, [&shell, options] { return show_row(shell, *options); });
}

}  // namespace

void add_logs(CLI::App& command, Shell& shell) {
  command.footer("pg logs tail\npg logs search status:4xx --since 2h\npg logs stats --by model\npg logs show last");
  add_tail(command, shell);
  add_search(command, shell);
  add_logs_stats(command, shell);
  add_export(command, shell);
  add_show(command, shell);
  add_logs_prune(command, shell);
}

}  // namespace pg
