// pg db: backups of a database at work, checks of a damaged one, and what a restore brings back and says (fault catalogue F71,
// F79).
#include <doctest/doctest.h>
#include <signal.h>

#include <atomic>
#include <filesystem>
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

int call_with_key(const World& w, const std::string& key) {
  return w
      .post("v1/messages", R"({"model":"claude-x","max_tokens":10,"messages":[{"role":"user","content":"hi"}]})",
            {{"authorization", "Bearer " + key}})
      .status;
}

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

void stop(World& w) {
  w.server.signal(SIGTERM);
  REQUIRE(w.server.wait() >= 0);
}

std::size_t rows_in(const World& w) {
  return w.home.rows(100'000).size();
}

}  // namespace

TEST_CASE("db F79: backups taken while calls are written are each of one moment, and sound") {
  World w(kRedactAll, kFakePrices);
  w.upstream.respond(priced_answer(100));
  std::atomic<bool> done{false};
  std::vector<std::thread> clients;
  for (int i = 0; i < 3; ++i)
    clients.emplace_back([&] {
      while (!done) (void)call_with_key(w, w.key);
    });
  std::int64_t before = -1;
  for (int i = 0; i < 6; ++i) {
    const TempDir dir;
    const CommandResult made = w.home.run({"db", "backup", dir.file("copy.bak"), "--json"});
    CAPTURE(made.err);
    REQUIRE(made.status == 0);
    const Json said = Json::parse(made.out);
    CHECK(said.at("log_rows").get<std::int64_t>() > before);  // others wrote in the meantime
    before = said.at("log_rows").get<std::int64_t>();
    // The copy stands alone: another home's database.
    Home other;
    REQUIRE(other.run({"init", "--yes"}).status == 0);
    REQUIRE(other.run({"db", "restore", "--yes", dir.file("copy.bak")}).status == 0);
    const CommandResult checked = other.run({"db", "check", "--json"});
    CAPTURE(checked.out);
    CHECK(checked.status == 0);
    CHECK(std::int64_t(other.rows(1'000'000).size()) == before);
  }
  done = true;
  for (std::thread& client : clients) client.join();
  CHECK(w.home.run({"db", "check"}).status == 0);
}

TEST_CASE("db: a backup has a name of its own, is private, replaces nothing unasked, and keeps as many as wished") {
  World w;
  const CommandResult made = w.home.run({"db", "backup"});
  REQUIRE(made.status == 0);
  const std::string file = first_line(made.out);
  CHECK(file.starts_with(w.home.database() + ".20"));
  CHECK(file.ends_with("Z.bak"));
  CHECK(mode_of(file) == 0600);
  CHECK(has(made.err, "app key"));
  CHECK(has(w.home.run({"audit", "tail"}).out, "db.backup"));

  const TempDir dir;
  const std::string named = dir.file("mine.bak");
  CHECK(w.home.run({"db", "backup", named}).status == 0);
  const CommandResult again = w.home.run({"db", "backup", named});
  CHECK(again.status == 6);
  CHECK(has(again.err, "--force"));
  CHECK(w.home.run({"db", "backup", named, "--force"}).status == 0);
  CHECK(w.home.run({"db", "backup", w.home.database(), "--force"}).status == 2);
  CHECK(w.home.run({"db", "backup", named, "--force", "--keep", "3"}).status == 2);
  CHECK(w.home.run({"db", "backup", "/nonexistent/x.bak"}).status == 8);

  for (const char* name : {"pg.db.20200101T000000Z.bak", "pg.db.20210101T000000Z.bak", "pg.db.schema-7.bak", "notes.bak"}) {
    std::ofstream(dir.file(name)) << "x";
    std::filesystem::last_write_time(dir.file(name), std::filesystem::file_time_type::clock::now() - std::chrono::hours(name[8]));
  }
  const CommandResult kept = w.home.run({"db", "backup", "--keep", "2", dir.path(), "--json"});
  CHECK(Json::parse(kept.out).at("dropped") == 1);
  CHECK(std::filesystem::exists(dir.file("pg.db.20210101T000000Z.bak")));
  CHECK_FALSE(std::filesystem::exists(dir.file("pg.db.20200101T000000Z.bak")));
  CHECK(std::filesystem::exists(dir.file("pg.db.schema-7.bak")));
  CHECK(std::filesystem::exists(named));
}

TEST_CASE("db: a restore brings back rows, keys and money, names what it undoes, and the audit log tells of the jump") {
  World w(kRedactAll, kFakePrices);
  w.upstream.respond(Answer::json(say_whole(DialectId::anthropic, {text_block({"ok"})})));
  const std::string lost_later = w.home.add_key("gone-soon");
  REQUIRE(soon([&] { return call_with_key(w, lost_later) == 200; }));
  REQUIRE(soon([&] { return rows_in(w) >= 1; }));
  const Json said = Json::parse(w.home.run({"db", "backup", "--json"}).out);
  const auto rows = said.at("log_rows").get<std::size_t>();
  const auto file = said.at("file").get<std::string>();
  REQUIRE(w.home.run({"keys", "revoke", "gone-soon", "--yes"}).status == 0);
  const std::string newcomer = w.home.add_key("newcomer");
  REQUIRE(soon([&] { return call_with_key(w, lost_later) == 401; }));
  REQUIRE(soon([&] { return rows_in(w) > rows; }));

  const CommandResult refused = w.home.run({"db", "restore", "--yes", file});
  CHECK(refused.status == 6);
  CHECK(has(refused.err, "pid " + std::to_string(w.server.pid())));
  stop(w);
  const std::size_t all = rows_in(w);
  CHECK(w.home.run({"db", "restore", file}).status == 2);  // nobody can be asked
  CHECK(rows_in(w) == all);

  const CommandResult done = w.home.run({"db", "restore", "--yes", file});
  CAPTURE(done.err);
  REQUIRE(done.status == 0);
  CHECK(has(done.err, "work again as they did then: gone-soon"));
  CHECK(has(done.err, "not in the backup, and stop: newcomer"));
  CHECK(rows_in(w) == rows);
  const std::string kept = done.err.substr(done.err.find(w.home.root().string()));
  CHECK(std::filesystem::exists(first_line(kept)));
  const CommandResult verified = w.home.run({"audit", "verify"});
  CHECK(verified.status == 0);
  CHECK_FALSE(has(verified.err, "not sealed"));
  CHECK(has(w.home.run({"audit", "tail"}).out, "the log of acts before ended with row"));

  REQUIRE(w.server.start());
  CHECK(call_with_key(w, lost_later) == 200);
  CHECK(call_with_key(w, newcomer) == 401);
  CHECK(w.home.run({"db", "check"}).status == 0);
}

TEST_CASE("db F71: a damaged database is told page by page, the newest backup is named, and putting it back helps") {
  World w;
  REQUIRE(soon([&] { return call_with_key(w, w.key) != 0; }));
  const std::string database = w.home.database();
  const CommandResult sound = w.home.run({"db", "check"});
  CHECK(sound.status == 0);
  CHECK(has(sound.out, "every page and index is sound"));
  CHECK(has(sound.out, "sealed"));
  stop(w);
  const std::string file = first_line(w.home.run({"db", "backup"}).out);
  std::string bytes = Home::read(database);
  bytes.replace(8192, 8192, std::string(8192, '\0'));
  w.home.write(database, bytes);

  const CommandResult started = w.home.run({"serve", "--listen", "127.0.0.1:0"});
  CHECK(started.status == 8);
  CHECK(has(started.err, "pg db check"));
  const CommandResult checked = w.home.run({"db", "check"});
  CHECK(checked.status == 1);
  CHECK(has(checked.out, "fail"));
  CHECK(has(checked.out, "pg db restore " + file));
  CHECK(Json::parse(w.home.run({"db", "check", "--json"}).out).at("ok") == false);
  CHECK(Home::read(database) == bytes);

  const CommandResult done = w.home.run({"db", "restore", "--yes", file});
  CAPTURE(done.err);
  REQUIRE(done.status == 0);
  CHECK(has(done.err, "could not be read"));
  CHECK(w.home.run({"db", "check"}).status == 0);
  REQUIRE(w.server.start());
  CHECK(call_with_key(w, w.key) != 401);
}

TEST_CASE("db: what is no backup is refused before anything is touched") {
  World w;
  stop(w);
  const std::string database = w.home.database();
  const std::string file = first_line(w.home.run({"db", "backup"}).out);
  const std::string before = Home::read(database);
  const TempDir dir;
  const auto restore = [&](const std::string& from) { return w.home.run({"db", "restore", "--yes", from}); };
  std::ofstream(dir.file("text.bak")) << "hello";
  CHECK(restore(dir.file("text.bak")).status == 8);
  CHECK(restore(dir.file("none.bak")).status == 5);
  CHECK(restore(database).status == 2);
  CHECK(restore(dir.path()).status == 8);
  CHECK(restore(dir.path()).err.find("is a directory") != std::string::npos);
  std::string bytes = Home::read(file);
  std::ofstream(dir.file("half.bak"), std::ios::binary) << bytes.substr(0, bytes.size() / 2);
  const CommandResult half = restore(dir.file("half.bak"));
  CAPTURE(half.err);
  CHECK(half.status == 8);
  CHECK(has(half.err, "the backup is damaged itself"));
  CHECK(Home::read(database) == before);

  // A copy made by hand is in WAL mode, and may stand where nothing can be written beside it.
  std::filesystem::copy_file(database, dir.file("by-hand.bak"));
  CHECK(restore(dir.file("by-hand.bak")).status == 0);
  CHECK(w.home.run({"db", "check"}).status == 0);
}

TEST_CASE("db: unused room goes back to the disk, and the path is one line") {
  World w;
  CHECK(w.home.run({"db", "path"}).out == w.home.database() + "\n");
  const CommandResult done = w.home.run({"db", "vacuum", "--json"});
  CHECK(done.status == 0);
  CHECK(Json::parse(done.out).at("bytes").get<std::int64_t>() > 0);
  CHECK(w.home.run({"db", "check"}).status == 0);
}

}  // namespace pg::test
