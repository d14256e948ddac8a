// The connections of one loop that are between requests, the longest waiting first. Belongs to that loop; only oldest() may be
// asked from anywhere.
#pragma once

#include <atomic>
#include <list>

#include "core/base/clock.h"
#include "proxy/net/stream.h"

namespace pg {

class IdleList {
 public:
  struct Entry {
    Stream* stream = nullptr;
    SteadyTime since{};
  };
  using Node = std::list<Entry>;  // holds a connection's one entry while it is busy, so that nothing is allocated per request

  void enter(Node& own, SteadyTime now) {
    own.front().since = now;
    waiting_.splice(waiting_.end(), own);
    publish();
  }
  void leave(Node& own, std::list<Entry>::iterator entry) {
    own.splice(own.end(), waiting_, entry);
    publish();
  }

  /// Since when the first has waited; SteadyTime::max() when none waits.
  SteadyTime oldest() const { return SteadyTime(SteadyTime::duration(oldest_.load(std::memory_order_relaxed))); }

  /// Closes up to `count`, the longest idle first; how many. They leave the list when their connection's work ends, so a
  /// second call before that closes the same.
  std::size_t close_oldest(std::size_t count = 1) {
    std::size_t closed = 0;
    for (auto entry = waiting_.begin(); entry != waiting_.end() && closed < count; ++entry, ++closed)
      entry->stream->abort(IoEnd::timeout);
    return closed;
  }

 private:
  void publish() {
    const SteadyTime first = waiting_.empty() ? SteadyTime::max() : waiting_.front().since;
    oldest_.store(first.time_since_epoch().count(), std::memory_order_relaxed);
  }

  std::list<Entry> waiting_;
  std::atomic<SteadyTime::rep> oldest_{SteadyTime::max().time_since_epoch().count()};
};

}  // namespace pg
