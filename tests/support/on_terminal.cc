// posix_openpt, and a session of its own whose terminal that is.
#include "tests/support/on_terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace pg::test {

OnTerminal::OnTerminal(const Home& home, const std::vector<std::string>& args) {
  terminal_ = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  ::grantpt(terminal_);
  ::unlockpt(terminal_);
  const std::string name = ::ptsname(terminal_);
  std::vector<std::string> words{pg_binary()}, environment = home.environment();
  words.insert(words.end(), args.begin(), args.end());
  std::vector<char*> argv, envp;
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  for (auto& one : environment) envp.push_back(one.data());
  envp.push_back(nullptr);
  pid_ = ::fork();
  if (pid_ != 0) return;
  ::setsid();
  const int mine = ::open(name.c_str(), O_RDWR);
  ::ioctl(mine, TIOCSCTTY, 0);
  for (const int end : {0, 1, 2}) ::dup2(mine, end);
  if (mine > 2) ::close(mine);
  ::execve(argv[0], argv.data(), envp.data());
  ::_exit(127);
}

OnTerminal::~OnTerminal() {
  if (pid_ > 0) {
    ::kill(-pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  ::close(terminal_);
}

void OnTerminal::read_some(Ms limit) {
  pollfd ready{terminal_, POLLIN, 0};
  if (::poll(&ready, 1, static_cast<int>(limit.count())) <= 0) return;
  char bytes[4096];
  const ssize_t got = ::read(terminal_, bytes, sizeof bytes);
  if (got > 0) seen_.append(bytes, static_cast<std::size_t>(got));
}

bool OnTerminal::shows(std::string_view text, Ms limit) {
  const auto until = SteadyClock::now() + limit;
  while (seen_.find(text) == std::string::npos && SteadyClock::now() < until) read_some(Ms{50});
  return seen_.find(text) != std::string::npos;
}

void OnTerminal::type(std::string_view keys) {
  (void)!::write(terminal_, keys.data(), keys.size());
}

int OnTerminal::wait_status(Ms limit) {
  const auto until = SteadyClock::now() + limit;
  while (SteadyClock::now() < until) {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      pid_ = -1;
      return status;
    }
    read_some(Ms{20});
  }
  return -1;
}

bool OnTerminal::stops(Ms limit) {
  const auto until = SteadyClock::now() + limit;
  while (SteadyClock::now() < until) {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG | WUNTRACED) == pid_ && WIFSTOPPED(status)) return true;
    read_some(Ms{20});
  }
  return false;
}

void OnTerminal::signal(int number) const {
  ::kill(pid_, number);
}

void OnTerminal::continue_group() const {
  ::kill(-pid_, SIGCONT);
}

}  // namespace pg::test
