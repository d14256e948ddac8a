// Runs pg on a pseudo-terminal of its own, as its user would: what is typed is sent when what is waited for has been shown.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "tests/support/run_pg.h"

namespace pg::test {

class OnTerminal {
 public:
  OnTerminal(const Home& home, const std::vector<std::string>& args);
  OnTerminal(const OnTerminal&) = delete;
  OnTerminal& operator=(const OnTerminal&) = delete;
  ~OnTerminal();

  /// True once `text` has been shown, since the start.
  bool shows(std::string_view text, Ms limit = Ms{10'000});
  /// Keys, such as "y\n", or "\x03" for Ctrl-C.
  void type(std::string_view keys);
  /// What waitpid() tells at the end; -1 when it still runs after the limit.
  int wait_status(Ms limit = Ms{10'000});
  /// True once it has stopped (Ctrl-Z).
  bool stops(Ms limit = Ms{10'000});
  /// To the process itself, not to its group.
  void signal(int number) const;
  void continue_group() const;
  const std::string& seen() const { return seen_; }

 private:
  void read_some(Ms limit);
  int terminal_ = -1;
  pid_t pid_ = -1;
  std::string seen_;
};

}  // namespace pg::test
