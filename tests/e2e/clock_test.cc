// A wall clock that is turned while pg runs (fault catalogue G81): nobody is refused for it, nothing is spent twice, nothing
// waits for a year. libfaketime moves the wall clock alone, for the server and for every command; the steady clock stays as it
// is, as it does when an administrator or NTP sets the time.
#include <doctest/doctest.h>
#include <signal.h>

#include <ctime>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "tests/support/following.h"
#include "tests/support/priced.h"
#include "tests/support/run_pg.h"
#include "tests/support/soon.h"

namespace pg::test {
namespace {

using Json = nlohmann::json;

constexpr long kHourInSeconds = 3'600, kDayInSeconds = 86'400;
const std::string kInUtc = std::string(kFakePrices) + "[budgets]\nreserve_output = 1000\ntime_zone = \"UTC\"\n";
constexpr std::string_view kDearCall = R"({"model":"m","max_tokens":1000,"messages":[{"role":"user","content":"hi"}]})";

std::string find_libfaketime() {
  for (const char* root : {"/usr/lib", "/usr/lib64", "/usr/local/lib"})
    for (const auto& entry :
         std::filesystem::directory_iterator(root, std::filesystem::directory_options::skip_permission_denied))
      for (const std::filesystem::path& folder : {entry.path(), entry.path() / "faketime"})
        if (std::error_code error; std::filesystem::is_regular_file(folder / "libfaketime.so.1", error))
          return folder / "libfaketime.so.1";
  return {};
}

/// A World on a day in the middle of a month, whose clock can be turned.
class TurnedWorld : public World {
 public:
  TurnedWorld() : World(kDetectAll, kInUtc) {
    const std::string library = find_libfaketime();
    if (library.empty()) return;
    server.signal(SIGTERM);
    REQUIRE(server.wait() == 0);
    home.set_env("LD_PRELOAD", library);
    home.set_env("FAKETIME_TIMESTAMP_FILE", file());
    home.set_env("FAKETIME_NO_CACHE", "1");
    home.set_env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    home.set_env("DONT_FAKE_MONOTONIC", "1");
    std::time_t now = std::time(nullptr);
    std::tm middle{};
    ::gmtime_r(&now, &middle);
    middle.tm_mday = 15;
    middle.tm_hour = 12;
    base_ = static_cast<long>(::timegm(&middle) - now);
    turn(0);
    // A binary that is itself made of replaced functions (a sanitizer's) does not start under it.
    works_ = home.run({"version"}).status == 0 && server.start();
  }
  bool works() const { return works_; }
  /// So many seconds from that day's noon.
  void turn(long seconds) const {
    const std::string next = file() + ".new";
    std::ofstream(next) << (base_ + seconds >= 0 ? "+" : "") << base_ + seconds << "\n";
    std::filesystem::rename(next, file());
  }
  int call() const { return post("v1/messages", kDearCall).status; }
  std::vector<Json> log() const {
    std::vector<Json> rows;
    std::istringstream lines(home.run({"logs", "search", "-n", "0", "--json"}).out);
    for (std::string line; std::getline(lines, line);) rows.push_back(Json::parse(line));
    return rows;
  }
  /// The key's budget as `pg budgets` has it for the month that it is.
  std::string spent() const {
    const Json budgets = Json::parse(home.run({"budgets", "--json"}).out, nullptr, false);
    return budgets.is_object() ? budgets.at("budgets").at(0).value("spent_usd", "") : "";
  }
  void edit_key(std::vector<std::string> more) const {
    more.insert(more.begin(), {"keys", "edit", "e2e"});
    CHECK(home.run(more).status == 0);
  }

 private:
  std::string file() const { return (home.root() / "clock").string(); }
  long base_ = 0;
  bool works_ = false;
};

#define PG_TURNED_WORLD(w)                                                               \
  TurnedWorld w;                                                                         \
  if (!w.works()) {                                                                      \
    MESSAGE("not run: there is no libfaketime, or this binary does not start under it"); \
    return;                                                                              \
  }                                                                                      \
  w.upstream.respond([](const SeenRequest&) { return costly_answer(); })

}  // namespace

TEST_CASE("clock G81: each month has its own sum, however often the clock passes its border") {
  PG_TURNED_WORLD(w);
  w.edit_key({"--budget", "0.0315"});
  for (int i = 0; i < 2; ++i) CHECK(w.call() == 200);
  CHECK(soon([&] { return w.spent() == "0.02002"; }));
  for (const long next : {40 * kDayInSeconds, 370 * kDayInSeconds}) {
    w.turn(next);
    CHECK(w.spent() == "0");
    CHECK(w.call() == 200);
    CHECK(soon([&] { return w.spent() == "0.01001"; }));
  }
  w.turn(0);
  CHECK(w.spent() == "0.02002");
  CHECK(w.call() == 200);
  CHECK(soon([&] { return w.spent() == "0.03003"; }));
  for (const long back : {-kHourInSeconds, 0L, kHourInSeconds}) {
    w.turn(back);
    CHECK(w.call() == 422);
  }
  // What stands in the ledger is what stands in the rows, also after a start in another month.
  w.server.signal(SIGKILL);
  w.server.wait();
  w.turn(40 * kDayInSeconds);
  REQUIRE(w.server.start());
  CHECK(w.spent() == "0.01001");
  CHECK(w.call() == 200);
  w.turn(0);
  CHECK(w.call() == 422);
  CHECK(soon([&] { return w.home.run({"usage", "--json"}).out.find("\"cost_usd\":\"0.06006\"") != std::string::npos; }));
}

TEST_CASE("clock G81: rates count by the steady clock, and nobody is told to wait for a year") {
  PG_TURNED_WORLD(w);
  w.edit_key({"--rpm", "2", "--rph", "100"});
  for (int i = 0; i < 2; ++i) CHECK(w.call() == 200);
  for (const long seconds : {0L, kHourInSeconds, 370 * kDayInSeconds, -kHourInSeconds, -40 * kDayInSeconds}) {
    w.turn(seconds);
    const RawReply reply = w.post("v1/messages", kDearCall);
    CHECK(reply.status == 429);
    CHECK(std::atoi(reply.field("Retry-After").c_str()) <= 61);
    CHECK(std::atoi(reply.field("Retry-After").c_str()) >= 1);
  }
}

TEST_CASE("clock G81: a key counts as expired while the clock says so, and only then") {
  PG_TURNED_WORLD(w);
  const auto is_valid = [&] { return w.call() != 401; };
  for (const long seconds : {370 * kDayInSeconds, -370 * kDayInSeconds, 0L}) {
    w.turn(seconds);
    CHECK(is_valid());  // it never expires
  }
  w.edit_key({"--expires", "2h"});
  w.turn(kHourInSeconds);
  CHECK(is_valid());
  w.turn(3 * kHourInSeconds);
  CHECK_FALSE(is_valid());
  for (const long seconds : {0L, -40 * kDayInSeconds}) {
    w.turn(seconds);
    CHECK(is_valid());
  }
}

TEST_CASE("clock G81: calls under way end as they would, with the time they took; the log goes on in order") {
  PG_TURNED_WORLD(w);
  Following tail(w, {"logs", "tail", "-f", "-n", "0", "--json"});
  std::string newest;
  for (const long seconds : {kHourInSeconds, -kHourInSeconds, 370 * kDayInSeconds, 0L}) {
    w.upstream.respond([](const SeenRequest&) {
      Answer answer = costly_answer();
      Answer slow;
      slow.pause(Ms{300});
      slow.steps.insert(slow.steps.end(), answer.steps.begin(), answer.steps.end());
      return slow;
    });
    std::thread turns([&] {
      std::this_thread::sleep_for(Ms{100});
      w.turn(seconds);
    });
    CHECK(w.call() == 200);
    turns.join();
    const Json row = Json::parse(tail.line(), nullptr, false);
    REQUIRE(row.is_object());
    CHECK(row.at("latency_ms").get<int>() >= 290);
    CHECK(row.at("latency_ms").get<int>() < 5'000);
    CHECK(row.at("upstream_ms").get<int>() < 5'000);
    newest = row.at("id").get<std::string>();
  }
  const std::vector<Json> rows = w.log();
  REQUIRE(rows.size() == 4);
  CHECK(rows.back().at("id") == newest);
  std::set<std::string> ids;
  for (const Json& row : rows) CHECK(ids.insert(row.at("id")).second);
  // Whatever the clock says now, each is found by its own time: at +1 h, -1 h, a year later, and now.
  const auto found = [&](const char* since, const char* until) {
    const std::string out = w.home.run({"logs", "search", "--since", since, "--until", until, "--fields", "id"}).out;
    return std::count(out.begin(), out.end(), '\n');
  };
  CHECK(found("2h", "30m") == 1);
  CHECK(found("30m", "1m") == 0);
  CHECK(w.home.run({"usage", "--since", "2h", "--json"}).out.find("\"requests\":4") != std::string::npos);
}

TEST_CASE("clock G81: a clock that is a year ahead for a while deletes nothing") {
  PG_TURNED_WORLD(w);
  std::ofstream(w.home.config_file(), std::ios::app) << "[logs]\nkeep_days = 30\n";
  CHECK(soon([&] { return w.server.err().find("settings reloaded") != std::string::npos; }));
  for (int i = 0; i < 3; ++i) CHECK(w.call() == 200);
  CHECK(soon([&] { return w.log().size() == 3; }));
  w.turn(370 * kDayInSeconds);
  std::this_thread::sleep_for(Ms{10'500});  // it looks every ten seconds
  CHECK(w.call() == 200);
  CHECK(soon([&] { return w.log().size() == 4; }));
  w.turn(0);
  CHECK(w.call() == 200);
  CHECK(soon([&] { return w.log().size() == 5; }));
}

TEST_CASE("clock G81: a serve that is started while the clock is a year ahead deletes nothing, and says so") {
  PG_TURNED_WORLD(w);
  std::ofstream(w.home.config_file(), std::ios::app) << "[logs]\nkeep_days = 30\n";
  CHECK(soon([&] { return w.server.err().find("settings reloaded") != std::string::npos; }));
  for (int i = 0; i < 3; ++i) CHECK(w.call() == 200);
  CHECK(soon([&] { return w.log().size() == 3; }));
  std::size_t rows = 3;
  const auto start_again = [&](long seconds, int with) {
    w.server.signal(with);
    w.server.wait();
    w.turn(seconds);
    REQUIRE(w.server.start());
    CHECK(w.call() == 200);
    ++rows;
  };
  // The second one finds a row of its own time, and has not waited for a day either.
  for (const int with : {SIGTERM, SIGKILL}) {
    start_again(370 * kDayInSeconds, with);
    CHECK(soon([&] { return w.server.err().find("the clock is 370 days ahead of the log") != std::string::npos; }));
    CHECK(soon([&] { return w.log().size() == rows; }));
  }
  start_again(3 * kDayInSeconds, SIGTERM);
  CHECK(soon([&] { return w.log().size() == rows; }));
  // Twice, once by each of those that had to.
  std::size_t said = 0;
  for (std::size_t at = 0; (at = w.server.err().find("ahead of the log", at)) != std::string::npos; ++at) ++said;
  CHECK(said == 2);
}

TEST_CASE("clock G81: a server whose clock was turned takes settings over, ends idle connections, and stops as ever") {
  PG_TURNED_WORLD(w);
  for (const long seconds : {370 * kDayInSeconds, -kHourInSeconds}) {
    w.turn(seconds);
    const std::string name = "at" + std::to_string(seconds);
    const std::string key = w.home.add_key(name);
    CHECK(soon([&] { return w.post("v1/messages", kDearCall, {{"x-pg-key", key}}).status == 200; }));
    CHECK(w.home.run({"keys", "revoke", name, "-y"}).status == 0);
    CHECK(soon([&] { return w.post("v1/messages", kDearCall, {{"x-pg-key", key}}).status == 401; }));
  }
  CHECK(w.home.run({"audit", "verify"}).status == 0);
  w.server.signal(SIGTERM);
  CHECK(w.server.wait() == 0);
}

}  // namespace pg::test
