#include "core/base/last_words.h"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <stdexcept>
#include <system_error>

using namespace pg;

namespace {

/// What a process says that ends by `fault`, and how it ended.
std::pair<std::string, int> last_words_of(void (*fault)()) {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    for (const int number : {SIGABRT, SIGSEGV, SIGBUS}) std::signal(number, SIG_DFL);  // doctest has its own
    ::dup2(ends[1], STDERR_FILENO);
    guard_last_words();
    rlimit core{};
    ::getrlimit(RLIMIT_CORE, &core);
    if (core.rlim_cur > 1) ::_exit(3);
    [fault]() noexcept { fault(); }();
    ::_exit(4);
  }
  ::close(ends[1]);
  std::string said;
  char piece[256];
  for (ssize_t got = 0; (got = ::read(ends[0], piece, sizeof piece)) > 0;) said.append(piece, static_cast<std::size_t>(got));
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  return {said, WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status)};
}

}  // namespace

TEST_CASE("a bug is named by its type, never by words that may quote what went through") {
  CHECK(name_bug(std::runtime_error("last read: hunter2")) == "std::runtime_error");
  CHECK(name_bug(std::system_error(ENOSPC, std::generic_category(), "hunter2")) == "std::system_error (No space left on device)");
}

TEST_CASE("an exception that nobody catches leaves its type and no core file") {
  const auto known = last_words_of([] { throw std::out_of_range("key 'hunter2' not found"); });
  CHECK(known.first == "pg: internal error: std::out_of_range\n");
  CHECK(known.second == SIGABRT);
  CHECK(last_words_of([] { throw 7; }).first == "pg: internal error: int\n");
  CHECK(last_words_of([] { std::terminate(); }).first == "pg: internal error: terminated\n");
}

#if defined(__linux__) && defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST_CASE("a fault of the processor is told with its place in the program, and ends the process as it would have") {
  const auto touched = last_words_of([] {
    const volatile int* nothing = nullptr;
    static_cast<void>(*nothing);
  });
  CHECK(touched.first.starts_with("pg: internal error: invalid memory access in pg " PG_VERSION " at 0x"));
  CHECK(touched.first.ends_with("\n"));
  CHECK(touched.second == SIGSEGV);
  const auto sent = last_words_of([] { std::raise(SIGBUS); });  // from outside: there is no place of ours
  CHECK(sent.first == "pg: internal error: memory that is not there in pg " PG_VERSION "\n");
  CHECK(sent.second == SIGBUS);
}
#endif
