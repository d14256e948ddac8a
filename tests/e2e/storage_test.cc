// The database under a running server when it is locked, full, damaged or pinned: calls are answered, money is right, and every
// call is a row or is counted (fault catalogue, section F).
#include <doctest/doctest.h>
#include <sched.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <atomic>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/support/model_wire.h"
#include "tests/support/priced.h"
#include "tests/support/run_pg.h"
#include "tests/support/soon.h"
#include "tests/support/temp_dir.h"

namespace pg::test {
namespace {

using Json = nlohmann::json;

const std::string kReservingLittle = std::string(kFakePrices) + "[budgets]\nreserve_output = 100\n";
constexpr std::int64_t kCost = 1'010'000;  // nano-USD, of an answer with 100 tokens

std::string call_text() {
  return R"({"model":"claude-x","max_tokens":10,"messages":[{"role":"user","content":"hi"}]})";
}

/// A connection of another process than the server's.
class Other {
 public:
  explicit Other(const std::string& file) { REQUIRE(sqlite3_open(file.c_str(), &db_) == SQLITE_OK); }
  Other(const Other&) = delete;
  Other& operator=(const Other&) = delete;
  ~Other() { sqlite3_close(db_); }

  bool run(const char* sql) {
    sqlite3_busy_timeout(db_, 5000);
    return sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) == SQLITE_OK;
  }
  std::int64_t number(const char* sql) {
    std::int64_t value = -1;
    const auto row = [](void* to, int, char** values, char**) {
      *static_cast<std::int64_t*>(to) = values[0] != nullptr ? std::atoll(values[0]) : 0;
      return 0;
    };
    sqlite3_busy_timeout(db_, 5000);
    CHECK(sqlite3_exec(db_, sql, row, &value, nullptr) == SQLITE_OK);
    return value;
  }

 private:
  sqlite3* db_ = nullptr;
};

/// Clients that call until told to stop, and how that went.
struct Traffic {
  std::atomic<bool> stop{false};
  std::atomic<int> answered{0}, refused{0}, other{0};
  std::atomic<std::int64_t> slowest{0};  // ms
  std::vector<std::thread> clients;

  Traffic(const World& w, int count, Ms pause) {
    for (int i = 0; i < count; ++i)
      clients.emplace_back([this, &w, pause] {
        while (!stop) {
          const auto begin = SteadyClock::now();
          const int status = w.post("v1/messages", call_text()).status;
          const std::int64_t took = std::chrono::duration_cast<Ms>(SteadyClock::now() - begin).count();
          for (std::int64_t seen = slowest; took > seen && !slowest.compare_exchange_weak(seen, took);) continue;
          ++(status == 200 ? answered : status == 422 ? refused : other);
          std::this_thread::sleep_for(pause);
        }
      });
  }
  ~Traffic() { end(); }
  void end() {
    stop = true;
    for (std::thread& client : clients) client.join();
    clients.clear();
  }
  int calls() const { return answered + refused + other; }
};

/// What the log and the ledger say of `calls` calls, of which `paid` cost money.
void check_books(const World& w, const std::string& database, int calls, int paid) {
  Other other(database);
  const auto rows = [&] { return other.number("SELECT count(*) FROM log"); };
  CHECK(soon(
      [&] { return rows() + other.number("SELECT coalesce(max(value), 0) FROM facts WHERE name = 'rows_dropped'") == calls; }));
  const Json stats = Json::parse(w.home.run({"logs", "stats", "--json"}).out, nullptr, false);
  CAPTURE(stats.dump());
  CHECK(rows() + stats.value("calls_without_row", -1) == calls);
  const Json budgets = Json::parse(w.home.run({"budgets", "--json"}).out, nullptr, false);
  CAPTURE(budgets.dump());
  const Json& line = budgets.at("budgets").at(0);
  char spent[32];
  std::snprintf(spent, sizeof spent, "%.5f", static_cast<double>(paid * kCost) / 1e9);
  CHECK(std::stod(line.at("spent_usd").get<std::string>()) == doctest::Approx(std::stod(spent)).epsilon(1e-9));
  CHECK(other.number("SELECT sum(cost) FROM log") == paid * kCost);
  CHECK(other.number("SELECT count(*) FROM log WHERE cost > 0 AND price / 2 NOT IN (SELECT id FROM price_versions)") == 0);
}

void set_budget(const World& w, const std::string& amount) {
  REQUIRE(w.home.run({"keys", "edit", "e2e", "--budget", amount}).status == 0);
}

/// A file system of a few megabytes that only this process and those it starts see. Gone with the object.
class SmallDisk {
 public:
  explicit SmallDisk(const char* size) {
    if (::unshare(CLONE_NEWNS) != 0 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return;
    const std::string options = std::string("mode=0700,size=") + size;
    mounted_ = ::mount("tmpfs", dir_.path().c_str(), "tmpfs", 0, options.c_str()) == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(dir_.path().c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  bool mounted() const { return mounted_; }
  std::string file(std::string_view name) const { return dir_.file(name); }
  /// Writes until nothing more goes in.
  void fill() const {
    std::ofstream out(file("filler"), std::ios::binary | std::ios::app);
    const std::string block(4096, 'x');
    while (out.write(block.data(), 4096) && out.flush()) continue;
  }
  void empty() const { std::filesystem::remove(file("filler")); }

 private:
  TempDir dir_;
  bool mounted_ = false;
};

}  // namespace

TEST_CASE("storage F70: calls whose rows could not be written until the end are counted all the same") {
  World w(kDetectAll, kReservingLittle);
  w.upstream.respond([](const SeenRequest&) { return priced_answer(100); });
  const auto without_row = [&] {
    return Json::parse(w.home.run({"logs", "stats", "--json"}).out, nullptr, false).value("calls_without_row", -1);
  };
  CHECK(w.post("v1/messages", call_text()).status == 200);
  Other other(w.home.database());
  REQUIRE(soon([&] { return other.number("SELECT count(*) FROM log") == 1; }));
  REQUIRE(other.run("BEGIN IMMEDIATE"));
  for (int i = 0; i < 3; ++i) CHECK(w.post("v1/messages", call_text()).status == 200);
  w.server.signal(SIGTERM);
  CHECK(w.server.wait() == 0);
  CHECK(w.server.err().find("3 calls are not in the log: it could not be written until the end") != std::string::npos);
  REQUIRE(other.run("COMMIT"));
  CHECK(without_row() == 3);
  for (int start = 0; start < 2; ++start) {
    REQUIRE(w.server.start());
    CHECK(without_row() == 3);
    CHECK(other.number("SELECT coalesce(max(value), 0) FROM facts WHERE name = 'rows_dropped'") == 3);
    w.server.signal(SIGTERM);
    CHECK(w.server.wait() == 0);
  }
  CHECK(w.home.run({"logs", "stats"}).err.find("3 calls since this database was made have no row") != std::string::npos);
}

TEST_CASE("storage F70: while another process holds the database, calls are answered, budgets hold, and the rows follow") {
  World w(kDetectAll, kReservingLittle);
  w.upstream.respond([](const SeenRequest&) { return priced_answer(100); });
  set_budget(w, "0.5");
  Other other(w.home.database());
  const auto begin = SteadyClock::now();
  Traffic traffic(w, 4, Ms{10});
  REQUIRE(other.run("BEGIN IMMEDIATE"));
  CHECK(soon([&] { return w.server.err().find("the log cannot be written") != std::string::npos; }));
  const CommandResult blocked = w.home.run({"keys", "add", "late"});
  CHECK(blocked.status == 6);
  CHECK(blocked.err.find("process " + std::to_string(::getpid())) != std::string::npos);  // who it is
  const CommandResult read = w.home.run({"logs", "tail", "-n", "1"});                     // who reads does not wait
  CHECK(read.status == 0);
  CHECK(read.took < Ms{2000});
  // 495 calls of 0.00101 USD fit into half a dollar, written down or not; more than that by those under way at once, which cost
  // more than what is set aside for them.
  CHECK(soon([&] { return traffic.refused > 3; }, Ms{15'000}));
  CHECK(SteadyClock::now() - begin > Ms{5000});
  traffic.end();
  CHECK(traffic.other.load() == 0);
  CHECK(traffic.slowest.load() < 3000);
  CHECK(traffic.answered.load() <= 495 + 4);
  CHECK(traffic.answered.load() >= 480);
  CHECK(other.number("SELECT count(*) FROM log") < 100);
  REQUIRE(other.run("COMMIT"));
  CHECK(soon([&] { return w.server.err().find("the log is being written again") != std::string::npos; }));
  check_books(w, w.home.database(), traffic.calls(), traffic.answered);
}

TEST_CASE("storage F69: with on_failure = refuse no call is served while its row could not be written, and then again") {
  World w(kDetectAll, std::string(kReservingLittle) + "[logs]\non_failure = \"refuse\"\n");
  w.upstream.respond([](const SeenRequest&) { return priced_answer(100); });
  Other other(w.home.database());
  CHECK(w.post("v1/messages", call_text()).status == 200);
  REQUIRE(other.run("BEGIN IMMEDIATE"));
  const std::string said = "the log of calls cannot be written";
  CHECK(soon([&] { return w.post("v1/messages", call_text()).status == 503; }, Ms{15'000}));
  const std::size_t served = w.upstream.seen().size();
  const auto refused = w.post("v1/messages", call_text());
  CHECK(refused.status == 503);
  CHECK(Json::parse(refused.body).at("error").at("type") == "overloaded_error");
  CHECK(refused.body.find(said) != std::string::npos);
  CHECK(w.upstream.seen().size() == served);
  const auto probe = [&w](const char* path) { return exchange(w.port(), write_request("GET", path, {}, {})).status; };
  CHECK(probe("/readyz") == 503);
  CHECK(probe("/healthz") == 200);
  REQUIRE(other.run("COMMIT"));
  CHECK(soon([&] { return w.post("v1/messages", call_text()).status == 200; }));
  CHECK(probe("/readyz") == 200);
  CHECK(soon([&] { return other.number("SELECT count(*) FROM log WHERE status = 503") >= 2; }));
}

TEST_CASE("storage: a database that is deleted under the server is told, on_failure counts, and its return is enough") {
  World w(kDetectAll, std::string(kReservingLittle) + "[logs]\non_failure = \"refuse\"\n");
  w.upstream.respond([](const SeenRequest&) { return priced_answer(100); });
  CHECK(w.post("v1/messages", call_text()).status == 200);
  const std::string path = w.home.database(), away = path + ".away";
  REQUIRE(std::rename(path.c_str(), away.c_str()) == 0);
  CHECK(soon([&] { return w.server.err().find("deleted or replaced") != std::string::npos; }));
  CHECK(soon([&] { return w.post("v1/messages", call_text()).status == 503; }, Ms{15'000}));
  const CommandResult anew = w.home.run({"init"});
  CHECK(anew.status == 8);
  CHECK(anew.err.find("-wal") != std::string::npos);
  REQUIRE(std::rename(away.c_str(), path.c_str()) == 0);
  CHECK(soon([&] { return w.post("v1/messages", call_text()).status == 200; }, Ms{15'000}));
  Other other(path);
  CHECK(soon([&] { return other.number("SELECT count(*) FROM log WHERE status = 503") >= 1; }));
}

TEST_CASE("storage F69: on a full file system calls are answered, budgets hold, and the rows follow when there is room") {
  const SmallDisk disk("3m");
  if (!disk.mounted()) {
    MESSAGE("not run: nobody here may mount a file system");
    return;
  }
  const std::string database = disk.file("pg.db");
  World w(kDetectAll, "database = \"" + database + "\"\n" + std::string(kReservingLittle));
  w.upstream.respond([](const SeenRequest&) { return priced_answer(100); });
  set_budget(w, "0.5");
  CHECK(w.post("v1/messages", call_text()).status == 200);
  disk.fill();
  Traffic traffic(w, 4, Ms{10});
  CHECK(soon([&] { return w.server.err().find("the log cannot be written") != std::string::npos; }));
  CHECK(soon([&] { return traffic.refused > 3; }, Ms{15'000}));
  traffic.end();
  CHECK(traffic.other.load() == 0);
  CHECK(traffic.answered.load() <= 494 + 4);
  CHECK(traffic.answered.load() >= 480);
  CHECK(w.home.run({"logs", "tail", "-n", "1"}).status == 0);
  const CommandResult full = w.home.run({"keys", "add", "late"});
  CHECK(full.status == 8);
  CHECK(full.err.find("full") != std::string::npos);
  disk.empty();
  CHECK(soon([&] { return w.server.err().find("the log is being written again") != std::string::npos; }));
  check_books(w, database, traffic.calls() + 1, traffic.answered + 1);
  Other other(database);
  CHECK(other.run("PRAGMA integrity_check"));
}

TEST_CASE("storage F75: a reader that stays makes the log beside the database grow; when it has gone, so has most of that") {
  World w(kDetectAll, kReservingLittle);
  w.upstream.respond([](const SeenRequest&) { return priced_answer(100); });
  const std::string wal = w.home.database() + "-wal";
  Other reader(w.home.database());
  REQUIRE(reader.run("BEGIN"));
  CHECK(reader.number("SELECT count(*) FROM log") == 0);
  {
    Other writer(w.home.database());
    REQUIRE(writer.run("CREATE TABLE ballast(bytes BLOB)"));
    for (int i = 0; i < 20; ++i) REQUIRE(writer.run("INSERT INTO ballast VALUES(randomblob(5000000))"));
    REQUIRE(writer.run("DROP TABLE ballast"));
  }
  CHECK(std::filesystem::file_size(wal) > (std::uintmax_t{80} << 20));
  CHECK(w.post("v1/messages", call_text()).status == 200);
  REQUIRE(reader.run("COMMIT"));
  // Rows go on being written, and with them the log is begun anew and cut to its limit.
  CHECK(soon([&] {
    CHECK(w.post("v1/messages", call_text()).status == 200);
    return std::filesystem::file_size(wal) <= (std::uintmax_t{64} << 20);
  }));
}

TEST_CASE("storage F71-F73: serve refuses a database that is damaged, open to others or too new, and leaves it as it is") {
  World w(kDetectAll);
  w.server.signal(SIGTERM);
  REQUIRE(w.server.wait() == 0);
  const std::string database = w.home.database();
  const std::string whole = Home::read(database);
  const auto refused = [&](const char* word, int status = 8) {
    const std::string before = Home::read(database);
    const CommandResult said = w.home.run({"serve", "--listen", "127.0.0.1:0", "--config", w.home.config_file()}, {}, Ms{5000});
    CAPTURE(said.err);
    CHECK(said.status == status);
    CHECK(said.err.find(word) != std::string::npos);
    CHECK(Home::read(database) == before);
  };
  const auto put = [&](const std::string& bytes) { std::ofstream(database, std::ios::binary | std::ios::trunc) << bytes; };
  std::string damaged = whole;
  damaged.replace(8192, 8192, std::string(8192, '\0'));
  put(damaged);
  refused("hint: ");
  put(whole.substr(0, whole.size() / 2));
  refused("hint: ");
  put("");
  refused("hint: ");
  put(whole);
  ::chmod(database.c_str(), 0644);
  refused("chmod", 4);
  ::chmod(database.c_str(), 0600);
  {
    Other other(database);
    REQUIRE(other.run("PRAGMA user_version = 999"));
  }
  refused("999");
}

}  // namespace pg::test
