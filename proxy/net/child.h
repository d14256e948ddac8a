// A program that pg runs in the background and talks to over its stdin and stdout: in a process group of its own, without any of
// pg's descriptors, signals or settings, and gone when pg is.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace pg {

struct ChildSpec {
  std::vector<std::string> command;      // not empty; found along PATH of `environment`
  std::vector<std::string> environment;  // "NAME=value": all of it
  std::string directory;                 // "" = where pg runs
};

class ChildProcess {
 public:
  ChildProcess() = default;
  ~ChildProcess() { kill_now(); }
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  /// Starts it. io_failed: not found, not executable, no such directory. The thread that starts it must outlive it: its end takes
  /// the program along (PR_SET_PDEATHSIG).
  Status start(const ChildSpec& spec);

  bool is_running() const { return pid_ > 0; }
  int in() const { return in_; }    // its stdin; does not block
  int out() const { return out_; }  // its stdout
  int err() const { return err_; }  // its stderr
  void close_in();
  /// To the program and all that it started.
  void signal(int number) const;
  /// How it ended ("exited with status 1", "was ended by signal 9"), once it has. What it has said can still be read.
  std::optional<std::string> take_end();
  /// Ends it and all that it started at once, and waits for that.
  void kill_now();

 private:
  void close_all();

  pid_t pid_ = -1;
  int in_ = -1, out_ = -1, err_ = -1;
};

/// The variables of `environment` ("NAME=value") that a program needs to run at all: where things are, and which language and
/// time it is. Nothing that could be a credential.
std::vector<std::string> plain_environment(char* const* environment);

}  // namespace pg
