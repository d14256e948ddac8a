// The connections of one loop that are between requests, the longest waiting first. Belongs to that loop; only oldest() and
// claim() may be called from anywhere.
#pragma once

#include <atomic>
#include <cstddef>
#include <list>

#include "core/base/clock.h"
#include "proxy/net/stream.h"

namespace pg {

class IdleList {
 public:
  struct Entry {
    Stream* stream = nullptr;
    SteadyTime since{};
    bool closing = false;
  };
  using Node = std::list<Entry>;  // holds a connection's one entry while it is busy, so that nothing is allocated per request

  void enter(Node& own, SteadyTime now) {
    own.front().since = now;
    own.front().closing = false;
    waiting_.splice(waiting_.end(), own);
    publish();
  }
  void leave(Node& own, std::list<Entry>::iterator entry) {
    own.splice(own.end(), entry->closing ? closing_ : waiting_, entry);
    publish();
  }

  /// Since when the first has waited; SteadyTime::max() when none waits that is not claimed.
  SteadyTime oldest() const {
    if (claimed_.load(std::memory_order_relaxed) >= count_.load(std::memory_order_relaxed)) return SteadyTime::max();
    return SteadyTime(SteadyTime::duration(oldest_.load(std::memory_order_relaxed)));
  }

  /// Another loop needs the place of one that waits here; its close_claimed() must follow, on this list's own loop. Until then no
  /// two loops count on the same one.
  void claim() { claimed_.fetch_add(1, std::memory_order_relaxed); }
  void close_claimed() {
    claimed_.fetch_sub(1, std::memory_order_relaxed);
    close_oldest();
  }

  /// Closes up to `count`, the longest idle first; how many. Each goes when its connection's work ends.
  std::size_t close_oldest(std::size_t count = 1) {
    std::size_t closed = 0;
    for (; !waiting_.empty() && closed < count; ++closed) {
      const auto entry = waiting_.begin();
      entry->closing = true;
      closing_.splice(closing_.end(), waiting_, entry);
      entry->stream->abort(IoEnd::timeout);
    }
    publish();
    return closed;
  }

 private:
  void publish() {
    const SteadyTime first = waiting_.empty() ? SteadyTime::max() : waiting_.front().since;
    oldest_.store(first.time_since_epoch().count(), std::memory_order_relaxed);
    count_.store(waiting_.size(), std::memory_order_relaxed);
  }

  std::list<Entry> waiting_;
  std::list<Entry> closing_;  // told to go, and not gone yet
  std::atomic<std::size_t> count_{0}, claimed_{0};
  std::atomic<SteadyTime::rep> oldest_{SteadyTime::max().time_since_epoch().count()};
};

}  // namespace pg
