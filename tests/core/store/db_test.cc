#include "core/store/db.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "core/store/db_health.h"
#include "core/store/files.h"
#include "core/store/key_store.h"
#include "tests/support/ask_db.h"
#include "tests/support/fake_clock.h"
#include "tests/support/gen.h"
#include "tests/support/result.h"
#include "tests/support/temp_dir.h"

using namespace pg;
using pg::test::ask;
using pg::test::mode_of;
using pg::test::slurp;
using pg::test::TempDir;

namespace {

// A database with a key in it, closed, so that everything is in the main file.
std::string make_database(const TempDir& dir) {
  const std::string path = dir.file("data/pg.db");
  test::FakeClock clock;
  auto db = Db::open(path);
  REQUIRE(db);
  NewKey wanted;
  wanted.name = "laptop";
  REQUIRE(KeyStore(db.value(), clock, "test").add(wanted));
  return path;
}

std::string db_refusal(const std::string& path, DbMode mode = DbMode::read_write, Code code = Code::io_failed) {
  auto db = Db::open(path, mode);
  REQUIRE_FALSE(db);
  CHECK(db.error().code == code);
  return db.error().message;
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a fresh database is private, in WAL mode, strict about keys and at the newest schema") {
  const TempDir dir;
  const std::string path = dir.file("data/pg.db");
  auto db = Db::open(path);
  REQUIRE(db);
  CHECK(mode_of(dir.file("data")) == 0700);
  CHECK(mode_of(path) == 0600);
  CHECK(ask(db.value(), "PRAGMA foreign_keys") == 1);
  CHECK(ask(db.value(), "PRAGMA synchronous") == 1);
  CHECK(ask(db.value(), "PRAGMA busy_timeout") == 5000);
  CHECK(ask(db.value(), "PRAGMA user_version") == 10);
  auto mode = db.value().prepare("PRAGMA journal_mode");
  REQUIRE(mode.value().step().value());
  CHECK(mode.value().text(0) == "wal");
  CHECK(mode_of(path + "-wal") == 0600);
  CHECK_FALSE(db.value().execute("INSERT INTO facts VALUES('x', 'text')"));
}

TEST_CASE("statements carry numbers, text with zero bytes, blobs and null") {
  const TempDir dir;
  auto db = Db::open(dir.file("pg.db"));
  REQUIRE(db.value().execute("CREATE TABLE t(a INTEGER, b TEXT, c BLOB, d TEXT) STRICT"));
  auto insert = db.value().prepare("INSERT INTO t VALUES(?, ?, ?, ?)");
  REQUIRE(insert);
  const std::string text("a\0b", 3), blob("\xff\x00\x01", 3);
  REQUIRE(insert.value().bind(1, std::int64_t{-7}).bind(2, text).bind_blob(3, blob).bind_null(4).run());
  REQUIRE(insert.value().bind(1, std::int64_t{1}).bind(2, std::string_view()).bind_blob(3, "").bind_null(4).run());
  auto select = db.value().prepare("SELECT a, b, c, d FROM t ORDER BY a");
  REQUIRE(select.value().step().value());
  CHECK(select.value().integer(0) == -7);
  CHECK(select.value().text(1) == text);
  CHECK(select.value().text(2) == blob);
  CHECK(select.value().is_null(3));
  REQUIRE(select.value().step().value());
  CHECK_FALSE(select.value().is_null(1));
  CHECK_FALSE(select.value().step().value());
  auto wrong = db.value().prepare("SELECT ?");
  CHECK(wrong.value().bind(2, std::int64_t{1}).step().error().code == Code::internal);
}

TEST_CASE("a question that one number answers") {
  const TempDir dir;
  Db db = Db::open(dir.file("pg.db")).value();
  CHECK(db.read_number("SELECT 7, 8 UNION SELECT 9, 10 ORDER BY 1").value() == 7);
  CHECK_FALSE(db.read_number("SELECT 7 WHERE 0").value());
  CHECK(db.read_number("SELECT 7 WHERE 0", -3).value() == -3);
  CHECK(db.read_number("SELECT 7", -3).value() == 7);
  CHECK(db.read_number("SELECT NULL", -3).value() == 0);  // as of max() over no rows
  CHECK_FALSE(db.read_number("SELECT"));
}

TEST_CASE("a transaction that is not committed leaves nothing") {
  const TempDir dir;
  auto db = Db::open(dir.file("pg.db"));
  REQUIRE(db.value().execute("CREATE TABLE t(a INTEGER) STRICT"));
  {
    auto transaction = Transaction::begin(db.value());
    REQUIRE(db.value().execute("INSERT INTO t VALUES(1)"));
  }
  CHECK(ask(db.value(), "SELECT count(*) FROM t") == 0);
  auto transaction = Transaction::begin(db.value());
  REQUIRE(db.value().execute("INSERT INTO t VALUES(1)"));
  REQUIRE(transaction.value().commit());
  CHECK(ask(db.value(), "SELECT count(*) FROM t") == 1);
}

TEST_CASE("data_version moves when another connection commits, not with our own") {
  const TempDir dir;
  auto one = Db::open(dir.file("pg.db"));
  auto two = Db::open(dir.file("pg.db"));
  const auto before = one.value().data_version().value();
  REQUIRE(one.value().execute("CREATE TABLE t(a INTEGER) STRICT"));
  CHECK(one.value().data_version().value() == before);
  REQUIRE(two.value().execute("INSERT INTO t VALUES(1)"));
  CHECK(one.value().data_version().value() != before);
}

TEST_CASE("a further connection to a database that was opened sees and writes the same, and makes none") {
  const TempDir dir;
  const std::string path = make_database(dir);
  auto again = Db::open_again(path);
  REQUIRE(again);
  CHECK(ask(again.value(), "SELECT count(*) FROM keys") == 1);
  CHECK(again.value().execute("UPDATE keys SET owner = 'somebody'"));
  auto first = Db::open(path);
  REQUIRE(first);
  CHECK(ask(first.value(), "SELECT count(*) FROM keys WHERE owner = 'somebody'") == 1);
  const auto none = Db::open_again(dir.file("data/other.db"));
  REQUIRE_FALSE(none);
  CHECK(none.error().code == Code::io_failed);
}

TEST_CASE("a reader cannot write, and needs a database that is there") {
  const TempDir dir;
  CHECK(Db::open(dir.file("pg.db"), DbMode::read_only).error().code == Code::not_found);
  auto writer = Db::open(dir.file("pg.db"));
  auto reader = Db::open(dir.file("pg.db"), DbMode::read_only);
  REQUIRE(reader);
  CHECK(ask(reader.value(), "SELECT count(*) FROM keys") == 0);
  CHECK_FALSE(reader.value().execute("DELETE FROM keys"));
}

TEST_CASE("a damaged database is refused with a way out and never made anew") {
  const TempDir dir;
  const std::string path = make_database(dir);
  const std::string good = slurp(path);
  REQUIRE(good.size() >= 4096 * 4);
  const auto damage = [&](std::string bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
    const std::string message = db_refusal(path);
    INFO(message);
    CHECK(has(message, path));
    CHECK(has(message, "hint"));
    CHECK(slurp(path) == bytes);
  };
  SUBCASE("empty") {
    damage("");
  }
  SUBCASE("header overwritten") {
    damage("not a database, " + good.substr(16));
  }
  SUBCASE("another program's file") {
    damage(std::string(8192, 'x'));
  }
  SUBCASE("cut in half") {
    damage(good.substr(0, good.size() / 2));
  }
  SUBCASE("cut to one page") {
    damage(good.substr(0, 4096));
  }
  SUBCASE("a zeroed page") {
    damage(std::string(good).replace(4096, 4096, std::string(4096, '\0')));
  }
}

TEST_CASE("flipped bytes never crash: the database is refused, or opens whole") {
  test::Gen gen;
  INFO("PG_SEED=" << gen.seed());
  const TempDir dir;
  const std::string path = make_database(dir);
  const std::string good = slurp(path);
  int refused = 0;
  for (int round = 0; round < 40; ++round) {
    std::string bytes = good;
    for (int i = 0; i < 40; ++i) bytes[gen.number(0, bytes.size() - 1)] = static_cast<char>(gen.number(0, 255));
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
    auto db = Db::open(path);
    if (!db) {
      ++refused;
      continue;
    }
    test::FakeClock clock;
    (void)KeyStore(db.value(), clock, "test").list();
  }
  CHECK(refused > 0);
}

TEST_CASE("a database of another program is refused by its application id") {
  const TempDir dir;
  const std::string path = make_database(dir);
  REQUIRE(Db::open(path).value().execute("PRAGMA application_id = 5"));
  CHECK(has(db_refusal(path), "is not a pg database"));
}

TEST_CASE("a newer schema is refused with both numbers") {
  const TempDir dir;
  const std::string path = make_database(dir);
  REQUIRE(Db::open(path).value().execute("PRAGMA user_version = 99"));
  CHECK(has(db_refusal(path), "has schema 99, this program knows up to 10"));
  CHECK(has(db_refusal(path, DbMode::read_only), "has schema 99, this program knows up to 10"));
}

TEST_CASE("files that others may read are refused with the chmod that helps") {
  const TempDir dir;
  const std::string path = make_database(dir);
  ::chmod(path.c_str(), 0644);
  CHECK(has(db_refusal(path, DbMode::read_write, Code::forbidden), "hint: chmod 600 " + path));
  ::chmod(path.c_str(), 0600);
  CHECK(Db::open(path));
}

TEST_CASE("a planted link, hard link, pipe or log beside the database is refused") {
  const TempDir dir;
  const std::string path = make_database(dir);
  SUBCASE("link") {
    REQUIRE(::symlink(path.c_str(), dir.file("link.db").c_str()) == 0);
    CHECK(has(db_refusal(dir.file("link.db")), "symbolic link"));
  }
  SUBCASE("dangling link") {
    REQUIRE(::symlink(dir.file("elsewhere").c_str(), dir.file("link.db").c_str()) == 0);
    CHECK(has(db_refusal(dir.file("link.db")), "symbolic link"));
    CHECK_FALSE(std::filesystem::exists(dir.file("elsewhere")));
  }
  SUBCASE("hard link") {
    REQUIRE(::link(path.c_str(), dir.file("second.db").c_str()) == 0);
    CHECK(has(db_refusal(path), "hard link"));
  }
  SUBCASE("pipe") {
    REQUIRE(::mkfifo(dir.file("pipe.db").c_str(), 0600) == 0);
    CHECK(has(db_refusal(dir.file("pipe.db")), "not a regular file"));
  }
  SUBCASE("log") {
    dir.write("victim", "x");
    REQUIRE(::symlink(dir.file("victim").c_str(), (path + "-wal").c_str()) == 0);
    CHECK(has(db_refusal(path), "symbolic link"));
  }
}

TEST_CASE("a directory that everybody may write into is refused") {
  const TempDir dir;
  std::filesystem::create_directory(dir.file("open"));
  ::chmod(dir.file("open").c_str(), 0777);
  CHECK(has(db_refusal(dir.file("open/pg.db")), "chmod 700"));
}

TEST_CASE("a directory that cannot be written is a plain refusal") {
  if (::geteuid() == 0) {
    CHECK(has(db_refusal("/proc/pg.db"), "/proc/pg.db"));
    return;
  }
  const TempDir dir;
  std::filesystem::create_directory(dir.file("fixed"));
  ::chmod(dir.file("fixed").c_str(), 0500);
  CHECK(has(db_refusal(dir.file("fixed/pg.db")), "cannot be"));
}

TEST_CASE("a directory reached through a link is fine, the file itself is what counts") {
  const TempDir dir;
  make_database(dir);
  REQUIRE(::symlink(dir.file("data").c_str(), dir.file("alias").c_str()) == 0);
  CHECK(Db::open(dir.file("alias/pg.db")));
}

TEST_CASE("a backup is whole, private and taken while a writer is at work") {
  const TempDir dir;
  const std::string path = make_database(dir);
  auto db = Db::open(path);
  auto writer = Db::open(path);
  auto transaction = Transaction::begin(writer.value());
  REQUIRE(writer.value().execute("DELETE FROM keys"));
  REQUIRE(db.value().backup(dir.file("copy.db")));
  REQUIRE(transaction.value().commit());
  CHECK(mode_of(dir.file("copy.db")) == 0600);
  auto copy = Db::open(dir.file("copy.db"));
  REQUIRE(copy);
  CHECK(ask(copy.value(), "SELECT count(*) FROM keys") == 1);
  CHECK_FALSE(db.value().backup("/nonexistent/copy.db"));
}

TEST_CASE("what was committed before a crash is there afterwards") {
  const TempDir dir;
  const std::string path = dir.file("pg.db");
  auto db = Db::open(path);
  test::FakeClock clock;
  NewKey wanted;
  wanted.name = "laptop";
  REQUIRE(KeyStore(db.value(), clock, "test").add(wanted));
  // The files as a killed process leaves them: the log is not merged.
  std::filesystem::create_directory(dir.file("after"));
  for (const char* suffix : {"", "-wal"}) std::filesystem::copy_file(path + suffix, dir.file("after/pg.db") + suffix);
  auto after = Db::open(dir.file("after/pg.db"));
  REQUIRE(after);
  CHECK(ask(after.value(), "SELECT count(*) FROM keys") == 1);
}

TEST_CASE("a database whose file was deleted or replaced takes no transaction, and does again when the file is back") {
  const TempDir dir;
  const std::string path = make_database(dir), away = dir.file("data/away");
  auto db = Db::open(path);
  REQUIRE(db);
  CHECK(db.value().is_in_place());
  REQUIRE(::rename(path.c_str(), away.c_str()) == 0);
  CHECK_FALSE(db.value().is_in_place());
  const auto gone = Transaction::begin(db.value());
  REQUIRE_FALSE(gone);
  CHECK(has(gone.error().message, "deleted or replaced"));
  std::ofstream(path) << "another file";
  CHECK_FALSE(Transaction::begin(db.value()));
  CHECK_FALSE(db.value().data_version());
  REQUIRE(::rename(away.c_str(), path.c_str()) == 0);
  CHECK(Transaction::begin(db.value()));
  CHECK(db.value().data_version());
}

TEST_CASE("no new database is made where the log of a deleted one would be replayed into it") {
  const TempDir dir;
  const std::string path = make_database(dir);
  auto db = Db::open(path);
  REQUIRE(db.value().execute("CREATE TABLE ballast(bytes BLOB)"));
  ::unlink(path.c_str());
  CHECK(has(db_refusal(path), "rm " + path + "-wal"));
  CHECK(::access(path.c_str(), F_OK) != 0);
  ::unlink((path + "-wal").c_str());
  ::unlink((path + "-shm").c_str());
  CHECK(Db::open(path));
}

TEST_CASE("a database is read where nothing can be written, and called damaged only when it is") {
  const TempDir dir;
  const std::string path = make_database(dir);
  constexpr uid_t kNobody = 65'534;
  const bool root = ::geteuid() == 0;  // who may write everywhere, so a child that is somebody else looks
  const auto look = [&](const std::string& file) {
    for (const std::string& name : {dir.file(""), directory_of(file), file, file + "-wal"})
      if (root && ::access(name.c_str(), F_OK) == 0) REQUIRE(::chown(name.c_str(), kNobody, kNobody) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
      if (root && ::setresuid(kNobody, kNobody, kNobody) != 0) ::_exit(9);
      auto db = Db::open(file, DbMode::read_only);
      const auto health = examine_db(file, false);
      const bool reads = db && KeyStore(db.value(), SystemClock(), "test").list();
      ::_exit((reads ? 0 : 1) + (health && health.value().is_sound() ? 0 : 2) +
              (!health && health.error().code == Code::forbidden ? 4 : 0));
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    return WEXITSTATUS(status);
  };
  CHECK(look(path) == 0);
  REQUIRE(::chmod(dir.file("data").c_str(), 0500) == 0);
  CHECK(look(path) == 0);
  REQUIRE(::chmod(dir.file("data").c_str(), 0700) == 0);
  // What waits in the log cannot be left out. Copied while it is open, since its last reader takes the log away.
  std::filesystem::create_directory(dir.file("copy"));
  {
    auto db = Db::open_again(path);
    REQUIRE(db.value().execute("CREATE TABLE ballast(bytes BLOB)"));
    for (const char* end : {"", "-wal"}) std::filesystem::copy_file(path + end, dir.file("copy/pg.db") + end);
  }
  REQUIRE(::chmod(dir.file("copy").c_str(), 0500) == 0);
  CHECK(look(dir.file("copy/pg.db")) == 1 + 2 + 4);
  REQUIRE(::chmod(dir.file("copy").c_str(), 0700) == 0);
}
