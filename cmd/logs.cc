// pg logs: what went through, as it happens or afterwards.
#include <poll.h>
#include <unistd.h>

#include <CLI/CLI.hpp>

#include "cmd/command.h"
#include "cmd/log_lines.h"
#include "cmd/open.h"
#include "core/base/text.h"
#include "core/store/files.h"
#include "core/store/log_store.h"

namespace pg {
namespace {

constexpr int kPollMillis = 250;
constexpr UnixMillis kDay = 86'400'000;

struct TailOptions {
  std::vector<std::string> words;
  std::int64_t lines = 20;
  bool follow = false;
  std::string since, until;
};

UnixMillis local_midnight(UnixMillis now) {
  auto seconds = static_cast<std::time_t>(now / 1000);
  std::tm parts{};
  ::localtime_r(&seconds, &parts);
  parts.tm_hour = parts.tm_min = parts.tm_sec = 0;
  parts.tm_isdst = -1;
  return static_cast<UnixMillis>(::mktime(&parts)) * 1000;
}

Result<UnixMillis> parse_moment(std::string_view flag, const std::string& text, UnixMillis now) {
  if (text.empty()) return UnixMillis{0};
  if (text == "today") return local_midnight(now);
  if (text == "yesterday") return local_midnight(local_midnight(now) - kDay / 2);
  if (auto millis = parse_duration_ms(text)) return now - *millis;
  if (auto time = parse_rfc3339(text)) return *time;
  return make_error(Code::bad_request, fmt::format("{} '{}' is not a time: try 15m, 2h, today, yesterday or 2026-11-20T10:00Z",
                                                   flag, escape_controls(text)));
}

Result<LogQuery> make_query(const Shell& shell, const TailOptions& options) {
  LogQuery query;
  const auto now = wall_clock().wall();
  PG_TRY(query.since, parse_moment("--since", options.since, now));
  PG_TRY(query.until, parse_moment("--until", options.until, now));
  query.limit = options.lines;
  std::vector<std::string> words = options.words;
  for (auto& word : words)
    if (word.starts_with('!')) word.front() = '-';  // "-agent:codex", see hide_negations()
  if (!shell.project.empty()) words.push_back("project:" + shell.project);
  if (auto parsed = parse_log_filters(words, query); !parsed) return parsed.error();
  return query;
}

/// Waits for the next look, or ends the command when the reader of our output has gone.
void wait_for_more(Shell& shell) {
  pollfd reader{::fileno(shell.out), 0, 0};
  ::poll(&reader, 1, kPollMillis);
  if ((reader.revents & (POLLERR | POLLNVAL)) != 0) throw PipeClosed{};
}

/// Prints rows as they are written. Follows by seq, so that deleted rows and a restarted serve change nothing; a database that
/// was replaced by another file is followed from its beginning.
class Follower {
 public:
  Follower(Shell& shell, Db db, LogQuery query, bool ids)
      : shell_(shell), db_(std::move(db)), query_(std::move(query)), ids_(ids), inode_(stamp_file(db_.path()).inode) {}

  [[noreturn]] void run() {
    for (;;) {
      wait_for_more(shell_);
      reopen_if_replaced();
      auto version = db_.data_version();
      if (!version || version.value() == version_) continue;
      version_ = version.value();
      print_new();
    }
  }

  /// Prints what the query asks for and remembers how far that was.
  std::int64_t print_first() {
    const auto newest = LogStore(db_).last_seq().value();  // before the rows: one that comes in between is found by the next look
    auto rows = print();
    query_.after_seq = std::max(query_.after_seq, newest);
    query_.limit = 0;
    return rows;
  }

 private:
  std::int64_t print() {
    LogLines lines(shell_, ids_);
    std::int64_t rows = 0;
    LogStore(db_)
        .select(query_,
                [&](const LogRow& row) {
                  if (!titled_) shell_.write(lines.titles());
                  titled_ = true;
                  shell_.write(lines.line(row));
                  query_.after_seq = std::max(query_.after_seq, row.seq);
                  ++rows;
                  return true;
                })
        .value();
    shell_.flush();
    return rows;
  }

  void print_new() {
    shell_.measure();
    if (auto newest = LogStore(db_).last_seq(); newest && newest.value() < query_.after_seq) query_.after_seq = 0;
    print();
  }

  void reopen_if_replaced() {
    auto inode = stamp_file(db_.path()).inode;
    if (inode == inode_ || inode == 0) return;
    auto fresh = Db::open(db_.path(), DbMode::read_only);
    if (!fresh) return;
    db_ = std::move(fresh).value();
    inode_ = inode;
    version_ = -1;
    query_.after_seq = 0;
  }

  Shell& shell_;
  Db db_;
  LogQuery query_;
  bool ids_;
  std::uint64_t inode_;
  std::int64_t version_ = -1;
  bool titled_ = false;
};

int tail(Shell& shell, const TailOptions& options) {
  auto query = make_query(shell, options).value();
  auto place = open_workplace(shell, DbMode::read_only).value();
  Follower follower(shell, std::move(place.db), std::move(query), shell.verbose > 0);
  const auto rows = follower.print_first();
  if (options.follow) {
    if (rows == 0) shell.note("waiting for requests; Ctrl-C ends");
    follower.run();
  }
  if (rows == 0)
    shell.note(options.words.empty() && shell.project.empty() && options.since.empty() && options.until.empty()
                   ? "no requests yet; 'pg setup AGENT' points an agent here"
                   : "no row fits");
  return exit_ok;
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
  shell.write(shell.json ? log_json(found) + "\n" : log_page(shell, found));
  return exit_ok;
}

}  // namespace

void add_logs(CLI::App& command, Shell& shell) {
  command.footer("pg logs tail -f\npg logs tail status:4xx\npg logs show last");
  auto options = std::make_shared<TailOptions>();
  auto* tails = command.add_subcommand(
      "tail",
      "Show the newest requests, and with -f the next ones as they end\n"
      "FILTER is field:value; all must hold. Commas mean any of, * and ? are globs, 4xx is a class, a leading - means not:\n"
      "  status:429   model:\"gpt-4o\",o3*   -agent:codex   outcome:blocked\n"
      "Off a terminal rows are TAB-separated with whole values: RFC 3339 time, agent, model, status, latency ms, first token ms, "
      "tokens in, of them cached, tokens out, flags, id.");
  tails->add_option("FILTER", options->words, "field:value, see above");
  tails->add_flag("-f,--follow", options->follow, "Go on with new rows until Ctrl-C");
  in_range(tails->add_option("-n,--lines", options->lines, "How many to begin with; 0 for all"), 0, 10'000'000)
      ->capture_default_str();
  tails->add_option("--since", options->since, "Not before: 15m, 2h, today, yesterday, or a date")->type_name("TIME");
  tails->add_option("--until", options->until, "Not after: the same forms")->type_name("TIME");
  tails->footer(
      "pg logs tail -f\npg logs tail -n 50 status:4xx,5xx --since 2h\npg logs tail outcome:blocked -agent:codex\n"
      "pg logs tail --json -n 0 model:claude-*  # NDJSON, everything");
  set_action(*tails, shell, [&shell, options] { return tail(shell, *options); });

  auto which = std::make_shared<std::string>("last");
  auto* shows = command.add_subcommand("show", "Show everything known of one request");
  shows->add_option("ID", *which, "Id or its beginning, or 'last'")->capture_default_str();
  shows->footer("pg logs show last\npg logs show 01KAJ2Q8 --json");
  set_action(*shows, shell, [&shell, which] { return show(shell, *which); });
}

}  // namespace pg
