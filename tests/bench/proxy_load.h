// A load generator: keep-alive connections from one thread, closed loop or at a fixed rate, with latencies and the delay of each
// event of a stream.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "tests/bench/proxy_bodies.h"

namespace pg::bench {

struct Load {
  std::uint16_t port = 0;
  std::string path = "/v1/chat/completions";
  std::string fields;  // "name: value\r\n" each
  const Body* body = nullptr;
  int connections = 64;
  double seconds = 1;
  double warmup = 0.3;                      // before, not counted
  double rate = 0;                          // requests a second over all connections; 0 = as fast as answers come
  bool stream = false;                      // the answers are events with stamps
  const std::atomic<bool>* stop = nullptr;  // ends it early; may be null
};

/// Times in microseconds.
struct LoadResult {
  std::uint64_t all = 0;      // requests, with those of the warm-up
  std::uint64_t counted = 0;  // without
  std::uint64_t errors = 0;   // any answer but 200, a broken connection, a stream without all of its events
  double per_second = 0;
  double p50 = 0, p99 = 0;                            // of whole answers
  double ttft_p50 = 0, chunk_p50 = 0, chunk_p99 = 0;  // of streams: first event; from the mock's stamp to here
};

/// Loopback only. Returns when the time is over and every answer under way has come.
LoadResult run_load(const Load& load);

}  // namespace pg::bench
