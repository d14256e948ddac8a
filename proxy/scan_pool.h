// ScanPool: a few threads for what takes too long to be done between two chunks of somebody else's stream. They start with the
// first job. Safe to share between threads; one lock, never held while a job runs.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace pg {

class ScanPool {
 public:
  static constexpr int kMostThreads = 4;

  struct Job {
    std::packaged_task<void()> work;  // its future says how it ended
    std::function<void()> done;       // called on the pool's thread behind work; not when the job was taken back
    std::atomic<bool> stop{false};    // work should end soon
  };

  ScanPool() = default;
  ~ScanPool() { stop(); }
  ScanPool(const ScanPool&) = delete;
  ScanPool& operator=(const ScanPool&) = delete;

  /// Before the first job.
  void use_threads(int threads) { most_ = static_cast<std::size_t>(threads); }
  /// Each exchange has one job at most, so that there are never more of them than connections. False: stopped, and nothing will
  /// be called.
  bool add(std::shared_ptr<Job> job);
  /// Out of the queue again: true when it had not begun, and nothing will be called. Otherwise it is asked to stop.
  bool take_back(Job& job);
  /// Forgets what waits, asks what runs to stop, and returns when it has.
  void stop();

 private:
  void work();

  std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  std::size_t most_ = 1;
  std::size_t idle_ = 0;
  bool stopped_ = false;
  std::deque<std::shared_ptr<Job>> waiting_;
  std::vector<std::shared_ptr<Job>> running_;
  std::vector<std::thread> threads_;
};

}  // namespace pg
