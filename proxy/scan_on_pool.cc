// A timer that never rings by itself is what the coroutine sleeps on; the pool's thread posts to the loop, and the loop rings.
#include "proxy/scan_on_pool.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include "proxy/client_watch.h"
#include "proxy/keep_limits.h"
#include "proxy/send_upstream.h"

namespace pg {
namespace {

// Lives in the waiting coroutine's frame, and outlives its job: the wait ends only when the job has, or never began. At the end
// of the process the pool stops before the loops, and with them this frame, are taken down.
class Scan final : public Interruptible {
 public:
  Scan(Exchange& x, SlowGuardCall& reading)
      : pool_(x.gw.scans), bell_(x.parts.loop.io()), busy_(x.parts.loop.io().get_executor()) {
    bell_.expires_at(SteadyTime::max());
    job_ = std::make_shared<ScanPool::Job>();
    job_->work = std::packaged_task<void()>([&reading, &stop = job_->stop] { reading.read(stop); });
    job_->done = [this, &io = x.parts.loop.io()] { asio::post(io, [this] { end(); }); };
  }
  Scan(const Scan&) = delete;
  Scan& operator=(const Scan&) = delete;

  void begin() { ended_ = aborted_ = !pool_.add(job_); }
  Task<void> sleep() {
    while (!ended_) co_await bell_.async_wait(kAwait);
  }
  void abort(IoEnd) override {
    if (!ended_ && !aborted_ && pool_.take_back(*job_)) end();
    aborted_ = true;
  }
  bool aborted() const { return aborted_; }
  void rethrow() { job_->work.get_future().get(); }

 private:
  void end() {
    ended_ = true;
    bell_.cancel();
  }
  ScanPool& pool_;
  Timer bell_;
  asio::executor_work_guard<Executor> busy_;
  std::shared_ptr<ScanPool::Job> job_;
  bool ended_ = false;
  bool aborted_ = false;
};

}  // namespace

Task<Status> scan_on_pool(Exchange& x, SlowGuardCall& reading) {
  Scan scan(x, reading);
  bool client_left = false;
  {
    const ClientWatch watch(x, scan);
    scan.begin();
    co_await scan.sleep();
    client_left = watch.client_left();
  }
  if (client_left) co_return client_left_error();
  if (x.revoked) co_return revoked_error(x);
  if (scan.aborted()) co_return make_error(Code::unavailable, "pg is shutting down");
  scan.rethrow();
  co_return Status{};
}

}  // namespace pg
