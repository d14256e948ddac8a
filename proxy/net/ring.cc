// Completions are only made while we are inside the kernel for them (DEFER_TASKRUN): nothing writes into a buffer behind our
// back, and nothing interrupts what runs.
#include "proxy/net/ring.h"

#ifdef PG_HAS_IO_URING

#include <liburing.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <new>
#include <utility>

namespace pg {
namespace {

constexpr unsigned kEntries = 256;   // handed over at a time; more are handed over in between
constexpr unsigned kResults = 1024;  // the kernel keeps what is beyond
constexpr std::uint64_t kOfEpoll = ~std::uint64_t{0};
constexpr std::uint64_t kOfCancel = kOfEpoll - 1;
// After so long (ms) without anything a loop sleeps in poll(2): the kernel takes a sleep in the ring for waiting on a disk, shows
// the processor as busy with that, and may keep its clock high for it.
constexpr int kBeforeIdle = 30;
constexpr int kTryAgain = 20;  // ms, when the kernel did not take all that was handed over
constexpr int kTries = 100;
constexpr std::size_t kMostBytes = std::size_t{1} << 30;

thread_local Ring* t_ring = nullptr;

}  // namespace

std::unique_ptr<Ring> Ring::open() {
  io_uring_params params{};
  params.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_CQSIZE;
  params.cq_entries = kResults;
  auto ring = std::make_unique<io_uring>();
  if (io_uring_queue_init_params(kEntries, ring.get(), &params) != 0) return nullptr;
  std::unique_ptr<Ring> made(new Ring(std::move(ring)));
  return made->can_sleep() ? std::move(made) : nullptr;
}

Ring::Ring(std::unique_ptr<io_uring> ring) : ring_(std::move(ring)) {
  io_uring_register_ring_fd(ring_.get());
  bell_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (bell_ >= 0 && io_uring_register_eventfd(ring_.get(), bell_) == 0) io_uring_cq_eventfd_toggle(ring_.get(), false);
}

Ring::~Ring() {
  if (ring_) io_uring_queue_exit(ring_.get());
  if (bell_ >= 0) ::close(bell_);
}

bool Ring::can_sleep() const {
  return bell_ >= 0 && !io_uring_cq_eventfd_enabled(ring_.get());
}

// nullptr when the kernel has no room for those that wait to be handed over.
io_uring_sqe* Ring::next_entry() {
  io_uring_sqe* entry = io_uring_get_sqe(ring_.get());
  for (int tries = 0; entry == nullptr && tries < kTries; ++tries) {
    io_uring_submit(ring_.get());
    entry = io_uring_get_sqe(ring_.get());
  }
  return entry;
}

template <class Prepare>
Ring::Ticket Ring::enlist(std::unique_ptr<Waiter> waiter, Prepare prepare) {
  if (free_.empty()) {
    free_.reserve(waiters_.size() + 1);  // for all that may come back
    waiters_.emplace_back();
    free_.push_back(static_cast<Ticket>(waiters_.size() - 1));
  }
  io_uring_sqe* const entry = next_entry();
  if (entry == nullptr) throw std::bad_alloc();
  const Ticket ticket = free_.back();
  free_.pop_back();
  waiters_[ticket] = std::move(waiter);
  prepare(entry);
  io_uring_sqe_set_data64(entry, ticket);
  return ticket;
}

Ring::Ticket Ring::receive(int fd, char* to, std::size_t size, std::unique_ptr<Waiter> waiter) {
  return enlist(std::move(waiter),
                [&](io_uring_sqe* entry) { io_uring_prep_recv(entry, fd, to, std::min(size, kMostBytes), 0); });
}

Ring::Ticket Ring::send(int fd, const msghdr& message, std::unique_ptr<Waiter> waiter) {
  return enlist(std::move(waiter),
                [&](io_uring_sqe* entry) { io_uring_prep_sendmsg(entry, fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT); });
}

Ring::Ticket Ring::poll(int fd, short events, std::unique_ptr<Waiter> waiter) {
  return enlist(std::move(waiter),
                [&](io_uring_sqe* entry) { io_uring_prep_poll_add(entry, fd, static_cast<unsigned>(events)); });
}

void Ring::cancel(Ticket ticket) {
  io_uring_sqe* const entry = next_entry();
  if (entry == nullptr) return;
  io_uring_prep_cancel64(entry, ticket, 0);
  io_uring_sqe_set_data64(entry, kOfCancel);
}

bool Ring::has_news() const {
  return io_uring_cq_ready(ring_.get()) > 0 ||
         (IO_URING_READ_ONCE(*ring_->sq.kflags) & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW)) != 0;
}

// Hands over, and takes what is done.
void Ring::enter() {
  io_uring_submit_and_get_events(ring_.get());
}

void Ring::enter_and_wait(int timeout) {
  io_uring_cqe* first = nullptr;
  const bool is_short = timeout > 0 && timeout < kBeforeIdle;
  __kernel_timespec patience{0, std::int64_t{is_short ? timeout : kBeforeIdle} * 1'000'000};
  if (io_uring_submit_and_wait_timeout(ring_.get(), &first, 1, &patience, nullptr) == -ETIME && !is_short) is_idle_ = true;
}

void Ring::sleep(int timeout) {
  io_uring_cq_eventfd_toggle(ring_.get(), true);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  // What came before the bell was on did not ring it, and would keep all that comes later from ringing it; the kernel does some
  // of it at a time.
  do {
    enter();
  } while (io_uring_cq_ready(ring_.get()) == 0 && has_news());
  const bool all_handed_over = io_uring_sq_ready(ring_.get()) == 0;
  pollfd entry{bell_, POLLIN, 0};
  while (io_uring_cq_ready(ring_.get()) == 0 && ::poll(&entry, 1, all_handed_over ? timeout : kTryAgain) < 0 && errno == EINTR) {
  }
  io_uring_cq_eventfd_toggle(ring_.get(), false);
  eventfd_t rung = 0;
  ::eventfd_read(bell_, &rung);
  if (io_uring_cq_ready(ring_.get()) == 0) enter();
}

void Ring::settle() {
  results_.clear();
  io_uring_cqe* result = nullptr;
  unsigned at = 0;
  io_uring_for_each_cqe(ring_.get(), at, result) results_.push_back({io_uring_cqe_get_data64(result), result->res});
  io_uring_cq_advance(ring_.get(), static_cast<unsigned>(results_.size()));
  for (const Outcome& outcome : results_) {
    if (outcome.data == kOfEpoll) {
      watches_epoll_ = false;
      epoll_is_ready_ = true;
    }
    if (outcome.data >= kOfCancel) continue;
    const auto ticket = static_cast<Ticket>(outcome.data);
    std::unique_ptr<Waiter> waiter = std::move(waiters_[ticket]);
    free_.push_back(ticket);
    is_idle_ = false;
    Waiter& told = *waiter;
    told.done(std::move(waiter), outcome.result);
  }
}

void Ring::watch_epoll(int epoll_fd) {
  io_uring_sqe* const entry = watches_epoll_ ? nullptr : next_entry();
  if (entry == nullptr) return;
  io_uring_prep_poll_add(entry, epoll_fd, POLLIN);
  io_uring_sqe_set_data64(entry, kOfEpoll);
  watches_epoll_ = true;
}

int Ring::wait(int epoll_fd, epoll_event* events, int most, int timeout) {
  watch_epoll(epoll_fd);
  if (timeout == 0) {
    if (io_uring_sq_ready(ring_.get()) > 0 || has_news()) enter();
  } else if (!is_idle_) {
    enter_and_wait(timeout);
  } else {
    sleep(watches_epoll_ ? timeout : kTryAgain);
  }
  settle();
  if (!std::exchange(epoll_is_ready_, false)) return 0;
  return ::epoll_wait(epoll_fd, events, most, 0);
}

void Ring::close() {
  std::size_t left = waiters_.size() - free_.size() + (watches_epoll_ ? 1 : 0);
  if (io_uring_sqe* const entry = next_entry()) {
    io_uring_prep_cancel64(entry, 0, IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL);
    io_uring_sqe_set_data64(entry, kOfCancel);
  }
  for (int round = 0; left > 0 && round < kTries; ++round) {
    enter_and_wait(1);
    io_uring_cqe* result = nullptr;
    unsigned at = 0, seen = 0;
    io_uring_for_each_cqe(ring_.get(), at, result) {
      ++seen;
      if (io_uring_cqe_get_data64(result) != kOfCancel && left > 0) --left;
    }
    io_uring_cq_advance(ring_.get(), seen);
  }
  io_uring_queue_exit(ring_.get());
  ring_.reset();
}

Ring* Ring::of_this_thread() {
  return t_ring;
}

Ring::Use::Use(Ring* ring) {
  t_ring = ring;
}

Ring::Use::~Use() {
  t_ring = nullptr;
}

}  // namespace pg

#else  // not Linux, or no liburing: open() gives none, and nothing else is called

struct io_uring {};

namespace pg {

Ring::~Ring() = default;
std::unique_ptr<Ring> Ring::open() {
  return nullptr;
}
Ring::Ticket Ring::receive(int, char*, std::size_t, std::unique_ptr<Waiter>) {
  return 0;
}
Ring::Ticket Ring::send(int, const msghdr&, std::unique_ptr<Waiter>) {
  return 0;
}
Ring::Ticket Ring::poll(int, short, std::unique_ptr<Waiter>) {
  return 0;
}
void Ring::cancel(Ticket) {}
void Ring::close() {}
Ring* Ring::of_this_thread() {
  return nullptr;
}
Ring::Use::Use(Ring*) {}
Ring::Use::~Use() = default;

}  // namespace pg

#endif
