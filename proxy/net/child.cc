// Between fork() and execve() only what is allowed after a fork of many threads: system calls.
#include "proxy/net/child.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

namespace pg {
namespace {

/// Both ends of a pipe; what is not taken is closed.
struct PipeEnds {
  std::array<int, 2> ends{-1, -1};
  bool open() { return ::pipe2(ends.data(), O_CLOEXEC) == 0; }
  int take(std::size_t end) { return std::exchange(ends[end], -1); }
  ~PipeEnds() {
    for (const int end : ends)
      if (end >= 0) ::close(end);
  }
};

Error not_started(const ChildSpec& spec, int why) {
  return make_error(Code::io_failed, fmt::format("cannot start '{}': {}", spec.command.front(), std::strerror(why)));
}

std::string_view value_of(const std::vector<std::string>& environment, std::string_view name) {
  for (const std::string_view each : environment)
    if (each.starts_with(name) && each.substr(name.size()).starts_with('=')) return each.substr(name.size() + 1);
  return {};
}

bool is_program(const std::string& path) {
  struct stat facts {};
  return ::stat(path.c_str(), &facts) == 0 && S_ISREG(facts.st_mode) && ::access(path.c_str(), X_OK) == 0;
}

/// Where the program is; "" when it is nowhere.
std::string find_along_path(const std::string& program, std::string_view path) {
  if (program.find('/') != std::string::npos) return program;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find(':'), path.size());
    std::string candidate(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
    if (candidate.empty()) continue;  // the current directory: never meant
    candidate.append("/").append(program);
    if (is_program(candidate)) return candidate;
  }
  return {};
}

std::vector<char*> as_argv(const std::vector<std::string>& words) {
  std::vector<char*> argv;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));  // execve takes char*, and leaves them
  argv.push_back(nullptr);
  return argv;
}

struct Starting {
  const char* program;
  char* const* argv;
  char* const* environment;
  const char* directory;  // nullptr: stays
  std::array<int, 3> ends;
  int tell;
  pid_t parent;
};

[[noreturn]] void fail_start(const Starting& starting) {
  const int why = errno;
  (void)!::write(starting.tell, &why, sizeof why);
  ::_exit(127);
}

constexpr int kMostDescriptors = 65'536;  // that are looked at where the kernel does not do it (before Linux 5.11)

[[noreturn]] void become(const Starting& starting) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != starting.parent) ::_exit(127);  // it ended in between
  for (int target = 0; target < 3; ++target)
    if (::dup2(starting.ends[static_cast<std::size_t>(target)], target) < 0) fail_start(starting);
  struct sigaction usual {};
  usual.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number) ::sigaction(number, &usual, nullptr);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  // Sockets above all: whoever has a listening one gets callers, and with them their keys.
  if (::close_range(3, ~0u, CLOSE_RANGE_CLOEXEC) != 0)
    for (int fd = 3; fd < kMostDescriptors; ++fd) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  if (starting.directory != nullptr && ::chdir(starting.directory) != 0) fail_start(starting);
  ::execve(starting.program, starting.argv, starting.environment);
  fail_start(starting);
}

void stop_blocking(int fd) {
  ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
}

std::string spell_end(int status) {
  if (WIFSIGNALED(status)) return fmt::format("was ended by signal {}", WTERMSIG(status));
  return fmt::format("exited with status {}", WEXITSTATUS(status));
}

}  // namespace

Status ChildProcess::start(const ChildSpec& spec) {
  kill_now();
  const std::string program = find_along_path(spec.command.front(), value_of(spec.environment, "PATH"));
  if (program.empty())
    return make_error(Code::io_failed,
                      fmt::format("cannot start '{}': there is no such program along PATH", spec.command.front()));
  PipeEnds in, out, err, told;
  if (!in.open() || !out.open() || !err.open() || !told.open()) return not_started(spec, errno);
  const std::vector<char*> argv = as_argv(spec.command), environment = as_argv(spec.environment);
  const Starting starting{program.c_str(),
                          argv.data(),
                          environment.data(),
                          spec.directory.empty() ? nullptr : spec.directory.c_str(),
                          {in.ends[0], out.ends[1], err.ends[1]},
                          told.ends[1],
                          ::getpid()};
  const pid_t child = ::fork();
  if (child == 0) become(starting);
  if (child < 0) return not_started(spec, errno);
  ::close(told.take(1));
  int why = 0;
  if (::read(told.ends[0], &why, sizeof why) > 0) {
    ::waitpid(child, nullptr, 0);
    if (why == ENOENT && !spec.directory.empty() && ::access(spec.directory.c_str(), X_OK) != 0)
      return make_error(Code::io_failed,
                        fmt::format("cannot start '{}' in {}: {}", spec.command.front(), spec.directory, std::strerror(why)));
    return not_started(spec, why);
  }
  pid_ = child;
  in_ = in.take(1);
  out_ = out.take(0);
  err_ = err.take(0);
  for (const int fd : {in_, out_, err_}) stop_blocking(fd);
  return {};
}

void ChildProcess::close_in() {
  if (in_ >= 0) ::close(in_);
  in_ = -1;
}

void ChildProcess::close_all() {
  close_in();
  for (int* const fd : {&out_, &err_})
    if (*fd >= 0) ::close(std::exchange(*fd, -1));
}

void ChildProcess::signal(int number) const {
  if (pid_ > 0) ::kill(-pid_, number);
}

std::optional<std::string> ChildProcess::take_end() {
  siginfo_t ended{};
  if (pid_ <= 0 || ::waitid(P_PID, static_cast<id_t>(pid_), &ended, WEXITED | WNOHANG | WNOWAIT) != 0 || ended.si_pid != pid_)
    return std::nullopt;
  ::kill(-pid_, SIGKILL);  // what it started and left behind, while the group's number is still its own
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  close_in();
  return spell_end(status);
}

void ChildProcess::kill_now() {
  if (pid_ > 0) {
    ::kill(-pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  close_all();
}

std::vector<std::string> plain_environment(char* const* environment) {
  constexpr std::array<std::string_view, 19> kNames = {
      "PATH", "HOME",          "USER",           "LOGNAME",         "SHELL",          "LANG",     "LANGUAGE",
      "TZ",   "TERM",          "TMPDIR",         "SSL_CERT_FILE",   "SSL_CERT_DIR",   "NO_PROXY", "no_proxy",
      "PWD",  "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"};
  std::vector<std::string> plain;
  for (char* const* each = environment; *each != nullptr; ++each) {
    const std::string_view line(*each), name = line.substr(0, line.find('='));
    if (name.starts_with("LC_") || std::find(kNames.begin(), kNames.end(), name) != kNames.end()) plain.emplace_back(line);
  }
  return plain;
}

}  // namespace pg
