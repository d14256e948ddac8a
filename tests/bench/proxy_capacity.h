// What a proxy holds: memory under load and after it, connections that wait, and how fast a command is over.
#pragma once

#include <string>

#include "tests/bench/proxy_targets.h"

namespace pg::bench {

/// Where requests go.
struct Door {
  std::string name;
  Target* target = nullptr;  // null for the mock itself
  std::uint16_t port = 0;
  std::string path, fields;
};

struct Memory {
  double idle = 0, peak = 0, after = 0;  // MiB
};

/// `connections` with a body of 1 MB each that nobody has seen before, for that long; then `rest` seconds without any.
Memory measure_memory(const Door& door, int connections, double seconds, double rest);

struct Waiting {
  int held = 0;      // of `wanted`, those that were answered twice, with a wait for all the others in between
  double added = 0;  // MiB, while all of them wait
};
/// Keep-alive connections between two requests.
Waiting hold_connections(const Door& door, int wanted);

/// Wall time of a command with its output thrown away, ms: the median of `runs`.
double time_command(const std::vector<std::string>& command, int runs);

}  // namespace pg::bench
