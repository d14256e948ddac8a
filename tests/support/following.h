// A command of pg's that goes on, such as `logs tail -f`, and the lines it prints. Used by one thread.
#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "tests/support/run_pg.h"

namespace pg::test {

/// `pg ARGS…` with its output in a pipe, until the object goes.
class Following {
 public:
  Following(const World& world, std::vector<std::string> args) {
    args.insert(args.begin(), pg_binary());
    args.insert(args.end(), {"--config", world.home.config_file()});
    REQUIRE(::pipe2(pipe_, O_CLOEXEC) == 0);
    std::vector<char*> argv, envp;
    for (auto& arg : args) argv.push_back(arg.data());
    argv.push_back(nullptr);
    auto environment = world.home.environment();
    for (auto& variable : environment) envp.push_back(variable.data());
    envp.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, pipe_[1], 1);
    REQUIRE(::posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), envp.data()) == 0);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(pipe_[1]);
  }
  ~Following() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    ::close(pipe_[0]);
  }
  /// The next line, or "" when none comes in time.
  std::string line() {
    for (;;) {
      if (const auto end = text_.find('\n'); end != std::string::npos) {
        std::string one = text_.substr(0, end);
        text_.erase(0, end + 1);
        return one;
      }
      pollfd ready{pipe_[0], POLLIN, 0};
      char piece[4096];
      if (::poll(&ready, 1, 10'000) != 1) return {};
      const ssize_t size = ::read(pipe_[0], piece, sizeof piece);
      if (size <= 0) return {};
      text_.append(piece, static_cast<std::size_t>(size));
    }
  }

 private:
  int pipe_[2] = {-1, -1};
  pid_t pid_ = -1;
  std::string text_;
};

}  // namespace pg::test
