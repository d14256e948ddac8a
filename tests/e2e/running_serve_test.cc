// What commands say of, and do to, whoever holds the database's lock: a serve that hangs, one on another database, one that is
// only starting, or a pg that is no serve at all.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/support/run_pg.h"

namespace pg::test {
namespace {

bool tells(const std::string& text, std::string_view wanted) {
  return text.find(wanted) != std::string::npos;
}

volatile std::sig_atomic_t hangups = 0;

/// The lock of a pg that is no ready serve: held, with these notes.
class HeldLock {
 public:
  HeldLock(const Home& home, const std::string& notes) {
    const std::string file = home.database() + ".lock";
    home.write(file, notes);
    fd_ = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
    REQUIRE(::flock(fd_, LOCK_EX | LOCK_NB) == 0);
  }
  HeldLock(const HeldLock&) = delete;
  HeldLock& operator=(const HeldLock&) = delete;
  ~HeldLock() { ::close(fd_); }

 private:
  int fd_ = -1;
};

}  // namespace

TEST_CASE("running serve: a pg that only holds the lock is not signalled, and is told from none") {
  Home home;
  REQUIRE(home.run({"init"}).status == 0);
  hangups = 0;
  const auto before = std::signal(SIGHUP, [](int) { hangups = hangups + 1; });
  const std::string pid = std::to_string(::getpid());
  for (const std::string& notes : {std::string(), std::string("0\n\nhttp://127.0.0.1:1\n1\n"), pid + "\n\n\n0\n", pid + "\n"}) {
    CAPTURE(notes);
    const HeldLock lock(home, notes);
    const CommandResult told = home.run({"config", "reload"});
    CHECK(told.status == 5);
    CHECK(tells(told.err, "another pg"));
    CHECK(tells(told.err, "starting"));
    CHECK_FALSE(tells(told.err, "hint: pg serve\n"));
    if (notes.starts_with(pid)) CHECK(tells(told.err, "pid " + pid));
  }
  CHECK(hangups == 0);
  std::signal(SIGHUP, before);
  const HeldLock lock(home, pid + "\n\n\n0\n");
  CHECK(tells(home.run({}).out, "another pg (pid " + pid + ")"));
  CHECK(tells(home.run({"setup", "curl", "--check"}).out, "another pg (pid " + pid + ")"));
  CHECK(tells(home.run({"run", "codex"}).err, "error: "));
}

TEST_CASE("running serve: one that hangs has not taken over what keys say, and a new key is shown before it is waited for") {
  World w;
  const std::string pid = std::to_string(w.server.pid());
  REQUIRE(w.home.run({"keys", "add", "laptop"}).status == 0);
  w.server.signal(SIGSTOP);
  const CommandResult cut = w.home.run({"keys", "add", "early"}, {}, Ms{1000});
  CHECK(tells(cut.out, "pg_"));
  const auto lags = [&](const std::vector<std::string>& words) {
    const CommandResult result = w.home.run(words);
    CAPTURE(result.err);
    CHECK(result.status == 0);
    CHECK(tells(result.err, "pg serve (pid " + pid + ") has not taken the change over yet"));
    CHECK_FALSE(tells(result.err, "stopped working"));
    return result;
  };
  CHECK(tells(lags({"keys", "add", "late"}).out, "pg_"));
  CHECK(tells(lags({"keys", "rotate", "laptop"}).out, "pg_"));
  lags({"keys", "edit", "laptop", "--rpm", "60"});
  const CommandResult json = lags({"keys", "revoke", "laptop", "--json"});
  CHECK(nlohmann::json::parse(json.out).at("in_force") == false);
  w.server.signal(SIGCONT);
  const CommandResult done = w.home.run({"keys", "disable", "late", "--json"});
  CHECK(nlohmann::json::parse(done.out).at("in_force") == true);
  CHECK_FALSE(tells(done.err, "not taken"));
  CHECK(tells(w.home.run({"keys", "rotate", "early"}).err, "the old key stopped working"));
}

TEST_CASE("running serve: one whose database was replaced serves another, and nothing is promised for it") {
  World w;
  const std::string pid = std::to_string(w.server.pid());
  const std::string database = w.home.database();
  for (const char* end : {"", "-wal", "-shm"}) std::filesystem::rename(database + end, database + ".away" + end);
  REQUIRE(w.home.run({"init"}).status == 0);
  REQUIRE(w.home.run({"keys", "add", "laptop"}).status == 0);
  const CommandResult revoked = w.home.run({"keys", "revoke", "laptop", "--json"});
  CHECK(revoked.status == 0);
  CHECK(nlohmann::json::parse(revoked.out).at("in_force") == false);
  CHECK(tells(revoked.err, "pg serve (pid " + pid + ") runs on another database"));
  CHECK_FALSE(tells(w.home.run({}).out, "running at"));
  CHECK(tells(w.home.run({"setup", "curl", "--check"}).out, "runs on another database"));
  const CommandResult reload = w.home.run({"config", "reload"});
  CHECK(reload.status == 5);
  CHECK(tells(reload.err, "runs on another database"));
}

TEST_CASE("running serve: the command to go on with names the same settings") {
  World w;
  const CommandResult snippet = w.home.run({"setup", "curl", "--config", w.home.config_file()});
  CHECK(tells(snippet.err, "then: pg setup curl --config " + w.home.config_file() + " --check"));
  CHECK(tells(w.home.run({"setup", "curl"}).err, "then: pg setup curl --check"));
}

}  // namespace pg::test
