// The writer sleeps until a row comes, waits a moment for company, and writes the batch in one transaction.
#include "proxy/journal.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <span>
#include <utility>

#include "core/base/memory.h"
#include "core/store/body_store.h"
#include "core/store/log_retention.h"
#include "core/store/serve_lock.h"
#include "proxy/price_row.h"

namespace pg {
namespace {

constexpr std::chrono::milliseconds kBatchFor{50};
constexpr std::chrono::milliseconds kWriteAgainAfter{1'000};
constexpr std::chrono::milliseconds kSidePatience{50};
constexpr std::size_t kMaxBatch = 512;  // so few that the processor's cache holds them
constexpr std::chrono::seconds kTellEvery{1};
// A slice takes a few milliseconds, and there is time for new rows between two of them.
constexpr std::int64_t kPruneSlice = 500;
constexpr std::int64_t kPruneBodies = 100;
constexpr std::chrono::milliseconds kPrunePause{100};
constexpr std::chrono::milliseconds kPruneEvery{10'000};

}  // namespace

Journal::Journal(Db db, std::function<void(const std::string&)> on_problem, std::function<void(const LogRow&)> on_row,
                 OnAlert on_alert)
    : db_(std::move(db)),
      on_problem_(std::move(on_problem)),
      on_row_(std::move(on_row)),
      on_alert_(std::move(on_alert)),
      writer_([this] { run(); }) {}

Journal::~Journal() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  writer_.join();
}

void Journal::record(LogRow&& row) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    if (queue_.size() >= kQueue) {
      // Its cost is never written down: what was set aside for it stays so.
      if (row.hold != nullptr) row.hold->abandon();
      dropped_.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    if (row.body != nullptr) limit_body(row);
    if (queue_.size() >= kPromptQueue) row.prompt = {};
    first = queue_.empty();
    queue_.add(row);
  }
  if (first) wake_.notify_one();
}

// Rows are small and many may wait; bodies are counted by the byte.
void Journal::limit_body(LogRow& row) {
  const std::size_t size = row.body->request.size() + row.body->reply.size();
  if (queued_bodies_ + size > kBodyQueue) {
    row.body.reset();
    dropped_bodies_.fetch_add(1, std::memory_order_relaxed);
  } else {
    queued_bodies_ += size;
  }
}

void Journal::write_bodies(std::span<const LogRow> rows) {
  const Status done = BodyStore(db_).insert(rows);
  if (!done) {
    const auto has_body = [](const LogRow& row) { return row.body != nullptr; };
    dropped_bodies_.fetch_add(static_cast<std::uint64_t>(std::count_if(rows.begin(), rows.end(), has_body)));
    if (!bodies_failing_) on_problem_("bodies cannot be kept: " + done.error().message);
  }
  bodies_failing_ = !done;
}

// Each time some were dropped since the last time, and before the end; the database hears of it as soon as it can.
void Journal::tell_dropped(LogStore& store, bool stopping) {
  const SteadyTime now = std::chrono::steady_clock::now();
  if (now < tell_time_ && !stopping) return;
  const std::uint64_t rows = dropped() - rows_told_, bodies = dropped_bodies() - bodies_told_;
  if (rows != 0 && store.note_dropped(rows)) {
    on_problem_(fmt::format("{} calls are not in the log: they came faster than they could be written", rows));
    rows_told_ += rows;
    tell_time_ = now + kPruneEvery;
  }
  if (bodies != 0 && BodyStore(db_).note_dropped(bodies)) {
    on_problem_(fmt::format("{} bodies were not kept: they came faster than they could be written", bodies));
    bodies_told_ += bodies;
    tell_time_ = now + kPruneEvery;
  }
}

// Whatever still waits when the end has come and the database does not take it.
void Journal::give_up(std::size_t rows) {
  const std::uint64_t untold = dropped_.fetch_add(rows, std::memory_order_relaxed) + rows - rows_told_;
  if (untold == 0) return;
  db_.set_patience(kSidePatience);
  const bool counted = (db_.is_in_place() && LogStore(db_).note_dropped(untold)) || note_lost_calls(db_.path(), untold);
  on_problem_(fmt::format("{} calls are not in the log{}: it could not be written until the end", untold,
                          counted ? "" : ", nor counted"));
}

bool Journal::write(std::span<LogRow> batch, LogStore& store) {
  Status done = know_version(batch, store);
  if (done) done = store.insert(batch);
  if (!done) {
    note_failing(done.error());
    return false;
  }
  // Spent now, so no longer set aside: the rows themselves stay until the next batch takes their memory.
  for (LogRow& row : batch)
    if (row.hold != nullptr) std::exchange(row.hold, nullptr)->resize(0);
  write_bodies(batch);
  written_.fetch_add(batch.size(), std::memory_order_relaxed);
  since_prune_ += batch.size();
  note_working();
  return true;
}

void Journal::note_failing(const Error& why) {
  if (!failing_.exchange(true)) on_problem_("the log cannot be written: " + why.message);
}

void Journal::note_working() {
  if (failing_.exchange(false)) on_problem_("the log is being written again");
}

// With no row at hand: a database that was deleted takes everything and keeps nothing, and the next call should know.
bool Journal::look_at_file() {
  const auto looked = db_.data_version();
  looked ? note_working() : note_failing(looked.error());
  return looked.has_value();
}

void Journal::use(std::shared_ptr<const PriceTable> prices, LogRetention retention, std::shared_ptr<const TimeZone> zone,
                  std::shared_ptr<const AlertRules> alerts) {
  const std::lock_guard lock(mutex_);
  prices_ = std::move(prices);
  zone_ = std::move(zone);
  alert_rules_ = std::move(alerts);
  retention_ = retention;
}

void Journal::note_in_flight(std::uint32_t count) {
  bool changed = false;
  {
    const std::lock_guard lock(mutex_);
    changed = std::exchange(in_flight_, count) != count;
  }
  if (changed) wake_.notify_one();
}

void Journal::note_reserved(std::vector<ReservedLine> lines) {
  bool changed = false;
  {
    const std::lock_guard lock(mutex_);
    changed = reserved_ != lines;
    reserved_ = std::move(lines);
  }
  if (changed) wake_.notify_one();
}

// Zones move their clocks by quarters of an hour, so that within one the month is the same.
std::int32_t Journal::month_of(UnixMillis time, const TimeZone& zone) {
  constexpr std::int64_t kQuarter = 900'000;
  if (time / kQuarter != month_quarter_) {
    month_quarter_ = time / kQuarter;
    month_ = month_number(zone, time);
  }
  return month_;
}

// The id of the prices' version, which the rows of the first batch after a change are written with.
Status Journal::know_version(std::span<LogRow> batch, LogStore& store) {
  if (version_id_ != 0 || version_.empty()) return {};
  PG_TRY(version_id_, store.price_version(version_));
  for (LogRow& row : batch)
    if (row.cost >= 0) row.price += 2 * version_id_;
  return {};
}

void Journal::price(std::span<LogRow> batch) {
  std::shared_ptr<const PriceTable> prices;
  std::shared_ptr<const TimeZone> zone;
  {
    const std::lock_guard lock(mutex_);
    prices = prices_;
    zone = zone_;
  }
  if (prices == nullptr) return;
  if (version_ != prices->version()) {
    version_ = prices->version();
    version_id_ = 0;
  }
  if (zone != month_zone_) month_quarter_ = -1;
  month_zone_ = zone;
  PriceFinder finder(*prices);
  for (LogRow& row : batch) {
    price_row(row, finder, version_id_);
    mark_cache_break(row, cache_breaks_, finder);
    if (row.cost > 0 && zone != nullptr) row.month = row.hold != nullptr ? row.hold->month() : month_of(row.time, *zone);
    // From here on set aside is what it did cost, until the ledger has it.
    if (row.hold != nullptr) row.hold->resize(std::max<Nanos>(row.cost, 0));
  }
}

void Journal::write_in_flight(std::uint32_t count) {
  const SteadyTime now = std::chrono::steady_clock::now();
  if (count == in_flight_written_ || now - in_flight_time_ < kTellEvery) return;
  in_flight_time_ = now;
  if (auto update = db_.prepare("UPDATE facts SET value = ? WHERE name = 'in_flight'"); update)
    if (update.value().bind(1, std::int64_t{count}).run()) in_flight_written_ = count;
}

void Journal::write_held() {
  std::vector<ReservedLine> lines;
  {
    const std::lock_guard lock(mutex_);
    lines = reserved_;
  }
  const SteadyTime now = std::chrono::steady_clock::now();
  if ((reserved_known_ && lines == reserved_written_) || now - reserved_time_ < kTellEvery) return;
  reserved_time_ = now;
  if (!write_reserved(db_, lines)) return;
  reserved_known_ = true;
  reserved_written_ = std::move(lines);
}

bool Journal::prune_bodies(UnixMillis now, const LogRetention& retention) {
  BodyLimits limits;
  limits.now = now;
  if (retention.bodies_keep_days > 0) limits.before = now - std::int64_t{retention.bodies_keep_days} * kDay;
  limits.max_size = retention.bodies_max_size;
  const auto gone = BodyStore(db_).prune(limits, kPruneBodies);
  return gone && gone.value() >= kPruneBodies;
}

// What is held back for a clock that may be wrong is said once.
Result<UnixMillis> Journal::time_to_prune_by(const LogRetention& retention) {
  PG_TRY(const UnixMillis time, age_time_.look(db_, SystemClock().wall(), since_boot()));
  const auto ahead = age_time_.take_doubt();
  if (ahead && on_problem_ && (retention.keep_days > 0 || retention.bodies_keep_days > 0))
    on_problem_(fmt::format("the clock is {} ahead of the log: until that has lasted for a day, rows go by the time before",
                            *ahead < 2 * kDay ? fmt::format("{}h", *ahead / kHour) : fmt::format("{} days", *ahead / kDay)));
  return time;
}

// True when there is more to go: the next slice follows at once, with a look at the queue in between.
bool Journal::prune() {
  const SteadyTime now = std::chrono::steady_clock::now();
  if (now < prune_time_) return false;
  LogRetention retention;
  {
    const std::lock_guard lock(mutex_);
    retention = retention_;
  }
  const auto known = time_to_prune_by(retention);
  prune_time_ = now + kPruneEvery;
  if (!known) return false;
  const UnixMillis time = *known;
  LogLimits limits;
  limits.now = time;
  if (retention.keep_days > 0) limits.before = time - std::int64_t{retention.keep_days} * kDay;
  limits.max_size = retention.max_size;
  // Under load faster than rows come.
  const std::int64_t slice = std::max(kPruneSlice, static_cast<std::int64_t>(2 * std::exchange(since_prune_, 0)));
  const auto gone = prune_log(db_, limits, slice);
  const bool more_bodies = prune_bodies(time, retention);
  const bool more = (gone && gone.value() >= slice) || more_bodies;
  if (more) prune_time_ = now + kPrunePause;
  if (room_.empty()) db_.give_back_memory();  // at rest: what was looked through is not what the next rows need
  return more;
}

// Before anybody sees a row: nothing secret in it, a price on it.
void Journal::prepare(std::span<LogRow> batch) {
  std::uint64_t body_max_size = 0;
  std::shared_ptr<const AlertRules> alert_rules;
  {
    const std::lock_guard lock(mutex_);
    body_max_size = retention_.body_max_size;
    alert_rules = alert_rules_;
  }
  for (LogRow& row : batch) {
    cleaner_.clean(row, body_max_size);
    denials_.note(row);
  }
  price(batch);
  metrics_.note(batch);
  if (on_row_)
    for (const LogRow& row : batch) on_row_(row);
  alerts_.use(std::move(alert_rules), db_);
  if (!alerts_.empty())
    for (const LogRow& row : batch) alerts_.note(row, on_alert_);
}

// Nothing came for a while: what the last rows needed is given back.
void Journal::rest() {
  room_ = std::vector<LogRow>();
  taken_ = RowBuffer();
  {
    const std::lock_guard lock(mutex_);
    if (queue_.empty()) queue_ = RowBuffer();
  }
  db_.give_back_memory();
  give_back_memory();
}

std::span<LogRow> Journal::next_batch() {
  const SteadyTime now = std::chrono::steady_clock::now();
  if (!taken_.empty()) {
    busy_time_ = now;
  } else if (!room_.empty() && now - busy_time_ >= kPruneEvery) {
    rest();
  }
  const std::span<LogRow> batch = taken_.take(room_, kMaxBatch);
  if (!batch.empty()) prepare(batch);
  return batch;
}

bool Journal::write_facts(std::uint32_t in_flight) {
  write_in_flight(in_flight);
  write_held();
  return prune();
}

void Journal::run() {
  LogStore store(db_);
  std::span<LogRow> batch;  // what could not be written yet
  bool pruning = false;
  for (;;) {
    bool stopping = false;
    std::uint32_t in_flight = 0;
    {
      std::unique_lock lock(mutex_);
      const auto due = [this] {
        return stopping_ || !queue_.empty() || in_flight_ != in_flight_written_ || !reserved_known_ ||
               reserved_ != reserved_written_;
      };
      if (!batch.empty()) {
        wake_.wait_for(lock, kWriteAgainAfter, [this] { return stopping_; });
      } else if (taken_.empty()) {
        wake_.wait_for(lock, pruning ? kPrunePause : kPruneEvery, due);
        wake_.wait_for(lock, kBatchFor, [this] { return stopping_; });
        std::swap(taken_, queue_);
        queued_bodies_ = 0;
      }
      stopping = stopping_;
      in_flight = in_flight_;
    }
    if (batch.empty()) batch = next_batch();
    const bool written = batch.empty() ? look_at_file() : write(batch, store);
    if (written) {
      batch = {};
      tell_dropped(store, stopping);
      // What can wait for the next time does not wait for a lock now: rows may be coming.
      db_.set_patience(kSidePatience);
      (void)denials_.write(db_);
      (void)alerts_.write(db_);
      if (!stopping) pruning = write_facts(in_flight);
      if (stopping) (void)age_time_.keep(db_, since_boot());
      db_.set_patience();
    }
    if (!stopping) continue;
    const std::lock_guard lock(mutex_);
    if (!written) return give_up(batch.size() + taken_.size() + queue_.size());
    if (queue_.empty() && taken_.empty()) return;
  }
}

}  // namespace pg
