// Follows by row number: deleted rows and a restarted server change nothing, and what was deleted unseen is said.
#include "cmd/logs_tail.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <deque>

#include "cmd/budget_lines.h"
#include "cmd/open.h"
#include "cmd/print.h"
#include "core/base/text.h"
#include "core/base/time_zone.h"
#include "core/store/log_usage.h"
#include "core/store/serve_lock.h"

namespace pg {
namespace {

constexpr int kPollMillis = 250;
constexpr std::int64_t kMostCounted = 100'000;  // rows that are looked at for the rate, once

/// Waits for the next look, or ends the command when the reader of our output has gone.
void wait_for_more(Shell& shell) {
  pollfd reader{::fileno(shell.out), 0, 0};
  ::poll(&reader, 1, kPollMillis);
  if ((reader.revents & (POLLERR | POLLNVAL)) != 0) throw PipeClosed{};
}

/// "2 in flight · 41 rpm · $1.93 today · budget 39%": what one look at the database tells.
class LiveStatus {
 public:
  explicit LiveStatus(const Settings& settings) : settings_(settings) {}

  std::string line(Db& db, UnixMillis now) {
    const auto last = LogStore(db).last_seq();
    if (!last) return {};
    if (samples_.empty()) samples_.push_back({now - kMinute, last.value() - count_last_minute(db, last.value(), now)});
    samples_.push_back({now, last.value()});
    while (samples_.size() > 2 && samples_[1].time <= now - kMinute) samples_.pop_front();
    const std::int64_t rate = std::max<std::int64_t>(0, last.value() - samples_.front().seq);
    LogQuery today;
    today.since = parse_moment("today", now).value_or(0);
    const auto usage = read_usage(db, today, UsageBy::provider);
    const std::string spent = usage ? cost_cell(usage.value().total) : "?";
    const std::string money = spent + " today" + budget(db, now);
    const auto serve = find_running_serve(db.path());
    if (!serve) return "pg serve is not running · " + money;
    if (!serve->same_database) return fmt::format("pg serve (pid {}) runs on another database · {}", serve->pid, money);
    return fmt::format("{} in flight · {} rpm · {}", read_in_flight(db), rate, money);
  }

 private:
  struct Sample {
    UnixMillis time;
    std::int64_t seq;
  };

  // " · budget 39%"; nothing where there is none.
  std::string budget(Db& db, UnixMillis now) const {
    const auto zone = TimeZone::find(settings_.budgets.time_zone);
    if (!zone) return {};
    const auto lines = read_budget_lines(db, settings_, find_month(*zone.value(), now).number, false);
    const std::string fullest = lines ? fullest_budget(lines.value()) : std::string();
    return fullest.empty() ? fullest : " · " + fullest;
  }

  static std::int64_t count_last_minute(Db& db, std::int64_t last, UnixMillis now) {
    auto rows = db.prepare("SELECT count(*) FROM log WHERE seq > ? AND time >= ?");
    if (!rows) return 0;
    rows.value().bind(1, last - kMostCounted).bind(2, now - kMinute);
    const auto row = rows.value().step();
    return row && row.value() ? rows.value().integer(0) : 0;
  }

  static std::int64_t read_in_flight(Db& db) {
    const auto calls = db.read_number("SELECT value FROM facts WHERE name = 'in_flight'", 0);
    return calls ? calls.value() : 0;
  }

  const Settings& settings_;
  std::deque<Sample> samples_;
};

class Follower {
 public:
  Follower(Shell& shell, Db db, const Settings& settings, LogQuery query, LogLook look)
      : shell_(shell),
        db_(std::move(db)),
        query_(std::move(query)),
        look_(std::move(look)),
        inode_(stamp_file(db_.path()).inode),
        live_(settings) {}

  [[noreturn]] void run() {
    for (;;) {
      show_status();
      wait_for_more(shell_);
      reopen_if_replaced();
      auto version = db_.data_version();
      if (!version || version.value() == version_) continue;
      version_ = version.value();
      print_new();
    }
  }

  std::int64_t print_first() {
    const auto newest = LogStore(db_).last_seq().value();  // before the rows: one that comes in between is found by the next look
    auto rows = print();
    query_.after_seq = std::max(query_.after_seq, newest);
    query_.limit = 0;
    return rows;
  }

 private:
  bool shows_status() const {
    return shell_.out_tty && shell_.err_tty && !shell_.quiet && !shell_.json && !look_.csv && !look_.format;
  }

  void show_status() {
    if (!shows_status()) return;
    const auto now = wall_clock().wall();
    if (now - status_time_ < 1000 && !status_.empty()) return;
    status_time_ = now;
    auto fresh = cut_to(live_.line(db_, now), shell_.width - 1);
    if (fresh == status_) return;
    hide_status();
    status_ = std::move(fresh);
    shell_.write(shell_.paint(Color::dim, status_));
    shell_.flush();
  }

  void hide_status() {
    if (status_.empty()) return;
    shell_.write("\r" + std::string(static_cast<std::size_t>(display_width(status_)), ' ') + "\r");
    status_.clear();
  }

  std::int64_t print() {
    LogLines lines(shell_, look_);
    std::int64_t rows = 0;
    LogStore(db_)
        .select(query_,
                [&](const LogRow& row) {
                  hide_status();
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
    LogStore store(db_);
    const auto newest = store.last_seq();
    if (newest && newest.value() < query_.after_seq && newest.value() != 0) query_.after_seq = 0;
    const auto oldest = store.first_seq();
    if (oldest && query_.after_seq > 0 && oldest.value() > query_.after_seq + 1) {
      hide_status();
      shell_.note(fmt::format("… {} rows were deleted before they could be shown", oldest.value() - query_.after_seq - 1));
    }
    print();
    // Also past rows that do not fit: they are looked at once.
    if (newest) query_.after_seq = std::max(query_.after_seq, newest.value());
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
  LogLook look_;
  std::uint64_t inode_;
  std::int64_t version_ = -1;
  bool titled_ = false;
  LiveStatus live_;
  std::string status_;
  UnixMillis status_time_ = 0;
};

}  // namespace

std::int64_t print_rows(Shell& shell, Db& db, const LogQuery& query, const LogLook& look) {
  LogLines lines(shell, look);
  std::int64_t rows = 0;
  if (look.csv) shell.write(lines.titles());
  LogStore(db)
      .select(query,
              [&](const LogRow& row) {
                if (rows++ == 0 && !look.csv) shell.write(lines.titles());
                shell.write(lines.line(row));
                return true;
              })
      .value();
  shell.flush();
  return rows;
}

void follow_rows(Shell& shell, Db db, const Settings& settings, LogQuery query, const LogLook& look) {
  Follower follower(shell, std::move(db), settings, std::move(query), look);
  if (follower.print_first() == 0) shell.note("waiting for requests; Ctrl-C ends");
  follower.run();
}

}  // namespace pg
