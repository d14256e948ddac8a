// Both stay in one process group: what the terminal sends (Ctrl-C, Ctrl-Z, its end) reaches the program by itself, and pg only
// hands on what somebody sent to pg alone.
#include "cmd/child.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>

#include "core/base/last_words.h"

namespace pg {
namespace {

constexpr int kHandedOn[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2};

Error cannot_start(const std::string& program, int why) {
  return make_error(Code::io_failed, fmt::format("cannot start '{}': {}", program, std::strerror(why)));
}

// The signals to wait for, blocked from before there is a child: none is lost.
sigset_t block_handed_on(sigset_t& before) {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : kHandedOn) sigaddset(&signals, signal);
  sigaddset(&signals, SIGCHLD);
  sigaddset(&signals, SIGCONT);
  std::signal(SIGCHLD, SIG_DFL);  // who is ignored leaves no status
  sigprocmask(SIG_BLOCK, &signals, &before);
  return signals;
}

/// Why it could not be started, as errno.
int take_place(const std::vector<std::string>& words) {
  std::vector<char*> argv;
  for (const auto& word : words) argv.push_back(const_cast<char*>(word.c_str()));  // execvp takes char*, and leaves them alone
  argv.push_back(nullptr);
  std::signal(SIGPIPE, SIG_DFL);
  give_back_core_limit();
  ::execvp(argv[0], argv.data());
  return errno;
}

/// Both ends of a pipe that an exec closes.
struct StartPipe {
  std::array<int, 2> ends{-1, -1};
  bool open() { return ::pipe2(ends.data(), O_CLOEXEC) == 0; }
  void close(std::size_t end) {
    if (ends[end] >= 0) ::close(ends[end]);
    ends[end] = -1;
  }
  ~StartPipe() {
    close(0);
    close(1);
  }
};

[[noreturn]] void be_child(const std::vector<std::string>& words, const sigset_t& mask, int tell) {
  sigprocmask(SIG_SETMASK, &mask, nullptr);
  const int why = take_place(words);
  (void)!::write(tell, &why, sizeof why);
  ::_exit(127);
}

// From the terminal the program has it already: the kernel sends to the whole group.
void hand_on(const siginfo_t& got, pid_t child) {
  if (got.si_code <= 0) ::kill(child, got.si_signo);
}

// The program stopped itself as Ctrl-Z does: so does pg, whose shell then has the terminal, until that lets both go on. Who is
// stopped by somebody else (SIGSTOP) is let go on by them, too. When both were stopped and go on at once, pg may be the first.
void stop_with(pid_t child, int signal) {
  if (signal != SIGTSTP && signal != SIGTTIN && signal != SIGTTOU) return;
  constexpr timespec kMoment{0, 10'000'000};
  ::nanosleep(&kMoment, nullptr);
  int status = 0;
  if (::waitpid(child, &status, WNOHANG | WCONTINUED) == child && WIFCONTINUED(status)) return;
  ::raise(SIGTSTP);
  ::kill(child, SIGCONT);
}

int wait_for_end(pid_t child, const sigset_t& signals) {
  for (;;) {
    int status = 0;
    const pid_t changed = ::waitpid(child, &status, WNOHANG | WUNTRACED);
    if (changed < 0 && errno != EINTR) return 0;
    if (changed == child && !WIFSTOPPED(status)) return status;
    if (changed == child) {
      stop_with(child, WSTOPSIG(status));
      continue;
    }
    siginfo_t got{};
    const int signal = ::sigwaitinfo(&signals, &got);
    if (signal == SIGCONT && got.si_code <= 0) ::kill(child, SIGCONT);
    if (signal > 0 && signal != SIGCHLD && signal != SIGCONT) hand_on(got, child);
  }
}

}  // namespace

Error become_program(const std::vector<std::string>& words) {
  return cannot_start(words.front(), take_place(words));
}

Result<int> run_program(const std::vector<std::string>& words) {
  StartPipe started;
  if (!started.open()) return cannot_start(words.front(), errno);
  sigset_t before;
  const sigset_t signals = block_handed_on(before);
  const pid_t child = ::fork();
  if (child == 0) be_child(words, before, started.ends[1]);
  const int failed = child < 0 ? errno : 0;
  started.close(1);
  int why = failed;
  if (child > 0 && ::read(started.ends[0], &why, sizeof why) <= 0) why = 0;
  const int status = child > 0 ? wait_for_end(child, signals) : 0;
  sigprocmask(SIG_SETMASK, &before, nullptr);
  if (why != 0) return cannot_start(words.front(), why);
  return status;
}

int end_like(int wait_status) {
  if (!WIFSIGNALED(wait_status)) return WEXITSTATUS(wait_status);
  const int signal = WTERMSIG(wait_status);
  std::signal(signal, SIG_DFL);
  ::raise(signal);
  return 128 + signal;
}

}  // namespace pg
