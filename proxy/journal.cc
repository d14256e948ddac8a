// The writer sleeps until a row comes, waits a moment for company, and writes the batch in one transaction.
#include "proxy/journal.h"

#include <chrono>
#include <span>

namespace pg {
namespace {

constexpr std::chrono::milliseconds kBatchFor{50};
constexpr std::chrono::milliseconds kRetryAfter{1'000};
constexpr std::size_t kMaxBatch = 4'096;

}  // namespace

Journal::Journal(Db db, std::function<void(const std::string&)> on_problem, std::function<void(const LogRow&)> on_row)
    : db_(std::move(db)), on_problem_(std::move(on_problem)), on_row_(std::move(on_row)), writer_([this] { run(); }) {}

Journal::~Journal() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  writer_.join();
}

void Journal::record(LogRow row) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    if (queue_.size() >= kQueue) {
      dropped_.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    first = queue_.empty();
    queue_.push_back(std::move(row));
  }
  if (first) wake_.notify_one();
}

bool Journal::write(std::vector<LogRow>& batch, LogStore& store) {
  for (std::size_t at = 0; at < batch.size();) {
    const std::size_t size = std::min(kMaxBatch, batch.size() - at);
    const Status done = store.insert(std::span<const LogRow>(batch).subspan(at, size));
    if (!done) {
      batch.erase(batch.begin(), batch.begin() + static_cast<std::ptrdiff_t>(at));
      if (!failing_) on_problem_("the log cannot be written: " + done.error().message);
      failing_ = true;
      return false;
    }
    at += size;
    written_.fetch_add(size, std::memory_order_relaxed);
  }
  if (failing_) on_problem_("the log is being written again");
  failing_ = false;
  batch.clear();
  return true;
}

void Journal::run() {
  LogStore store(db_);
  std::vector<LogRow> batch;
  for (;;) {
    bool stopping = false, fresh = false;
    {
      std::unique_lock lock(mutex_);
      if (batch.empty()) {
        wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
        wake_.wait_for(lock, kBatchFor, [this] { return stopping_; });
      } else {
        wake_.wait_for(lock, kRetryAfter, [this] { return stopping_; });
      }
      stopping = stopping_;
      if (batch.empty()) {
        batch.swap(queue_);
        fresh = true;
      }
    }
    if (fresh && on_row_)
      for (const LogRow& row : batch) on_row_(row);
    const bool written = write(batch, store);
    if (!stopping) continue;
    const std::lock_guard lock(mutex_);
    if (!written || queue_.empty()) return;
  }
}

}  // namespace pg
