#include "core/store/serve_lock.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <filesystem>

#include "core/store/files.h"
#include "tests/support/result.h"
#include "tests/support/temp_dir.h"

using namespace pg;

TEST_CASE("serve lock: one at a time, and the other is told who has it") {
  test::TempDir dir;
  const std::string database = dir.file("pg.db");
  CHECK_FALSE(find_running_serve(database));
  {
    const ServeLock lock = ServeLock::take(database).value();
    const auto second = ServeLock::take(database);
    REQUIRE_FALSE(second);
    CHECK(second.error().code == Code::conflict);
    CHECK(second.error().message.find("pid " + std::to_string(::getpid())) != std::string::npos);
    CHECK(find_running_serve(database)->pid == ::getpid());
  }
  CHECK(ServeLock::take(database));
}

TEST_CASE("serve lock: where it listens and what it knows is told for as long as it runs") {
  test::TempDir dir;
  const std::string database = dir.file("pg.db");
  CHECK_FALSE(find_running_serve(database));
  {
    ServeLock lock = ServeLock::take(database).value();
    REQUIRE(find_running_serve(database));
    CHECK(find_running_serve(database)->origin.empty());
    const auto size = std::filesystem::file_size(database + ".lock");
    lock.note_origin("http://[::1]:19000");
    lock.note_policy(42);
    CHECK(note_lost_calls(database, 7));
    lock.note_policy(43);
    const auto running = find_running_serve(database);
    CHECK(running->pid == ::getpid());
    CHECK(running->origin == "http://[::1]:19000");
    CHECK(running->policy_version == 43);
    CHECK(read_lost_calls(database) == 7);
    lock.note_origin("http://" + std::string(5000, 'a'));
    CHECK(find_running_serve(database)->origin.empty());
    CHECK(std::filesystem::file_size(database + ".lock") == size);
  }
  CHECK_FALSE(find_running_serve(database));
  const ServeLock next = ServeLock::take(database).value();
  CHECK(find_running_serve(database)->origin.empty());
  CHECK(find_running_serve(database)->policy_version == 0);
  CHECK(next.lost() == 7);
}

TEST_CASE("serve lock: only one that listens, on the file that is there, is ready") {
  test::TempDir dir;
  const std::string database = dir.write("pg.db", "one");
  ServeLock lock = ServeLock::take(database).value();
  CHECK_FALSE(find_running_serve(database)->is_ready());
  CHECK(find_running_serve(database)->same_database);
  lock.note_origin("http://127.0.0.1:8787");
  lock.note_policy(3);
  CHECK(find_running_serve(database)->is_ready());
  std::filesystem::rename(database, dir.file("away.db"));
  CHECK_FALSE(find_running_serve(database)->same_database);
  dir.write("pg.db", "another");
  CHECK_FALSE(find_running_serve(database)->same_database);
  CHECK_FALSE(find_running_serve(database)->is_ready());
  std::filesystem::rename(dir.file("away.db"), database);
  CHECK(find_running_serve(database)->is_ready());
}

TEST_CASE("serve lock: a lock that somebody has for the moment keeps notes of nobody's") {
  test::TempDir dir;
  const std::string database = dir.file("pg.db");
  dir.write("pg.db.lock", "4711\n12\nhttp://127.0.0.1:8787\n3\n");
  // Shared, as a command has it that looks: the notes of the serve before are gone before the lock is anybody's.
  const int fd = ::open((database + ".lock").c_str(), O_RDWR | O_CLOEXEC);
  REQUIRE(::flock(fd, LOCK_SH | LOCK_NB) == 0);
  CHECK_FALSE(ServeLock::take(database));
  REQUIRE(::flock(fd, LOCK_EX | LOCK_NB) == 0);
  CHECK(find_running_serve(database)->pid == 0);
  CHECK(find_running_serve(database)->origin.empty());
  CHECK(read_lost_calls(database) == 12);
  ::close(fd);
}

TEST_CASE("serve lock: a lock file that cannot be opened says why") {
  test::TempDir dir;
  std::filesystem::create_directory(dir.file("pg.db.lock"));
  const auto refused = ServeLock::take(dir.file("pg.db"));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::io_failed);
  CHECK(refused.error().message.find("directory") != std::string::npos);
}

TEST_CASE("serve lock: calls without a row are handed on until they are counted") {
  test::TempDir dir;
  const std::string database = dir.file("pg.db");
  CHECK_FALSE(note_lost_calls(database, 1));  // nobody serves
  std::uintmax_t size = 0;
  {
    const ServeLock lock = ServeLock::take(database).value();
    CHECK(lock.lost() == 0);
    size = std::filesystem::file_size(database + ".lock");
    CHECK(note_lost_calls(database, 18'000'000'000'000'000'000u));
    CHECK(note_lost_calls(database, 7));
  }
  CHECK(std::filesystem::file_size(database + ".lock") == size);  // no room is needed for it
  CHECK(read_lost_calls(database) == 18'000'000'000'000'000'007u);
  {
    ServeLock lock = ServeLock::take(database).value();
    CHECK(lock.lost() == 18'000'000'000'000'000'007u);
    CHECK(read_lost_calls(database) == lock.lost());
    lock.forget_lost();
    CHECK(lock.lost() == 0);
    CHECK(find_running_serve(database)->pid == ::getpid());
  }
  CHECK(read_lost_calls(database) == 0);
}

TEST_CASE("serve lock: a file of an older pg, or of nobody's, is none to stumble over") {
  test::TempDir dir;
  const std::string database = dir.file("pg.db");
  for (const char* text :
       {"4711\n", "", "not a number\nnor this\n", "99999999999999999999999999\n99999999999999999999999999\n"}) {
    dir.write("pg.db.lock", text);
    const ServeLock lock = ServeLock::take(database).value();
    CHECK(lock.lost() == 0);
    CHECK(find_running_serve(database)->pid == ::getpid());
  }
}
