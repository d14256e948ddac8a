// Memory is looked at from outside, while the load comes from another thread.
#include "tests/bench/proxy_capacity.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <thread>

#include "tests/bench/proxy_load.h"
#include "tests/bench/proxy_mock.h"
#include "tests/support/raw_client.h"

namespace pg::bench {
namespace {

constexpr int kOwnDescriptors = 400;  // beside the connections

void raise_descriptor_limit() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
}

int most_connections() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return 0;
  return static_cast<int>(std::min<rlim_t>(files.rlim_cur, 1'000'000)) - kOwnDescriptors;
}

double run_once(const std::vector<std::string>& command) {
  std::vector<std::string> words = command;
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  for (const int fd : {0, 1, 2}) ::posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
  const std::int64_t begun = monotonic_ns();
  pid_t pid = 0;
  const int failed = ::posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  int status = 0;
  if (failed != 0 || ::waitpid(pid, &status, 0) != pid || status != 0) throw std::runtime_error("cannot run " + command[0]);
  return static_cast<double>(monotonic_ns() - begun) / 1e6;
}

}  // namespace

Memory measure_memory(const Door& door, int connections, double seconds, double rest) {
  Memory memory;
  memory.idle = door.target->rss_mib();
  const Body body = make_body(1'000'000, Fresh::all);
  Load load;
  load.port = door.port;
  load.path = door.path;
  load.fields = door.fields;
  load.body = &body;
  load.connections = connections;
  load.seconds = seconds;
  std::atomic<bool> over{false};
  std::thread sending([&] {
    run_load(load);
    over = true;
  });
  while (!over) {
    memory.peak = std::max(memory.peak, door.target->rss_mib());
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  sending.join();
  std::this_thread::sleep_for(std::chrono::duration<double>(rest));
  memory.after = door.target->rss_mib();
  return memory;
}

Waiting hold_connections(const Door& door, int wanted) {
  raise_descriptor_limit();
  Waiting waiting;
  const double before = door.target->rss_mib();
  const std::string request = write_post(door.port, door.path, door.fields, make_body(500, Fresh::none).bytes);
  std::vector<std::unique_ptr<test::RawClient>> clients;
  const auto ask = [&request](test::RawClient& client) { return client.send(request) && client.read_reply().status == 200; };
  for (int i = 0; i < std::min(wanted, most_connections()); ++i) {
    clients.push_back(std::make_unique<test::RawClient>(door.port));
    if (!ask(*clients.back())) clients.pop_back();
  }
  waiting.added = door.target->rss_mib() - before;
  for (const auto& client : clients) waiting.held += ask(*client) ? 1 : 0;
  return waiting;
}

double time_command(const std::vector<std::string>& command, int runs) {
  std::vector<double> times;
  for (int i = 0; i < runs; ++i) times.push_back(run_once(command));
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

}  // namespace pg::bench
