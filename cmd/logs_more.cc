// pg logs stats, pg logs prune.
#include "cmd/logs_more.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "cmd/log_ask.h"
#include "cmd/log_values.h"
#include "cmd/logs_kinds.h"
#include "cmd/open.h"
#include "cmd/print.h"
#include "core/access/prices.h"
#include "core/base/ascii.h"
#include "core/base/text.h"
#include "core/store/audit_store.h"
#include "core/store/log_retention.h"
#include "core/store/log_stats.h"
#include "core/store/serve_lock.h"

namespace pg {
namespace {

constexpr std::int64_t kSlice = 2'000;
constexpr std::int64_t kLeastSlice = 16;

struct StatsOptions {
  LogAsk ask;
  std::string by = "model";
  bool csv = false;
};

struct PruneOptions {
  std::string keep;
  std::string max_size;
  bool dry_run = false;
  bool shrink = false;
};

std::string stats_json(const StatsLine& line) {
  std::string object = "{";
  json_field(object, "name", line.name);
  json_number(object, "requests", line.sums.requests);
  json_number(object, "errors", line.sums.errors);
  json_number(object, "blocked", line.sums.blocked);
  json_number(object, "redacted", line.sums.redacted);
  json_number(object, "input_tokens", line.sums.input_tokens);
  json_number(object, "output_tokens", line.sums.output_tokens);
  json_number(object, "cached_tokens", line.sums.cached_tokens);
  json_text_or_null(object, "cost_usd", spell_cost(line.sums, ""));
  json_number(object, "cost_unknown_requests", line.sums.unpriced);
  json_number(object, "cost_estimated_requests", line.sums.estimated);
  json_known(object, "p50_ms", line.p50_ms);
  json_known(object, "p95_ms", line.p95_ms);
  return object + "}";
}

std::vector<Cell> stats_cells(const StatsLine& line, bool people, std::string cost) {
  const LogSums& sums = line.sums;
  const auto count = [&](std::int64_t n) { return people ? count_cell(n) : std::to_string(n); };
  const auto time = [&](std::int64_t n) { return people ? duration_cell(n) : n < 0 ? "" : std::to_string(n); };
  return {{line.name.empty() ? "–" : line.name, Color::bold},
          {count(sums.requests)},
          {count(sums.errors), sums.errors > 0 ? Color::red : Color::plain},
          {count(sums.input_tokens)},
          {count(sums.output_tokens)},
          {std::move(cost)},
          {time(line.p50_ms)},
          {time(line.p95_ms)}};
}

void print_csv(Shell& shell, const StatsReport& report, const std::string& by) {
  shell.print("{},requests,errors,input_tokens,output_tokens,cost_usd,p50_ms,p95_ms\n", csv_cell(by));
  for (const StatsLine& line : report.lines) {
    std::string out = csv_cell(line.name);
    const auto cells = stats_cells(line, false, spell_cost(line.sums, ""));
    for (std::size_t i = 1; i < cells.size(); ++i) out += "," + cells[i].text;
    shell.write(out + "\n");
  }
}

// Those that the last serve could not count in the database are beside it, until the next one begins.
std::int64_t calls_without_row(Workplace& place) {
  return LogStore(place.db).dropped() + static_cast<std::int64_t>(read_lost_calls(place.settings.database));
}

void tell_without_row(Shell& shell, Workplace& place) {
  if (const std::int64_t dropped = calls_without_row(place); dropped > 0)
    shell.note(
        fmt::format("{} calls since this database was made have no row: they came faster than rows could be written, or the "
                    "disk took none until the end",
                    dropped));
}

int stats(Shell& shell, const StatsOptions& options) {
  check_format(shell, options.csv).value();
  const auto query = make_query(shell, options.ask, wall_clock().wall()).value();
  const LogField* by = find_log_field(to_lower(options.by));
  if (by == nullptr) return shell.fail(unknown_log_field(options.by));
  auto place = open_facts(shell, DbMode::read_only).value();
  if (options.ask.explain) return write_explained(shell, LogStore(place.db).explain(query).value());
  if (groups_kinds(*by)) {
    const int status = write_kinds(shell, place, query, *by, options.csv, calls_without_row(place));
    if (!shell.json && !options.csv) tell_without_row(shell, place);
    return status;
  }
  const auto report = read_stats(place.db, query, by).value();
  if (shell.json) {
    std::string lines;
    for (const StatsLine& line : report.lines) lines += (lines.empty() ? "" : ",") + stats_json(line);
    std::string object = "{";
    json_field(object, "by", by->name);
    json_raw(object, "groups", "[" + lines + "]");
    json_raw(object, "total", stats_json(report.total));
    json_number(object, "calls_without_row", calls_without_row(place));
    shell.write(object + "}\n");
    return exit_ok;
  }
  if (options.csv) return print_csv(shell, report, options.by), exit_ok;
  if (report.lines.empty()) return note_nothing(shell, place, "no row fits");
  std::string title(by->name);
  for (char& c : title) c = to_upper(c);
  Table table({{title, Align::left, 0, 8},
               {"REQUESTS", Align::right},
               {"ERRORS", Align::right, 2},
               {"IN", Align::right, 4},
               {"OUT", Align::right, 3},
               {"COST", Align::right},
               {"P50", Align::right, 5},
               {"P95", Align::right, 1}});
  for (const StatsLine& line : report.lines)
    table.add(stats_cells(line, shell.out_tty, shell.out_tty ? cost_cell(line.sums) : piped_cost(line.sums)));
  if (report.lines.size() > 1 && shell.out_tty) {
    StatsLine total = report.total;
    total.name = "total";
    table.add(stats_cells(total, true, cost_cell(total.sums)));
  }
  shell.write(table.text(shell));
  tell_without_row(shell, place);
  return exit_ok;
}

Result<LogLimits> prune_limits(const Settings& settings, const PruneOptions& options, UnixMillis now) {
  LogLimits limits;
  limits.now = now;
  if (settings.logs.keep_days > 0) limits.before = now - std::int64_t{settings.logs.keep_days} * kDay;
  limits.max_size = settings.logs.max_size;
  if (!options.keep.empty()) {
    const auto keep = parse_duration_ms(options.keep);
    if (!keep || *keep < 0)
      return make_error(Code::bad_request, fmt::format("--keep '{}' is not a duration like 30d", options.keep));
    limits.before = now - *keep;
  }
  if (!options.max_size.empty()) {
    const auto size = parse_bytes(options.max_size);
    if (!size || *size <= 0)
      return make_error(Code::bad_request, fmt::format("--max-size '{}' is not a size like 500MB", options.max_size));
    limits.max_size = static_cast<std::uint64_t>(*size);
  }
  return limits;
}

// Whose hand it was: what goes by age and size of its own accord is no act.
Status note_prune(Db& db, std::int64_t rows, const LogLimits& limits) {
  std::string detail = fmt::format("{} row{} deleted", rows, rows == 1 ? "" : "s");
  if (limits.before > 0) detail += fmt::format(", those before {}", format_rfc3339(limits.before));
  if (limits.max_size > 0) detail += fmt::format(", the oldest beyond {}", size_cell(limits.max_size));
  PG_TRY(Transaction transaction, Transaction::begin(db));
  PG_TRY_STATUS(AuditStore(db).append({0, wall_clock().wall(), actor_name(), "logs.prune", "log", detail}));
  return transaction.commit();
}

std::string prune_question(Db& db, const LogLimits& limits, const DbSize& size) {
  const auto rows = count_older(db, limits).value();
  const bool over = limits.max_size > 0 && size.used > limits.max_size;
  return fmt::format("delete {} row{} of the log{} for good?", rows, rows == 1 ? "" : "s",
                     over ? " and the oldest beyond " + size_cell(limits.max_size) : "");
}

int prune(Shell& shell, const PruneOptions& options) {
  auto place = open_workplace(shell, options.dry_run ? DbMode::read_only : DbMode::read_write).value();
  const auto limits = prune_limits(place.settings, options, wall_clock().wall()).value();
  const DbSize before = measure_db(place.db).value();
  if (options.dry_run) {
    const auto rows = count_older(place.db, limits).value();
    const auto beyond = count_beyond(place.db, limits).value();
    const bool over = beyond > 0;
    if (shell.json) {
      std::string object = "{";
      json_bool(object, "dry_run", true);
      json_number(object, "too_old", rows);
      json_number(object, "used_bytes", static_cast<std::int64_t>(before.used));
      json_number(object, "file_bytes", static_cast<std::int64_t>(before.file));
      json_bool(object, "too_large", over);
      json_number(object, "about_beyond_size", beyond);
      shell.write(object + "}\n");
      return exit_ok;
    }
    shell.print("{} rows are too old; the database uses {}{}\n", rows, size_cell(before.used),
                over ? fmt::format(", which is more than {}: about {} of the oldest rows would go for that, at least",
                                   size_cell(limits.max_size), std::max(beyond, rows))
                     : "");
    return exit_ok;
  }
  if (!options.keep.empty() || !options.max_size.empty())
    if (!shell.confirm(prune_question(place.db, limits, before)).value()) return exit_no;
  std::int64_t gone = 0;
  for (;;) {
    // For their size alone no more rows go than need to.
    const std::int64_t beyond = count_beyond(place.db, limits).value();
    const bool by_size = beyond > 0 && count_older(place.db, limits).value() == 0;
    const auto slice = prune_log(place.db, limits, by_size ? std::clamp(beyond, kLeastSlice, kSlice) : kSlice).value();
    gone += slice;
    if (slice == 0) break;
  }
  if (gone > 0) note_prune(place.db, gone, limits).value();
  if (options.shrink) place.db.execute("VACUUM").value();
  const DbSize after = measure_db(place.db).value();
  const auto old_ones =
      place.db.read_number(fmt::format("SELECT count(*) FROM log_rows WHERE time < {}", limits.before), 0).value();
  if (shell.json) {
    std::string object = "{";
    json_number(object, "deleted", gone);
    json_number(object, "too_old_kept", old_ones);
    json_number(object, "used_bytes", static_cast<std::int64_t>(after.used));
    json_number(object, "file_bytes", static_cast<std::int64_t>(after.file));
    shell.write(object + "}\n");
    return exit_ok;
  }
  shell.print("{} rows deleted; usage by the hour is kept; {} in use, the file has {}\n", gone, size_cell(after.used),
              size_cell(after.file));
  if (old_ones > 0)
    shell.note(
        fmt::format("{} older row{}: the newest always does, since numbers go on behind it, and rows go from the front only",
                    old_ones, old_ones == 1 ? " stays" : "s stay"));
  if (gone > 0 && !options.shrink) shell.note("the file keeps its size and fills up again; --shrink gives the room back");
  return exit_ok;
}

}  // namespace

void add_logs_stats(CLI::App& command, Shell& shell) {
  auto options = std::make_shared<StatsOptions>();
  auto* counts = command.add_subcommand("stats",
                                        "Count requests by a field, with tokens, cost, and how long they took\n"
                                        "--by kind answers what was sent to providers last quarter: for each kind of data in how "
                                        "many requests it was found, how many values were redacted or, where the guards only "
                                        "detect, sent as they were, and how many requests were blocked for it. A request counts "
                                        "for each of its kinds; of a blocked one no value was sent. --by rule counts the rules "
                                        "that found something.");
  add_ask(*counts, options->ask);
  counts->add_option("--by", options->by, "A field that filters know: model, status, agent, key, kind, error, …")
      ->type_name("FIELD")
      ->capture_default_str();
  counts->add_flag("--csv", options->csv, "As CSV with a line of titles");
  counts->footer(
      "pg logs stats --by status --since today\npg logs stats --by agent 'model:claude-*' --json\n"
      "pg logs stats --by error class:error --since 2h\n"
      "pg logs stats --by kind --since 2026-07 --until 2026-09  # sent last quarter");
  set_action(*counts, shell, [&shell, options] { return stats(shell, *options); });
}

void add_logs_prune(CLI::App& command, Shell& shell) {
  auto options = std::make_shared<PruneOptions>();
  auto* prunes = command.add_subcommand("prune",
                                        "Delete old rows now\n"
                                        "A running serve does so by itself, by keep_days and max_size of [logs]. Sums by the "
                                        "hour stay: 'pg usage' does not change.");
  prunes->add_option("--keep", options->keep, "Delete what is older, instead of keep_days")->type_name("TIME");
  prunes->add_option("--max-size", options->max_size, "Delete the oldest until the database uses no more")->type_name("SIZE");
  prunes->add_flag("--dry-run", options->dry_run, "Say what would go, and delete nothing");
  prunes->add_flag("--shrink", options->shrink, "Rewrite the file afterwards, so that the room goes back to the disk");
  prunes->footer("pg logs prune --dry-run\npg logs prune --keep 30d --yes\npg logs prune --max-size 500MB --yes --shrink");
  set_action(*prunes, shell, [&shell, options] { return prune(shell, *options); });
}

}  // namespace pg
