// The journal: rows go into a bounded queue, one writer thread puts them into the database in batches. Shared by all threads;
// locked inside. The request path never waits for the disk: when the queue is full, rows are counted and dropped.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/base/result.h"
#include "core/store/db.h"
#include "core/store/log_store.h"

namespace pg {

class Journal {
 public:
  /// Both callbacks run on the writer thread: `on_problem` when the database stops taking rows and when it takes them again;
  /// `on_row`, which may be empty, for every row before it is written.
  Journal(Db db, std::function<void(const std::string&)> on_problem, std::function<void(const LogRow&)> on_row);
  ~Journal();  // writes what is queued

  void record(LogRow row);
  std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }
  std::uint64_t written() const { return written_.load(std::memory_order_relaxed); }

 private:
  static constexpr std::size_t kQueue = 65'536;
  void run();
  bool write(std::vector<LogRow>& batch, LogStore& store);

  Db db_;
  std::function<void(const std::string&)> on_problem_;
  std::function<void(const LogRow&)> on_row_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<LogRow> queue_;
  bool stopping_ = false;
  bool failing_ = false;
  std::atomic<std::uint64_t> dropped_{0};
  std::atomic<std::uint64_t> written_{0};
  std::thread writer_;
};

}  // namespace pg
