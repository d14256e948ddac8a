// First come, first served. A further thread starts only when every one is busy, so that a small gateway never pays for four.
#include "proxy/scan_pool.h"

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <utility>

#include "core/base/memory.h"

namespace pg {
namespace {

constexpr int kNice = 5;
constexpr std::uint64_t kSlice = 20'000'000;  // ns
constexpr std::chrono::seconds kQuiet{5};     // after it, what large bodies took goes back to the system

// As sched_setattr(2) takes it, version 0; libc has no name for it.
struct SchedAttributes {
  std::uint32_t size = 48;
  std::uint32_t policy = SCHED_BATCH;
  std::uint64_t flags = 0;
  std::int32_t nice = 0;
  std::uint32_t priority = 0;
  std::uint64_t runtime = 0;  // of a policy without deadlines: how long slices are, since Linux 6.12
  std::uint64_t deadline = 0;
  std::uint64_t period = 0;
};

// A loop with a chunk to pass on comes first. Being nice does not do that alone: a thread that was just woken takes the core of
// the loop that woke it, even beside an idle one, unless it is a batch; and then it ends its slice (2.8 ms) before a loop that
// woke comes to its turn, unless the loop's slice is shorter.
void let_loops_go_first() {
  // Linux takes both for the calling thread.
  ::setpriority(PRIO_PROCESS, 0, kNice);
  SchedAttributes attributes;
  attributes.nice = kNice;
  attributes.runtime = kSlice;
  (void)::syscall(SYS_sched_setattr, 0, &attributes, 0);  // an older kernel takes no notice of the slice
}

}  // namespace

bool ScanPool::add(std::shared_ptr<Job> job) {
  const std::lock_guard lock(mutex_);
  if (stopped_) return false;
  // The thread first: where there can be none, nothing must be left waiting for it.
  if (waiting_.size() + 1 > idle_ && threads_.size() < most_) threads_.emplace_back([this] { work(); });
  waiting_.push_back(std::move(job));
  changed_.notify_one();
  return true;
}

bool ScanPool::take_back(Job& job) {
  job.stop.store(true, std::memory_order_relaxed);
  const std::lock_guard lock(mutex_);
  const auto at = std::find_if(waiting_.begin(), waiting_.end(), [&job](const auto& other) { return other.get() == &job; });
  if (at == waiting_.end()) return false;
  waiting_.erase(at);
  return true;
}

void ScanPool::stop() {
  std::vector<std::thread> threads;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    waiting_.clear();
    for (const std::shared_ptr<Job>& job : running_) job->stop.store(true, std::memory_order_relaxed);
    threads.swap(threads_);
  }
  changed_.notify_all();
  for (std::thread& thread : threads) thread.join();
}

void ScanPool::work() {
  let_loops_go_first();
  std::unique_lock lock(mutex_);
  for (;;) {
    const auto has_work = [this] { return stopped_ || !waiting_.empty(); };
    ++idle_;
    if (!changed_.wait_for(lock, kQuiet, has_work)) {
      lock.unlock();
      give_back_memory();
      lock.lock();
      changed_.wait(lock, has_work);
    }
    --idle_;
    if (stopped_) return;
    const std::shared_ptr<Job> job = std::move(waiting_.front());
    waiting_.pop_front();
    running_.push_back(job);
    lock.unlock();
    job->work();
    job->done();
    lock.lock();
    running_.erase(std::find(running_.begin(), running_.end(), job));
  }
}

}  // namespace pg
