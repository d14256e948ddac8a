// MockProvider: a provider on a thread of its own that costs little and answers at once. A request's model says what it gets:
// "bench" a whole reply of 1 KB, "bench-paced" 100 events 5 ms apart, "bench-flood" the same without pauses, "bench-500" an
// error, "bench-cut" a stream that ends in the middle of an event.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <thread>

namespace pg::bench {

inline constexpr int kStreamEvents = 100;
inline constexpr std::int64_t kEventPause = 5'000'000;  // nanoseconds
/// What stands in front of the 19 digits that say when an event was written (CLOCK_MONOTONIC, nanoseconds).
inline constexpr const char* kStamp = "stamp ";

std::int64_t monotonic_ns();

class MockProvider {
 public:
  MockProvider();
  ~MockProvider();
  MockProvider(const MockProvider&) = delete;
  MockProvider& operator=(const MockProvider&) = delete;
  std::uint16_t port() const { return port_; }

 private:
  struct Peer {
    std::string head;  // until it is whole
    std::size_t body_left = 0;
    bool in_body = false;
    std::string beginning;  // of the body: the model stands there
    std::string out;        // not yet taken by the socket
    int events_left = 0;
    std::int64_t next_event = 0;
    std::int64_t pause = 0;
    bool cut = false;
    bool wants_write = false;
  };
  void run();
  void accept_all();
  bool read(int fd, Peer& peer);  // false: it left
  bool take(Peer& peer, std::string_view bytes);
  void answer(Peer& peer);
  bool flush(int fd, Peer& peer);
  void write_event(Peer& peer);
  void write_due(std::int64_t now);
  void arm(std::int64_t now);

  int listen_fd_ = -1, epoll_ = -1, timer_ = -1;
  std::uint16_t port_ = 0;
  std::map<int, Peer> peers_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace pg::bench
