// Programs in the background: what they see of pg, how they end, and that nothing of them stays.
#include "proxy/net/child.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <thread>

#include "tests/support/soon.h"
#include "tests/support/temp_dir.h"

namespace pg {
namespace {

ChildSpec shell(std::string script) {
  return {{"sh", "-c", std::move(script)}, {"PATH=/usr/bin:/bin", "OWN=value"}, ""};
}

std::string read_all(int fd) {
  std::string all;
  for (;;) {
    pollfd wait{fd, POLLIN, 0};
    if (::poll(&wait, 1, 5000) <= 0) return all + "(timeout)";
    char bytes[4096];
    const ssize_t got = ::read(fd, bytes, sizeof bytes);
    if (got <= 0) return all;
    all.append(bytes, static_cast<std::size_t>(got));
  }
}

std::string end_of(ChildProcess& child) {
  std::string end;
  test::soon([&] {
    if (auto how = child.take_end()) end = *how;
    return !end.empty();
  });
  return end;
}

}  // namespace

TEST_CASE("child: it hears its stdin, and what it says and how it ends is known") {
  ChildProcess child;
  REQUIRE(child.start(shell("read line; echo \"heard $line\"; echo trouble >&2; exit 3")).has_value());
  CHECK(child.is_running());
  REQUIRE(::write(child.in(), "hello\n", 6) == 6);
  CHECK(read_all(child.out()) == "heard hello\n");
  CHECK(read_all(child.err()) == "trouble\n");
  CHECK(end_of(child) == "exited with status 3");
  CHECK_FALSE(child.is_running());
  CHECK(child.in() == -1);
}

TEST_CASE("child: what it said before it ended can be read after it") {
  for (int i = 0; i < 20; ++i) {
    ChildProcess child;
    REQUIRE(child.start(shell("echo out; echo err >&2")).has_value());
    CHECK(end_of(child) == "exited with status 0");
    CHECK(read_all(child.out()) == "out\n");
    CHECK(read_all(child.err()) == "err\n");
  }
}

TEST_CASE("child: it has the variables it is given, the directory, and no descriptor of ours") {
  const test::TempDir dir;
  const int ours = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  ChildProcess child;
  ChildSpec spec = shell("pwd; env | sort; ls /proc/self/fd | wc -l");
  spec.directory = dir.path();
  REQUIRE(child.start(spec).has_value());
  const std::string said = read_all(child.out());
  ::close(ours);
  CHECK(said.starts_with(dir.path() + "\n"));
  CHECK(said.find("OWN=value\n") != std::string::npos);
  CHECK(said.find("HOME=") == std::string::npos);
  CHECK(said.ends_with("\n4\n"));  // its three, and the directory that ls reads
}

TEST_CASE("child: what cannot be started says why") {
  ChildProcess child;
  CHECK(child.start({{"no-such-program-anywhere"}, {"PATH=/usr/bin"}, ""}).error().message.find("no such program along PATH") !=
        std::string::npos);
  CHECK_FALSE(child.start({{"/etc/passwd"}, {}, ""}).has_value());
  ChildSpec nowhere = shell("true");
  nowhere.directory = "/no/such/directory";
  CHECK(child.start(nowhere).error().message.find("/no/such/directory") != std::string::npos);
  CHECK_FALSE(child.is_running());
}

TEST_CASE("child: a signal reaches all that it started, and nothing outlives it") {
  ChildProcess child;
  REQUIRE(child.start(shell("trap '' TERM; sleep 60 & echo $!; wait; wait")).has_value());
  char bytes[64] = {};
  pollfd wait{child.out(), POLLIN, 0};
  REQUIRE(::poll(&wait, 1, 5000) == 1);
  REQUIRE(::read(child.out(), bytes, sizeof bytes - 1) > 0);
  const pid_t grandchild = std::stoi(bytes);
  CHECK(::kill(grandchild, 0) == 0);
  child.kill_now();
  CHECK(test::soon([&] { return ::kill(grandchild, 0) != 0; }));
}

TEST_CASE("child: of pg's own variables it has those that programs need, and none that may be a secret") {
  std::string path = "PATH=/bin", locale = "LC_ALL=C", key = "OPENAI_API_KEY=x", own = "PG_CONFIG=y",
              proxy = "HTTPS_PROXY=http://u:p@h", odd = "=odd", plain = "HOME";
  char* environment[] = {path.data(), locale.data(), key.data(), own.data(), proxy.data(), odd.data(), plain.data(), nullptr};
  CHECK(plain_environment(environment) == std::vector<std::string>{"PATH=/bin", "LC_ALL=C", "HOME"});
}

}  // namespace pg
