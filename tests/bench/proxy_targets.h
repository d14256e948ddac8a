// What is measured: pg and nginx as processes of their own in front of the mock provider, and what the kernel says of them.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/run_pg.h"

namespace pg::bench {

/// A running proxy; ended, by its pid, with the object.
class Target {
 public:
  Target(std::string name, std::vector<std::string> command, std::vector<std::string> environment, std::uint16_t port);
  ~Target();
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;

  /// Starts it, and waits for the first answer with status 200: how long that took, ms.
  double start(const std::string& request);
  void stop();
  /// CPU time so far of it and its children, microseconds.
  double cpu_us() const;
  double rss_mib() const;
  int open_files() const;
  int threads() const;
  bool running() const;
  const std::string& name() const { return name_; }
  std::uint16_t port() const { return port_; }

 private:
  std::vector<pid_t> pids() const;
  std::string name_;
  std::vector<std::string> command_, environment_;
  std::uint16_t port_;
  pid_t pid_ = -1;
};

/// pg with one loop, a key, all guards on and its log, in a home of its own.
class PgTarget {
 public:
  /// `settings` are lines of pg.toml in front of the provider's; `guards` stand below [guards].
  PgTarget(std::uint16_t mock, const std::string& settings, const std::string& guards);
  Target& target() { return *target_; }
  /// Gone with the object.
  std::string directory() const { return home_.root().string(); }
  std::string path() const { return "/api/bench/v1/chat/completions"; }
  std::string fields() const { return "Authorization: Bearer " + key_ + "\r\n"; }

 private:
  test::Home home_;
  std::string key_;
  std::unique_ptr<Target> target_;
};

/// nginx as a plain reverse proxy with one worker, below `directory`.
std::unique_ptr<Target> make_nginx(std::uint16_t mock, const std::string& directory);

/// The first line of what a program prints, "" when it cannot be run.
std::string first_line(const std::string& command);
/// A request with that body, ready to be sent.
std::string write_post(std::uint16_t port, const std::string& path, const std::string& fields, const std::string& body);

}  // namespace pg::bench
