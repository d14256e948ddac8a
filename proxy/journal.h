// The journal: rows go into a bounded queue, one writer thread puts them into the database in batches. Shared by all threads;
// locked inside. The request path never waits for the disk: when the queue is full, rows are counted and dropped.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "core/access/cache_breaks.h"
#include "core/access/prices.h"
#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/policy.h"
#include "core/store/db.h"
#include "core/store/log_store.h"
#include "core/store/log_time.h"
#include "core/store/row_buffer.h"
#include "core/store/spend_store.h"
#include "proxy/alert_watch.h"
#include "proxy/clean_row.h"
#include "proxy/denials.h"
#include "proxy/metrics.h"

namespace pg {

class Journal {
 public:
  /// The callbacks run on the writer thread: `on_problem` when the database stops taking rows and when it takes them again;
  /// `on_row`, which may be empty, for every row before it is written; `on_alert`, which may be empty, when an alert fires.
  Journal(Db db, std::function<void(const std::string&)> on_problem, std::function<void(const LogRow&)> on_row,
          OnAlert on_alert = nullptr);
  ~Journal();  // writes what is queued

  /// Takes what is in the row; its memory stays with the caller. Under load that is too much for the database, rows are dropped
  /// and counted.
  void record(LogRow&& row);
  /// What rows cost, how long they are kept, and which alerts see them from now on. Before it is called nothing has a price and
  /// everything is kept. `zone` says to which month a cost belongs; without one no ledger of spending is kept.
  void use(std::shared_ptr<const PriceTable> prices, LogRetention retention, std::shared_ptr<const TimeZone> zone = nullptr,
           std::shared_ptr<const AlertRules> alerts = nullptr);
  /// What budgets have set aside; the database hears of it once a second at most.
  void note_reserved(std::vector<ReservedLine> lines);
  /// How many exchanges are under way; the database hears of it once a second at most.
  void note_in_flight(std::uint32_t count);
  /// Rows that are not in the database and will not be. Said on the way, too: `on_problem` hears of it, `pg logs stats` tells it.
  std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }
  /// The last batch could not be written, and waits.
  bool is_failing() const { return failing_.load(std::memory_order_relaxed); }
  /// Bodies whose row was taken without them.
  std::uint64_t dropped_bodies() const { return dropped_bodies_.load(std::memory_order_relaxed); }
  /// Sums over the rows that came, for /metrics.
  const Metrics& metrics() const { return metrics_; }
  std::uint64_t written() const { return written_.load(std::memory_order_relaxed); }

 private:
  static constexpr std::size_t kQueue = 65'536;
  static constexpr std::size_t kBodyQueue = std::size_t{64} << 20;  // bytes
  static constexpr std::size_t kPromptQueue = 4'096;                // rows behind so many are not looked at for cache breaks
  void limit_body(LogRow& row);
  std::span<LogRow> next_batch();
  void rest();
  void prepare(std::span<LogRow> batch);
  void write_bodies(std::span<const LogRow> rows);
  void tell_dropped(LogStore& store, bool stopping);
  void give_up(std::size_t rows);
  bool prune_bodies(UnixMillis now, const LogRetention& retention);
  void run();
  bool write(std::span<LogRow> batch, LogStore& store);
  void note_failing(const Error& why);
  void note_working();
  bool look_at_file();
  Status know_version(std::span<LogRow> batch, LogStore& store);
  void price(std::span<LogRow> batch);
  void write_in_flight(std::uint32_t count);
  void write_held();
  bool write_facts(std::uint32_t in_flight);
  std::int32_t month_of(UnixMillis time, const TimeZone& zone);
  Result<UnixMillis> time_to_prune_by(const LogRetention& retention);
  bool prune();

  Db db_;
  std::function<void(const std::string&)> on_problem_;
  std::function<void(const LogRow&)> on_row_;
  OnAlert on_alert_;
  std::mutex mutex_;
  std::condition_variable wake_;
  RowBuffer queue_;
  std::size_t queued_bodies_ = 0;  // bytes
  std::shared_ptr<const PriceTable> prices_;
  std::shared_ptr<const TimeZone> zone_;
  std::shared_ptr<const AlertRules> alert_rules_;
  std::vector<ReservedLine> reserved_;
  LogRetention retention_{0, 0, 0, 0, 1u << 20};
  std::uint32_t in_flight_ = 0;
  bool stopping_ = false;
  // From here on the writer's own.
  RowBuffer taken_;           // what was the queue
  std::vector<LogRow> room_;  // where the rows under way are
  SteadyTime busy_time_;
  std::size_t since_prune_ = 0;  // rows written
  std::atomic<bool> failing_{false};
  bool bodies_failing_ = false;
  std::uint64_t rows_told_ = 0;    // of dropped_
  std::uint64_t bodies_told_ = 0;  // of dropped_bodies_
  RowCleaner cleaner_;
  CacheBreaks cache_breaks_;
  Denials denials_;
  AlertWatch alerts_;
  Metrics metrics_;      // locked inside
  std::string version_;  // of the prices whose id is version_id_; 0 = not asked for yet
  std::int64_t version_id_ = 0;
  std::uint32_t in_flight_written_ = ~0u;  // what a server before this one left there is not known
  SteadyTime in_flight_time_, reserved_time_;
  std::vector<ReservedLine> reserved_written_;
  bool reserved_known_ = false;  // what a server before this one left there is not
  std::shared_ptr<const TimeZone> month_zone_;
  std::int64_t month_quarter_ = -1;
  std::int32_t month_ = 0;
  SteadyTime prune_time_;
  LogTime age_time_;
  SteadyTime tell_time_;
  std::atomic<std::uint64_t> dropped_{0};
  std::atomic<std::uint64_t> dropped_bodies_{0};
  std::atomic<std::uint64_t> written_{0};
  std::thread writer_;
};

}  // namespace pg
