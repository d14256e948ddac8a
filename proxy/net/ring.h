// The kernel's io_uring of one loop: what many connections want read and written is handed over, and waited for, with one system
// call instead of one for each. Where the kernel has none, or does not let us, a loop does without.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

struct epoll_event;
struct io_uring;
struct io_uring_sqe;
struct msghdr;

namespace pg {

class Ring {
 public:
  /// Whoever waits for a piece of work.
  class Waiter {
   public:
    virtual ~Waiter() = default;
    /// What the system call would have returned, or -errno. Once; never when the ring is closed before. `self` is this one, to
    /// be kept or let go.
    virtual void done(std::unique_ptr<Waiter> self, int result) = 0;
  };
  using Ticket = std::uint32_t;  // a piece of work that is under way

  /// nullptr where there is no io_uring, or one from before Linux 6.1. It belongs to the calling thread until close().
  static std::unique_ptr<Ring> open();
  ~Ring();
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  // Each of these throws std::bad_alloc when the kernel takes no more work.

  /// recv(2) as soon as there is something.
  Ticket receive(int fd, char* to, std::size_t size, std::unique_ptr<Waiter> waiter);
  /// sendmsg(2) of what goes out at once, -EAGAIN when that is nothing. `message` and what it points to last until it is done.
  Ticket send(int fd, const msghdr& message, std::unique_ptr<Waiter> waiter);
  /// poll(2) for any of `events`; unlike that, it may also end with POLLRDHUP alone when the peer has ended its side.
  Ticket poll(int fd, short events, std::unique_ptr<Waiter> waiter);
  /// Ends work that is under way with -ECANCELED, unless it is done by then.
  void cancel(Ticket ticket);

  /// Takes the place of epoll_wait(2): hands over what was begun, waits as that would (-1 = for as long as it takes, 0 = not),
  /// calls waiters, and gives the events of `epoll_fd`.
  int wait(int epoll_fd, epoll_event* events, int most, int timeout);

  /// Ends what is under way without telling its waiters, who are let go with the ring itself. By the thread that opened it.
  void close();

  /// The ring that waits for this thread's io_context; nullptr = epoll_wait(2) does.
  static Ring* of_this_thread();
  /// Makes it so for as long as this lives.
  class Use {
   public:
    explicit Use(Ring* ring);
    ~Use();
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
  };

 private:
  explicit Ring(std::unique_ptr<io_uring> ring);
  io_uring_sqe* next_entry();
  template <class Prepare>
  Ticket enlist(std::unique_ptr<Waiter> waiter, Prepare prepare);
  void watch_epoll(int epoll_fd);
  void enter();
  void enter_and_wait(int timeout);
  void sleep(int timeout);
  bool can_sleep() const;
  void settle();
  bool has_news() const;

  struct Outcome {
    std::uint64_t data;
    int result;
  };

  std::unique_ptr<io_uring> ring_;                // nullptr = closed
  int bell_ = -1;                                 // an eventfd that the kernel rings while the loop sleeps
  std::vector<std::unique_ptr<Waiter>> waiters_;  // by ticket
  std::vector<Ticket> free_;
  std::vector<Outcome> results_;  // of one wait()
  bool watches_epoll_ = false;    // the ring is asked to tell when there are events
  bool epoll_is_ready_ = false;
  bool is_idle_ = false;
};

}  // namespace pg
