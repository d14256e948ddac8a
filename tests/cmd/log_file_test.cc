#include "cmd/log_file.h"

#include <doctest/doctest.h>

#include <vector>

#include "tests/support/temp_dir.h"

using namespace pg;

namespace {

struct WrittenFile {
  test::TempDir dir;
  std::vector<std::string> problems;
  LogFile file{[this](const std::string& problem) { problems.push_back(problem); }};

  std::string path(std::string_view name = "pg.log") const { return dir.file(name); }
  void use(const std::string& name, std::uint64_t max_size = 1 << 20, std::uint32_t keep = 2) {
    LogSettings settings;
    settings.file = name;
    settings.file_max_size = max_size;
    settings.file_keep = keep;
    file.use(settings);
  }
};

}  // namespace

TEST_CASE("lines are appended to a private file, also to one that is there") {
  WrittenFile w;
  CHECK_FALSE(w.file.wanted());
  w.file.write("nowhere\n");
  w.dir.write("pg.log", "before\n");
  w.use(w.path());
  CHECK(w.file.wanted());
  w.file.write("one\n");
  w.file.write("two\n");
  CHECK(test::slurp(w.path()) == "before\none\ntwo\n");
  CHECK(test::mode_of(w.path()) == 0600);
  w.use("");
  w.file.write("three\n");
  CHECK(test::slurp(w.path()) == "before\none\ntwo\n");
  CHECK(w.problems.empty());
}

TEST_CASE("a full file is turned by rename, and so many older ones stay") {
  WrittenFile w;
  w.use(w.path(), 10, 2);
  for (const char* line : {"first\n", "second\n", "third\n", "fourth\n"}) w.file.write(line);
  CHECK(test::slurp(w.path()) == "fourth\n");
  CHECK(test::slurp(w.path("pg.log.1")) == "third\n");
  CHECK(test::slurp(w.path("pg.log.2")) == "second\n");
  CHECK_FALSE(std::filesystem::exists(w.path("pg.log.3")));
  w.use(w.path(), 10, 0);
  w.file.write("fifth\n");
  CHECK(test::slurp(w.path()) == "fifth\n");
  CHECK(test::slurp(w.path("pg.log.1")) == "third\n");
}

TEST_CASE("a line longer than a whole file is written, not lost") {
  WrittenFile w;
  w.use(w.path(), 4, 1);
  w.file.write("longer than that\n");
  CHECK(test::slurp(w.path()) == "longer than that\n");
}

TEST_CASE("a file that was moved away is written on until it is opened anew") {
  WrittenFile w;
  w.use(w.path());
  w.file.write("one\n");
  std::filesystem::rename(w.path(), w.path("moved"));
  w.file.write("two\n");
  w.file.reopen();
  w.file.write("three\n");
  CHECK(test::slurp(w.path("moved")) == "one\ntwo\n");
  CHECK(test::slurp(w.path()) == "three\n");
}

TEST_CASE("what cannot be written is said once, and that it can be again, too") {
  WrittenFile w;
  w.use(w.dir.file("missing/pg.log"));
  for (int i = 0; i < 5; ++i) w.file.write("lost\n");
  REQUIRE(w.problems.size() == 1);
  CHECK(w.problems[0].find("missing/pg.log: the log file cannot be written: ") != std::string::npos);
  std::filesystem::create_directory(w.dir.file("missing"));
  w.file.reopen();  // otherwise it is tried again after some seconds
  w.file.write("there\n");
  REQUIRE(w.problems.size() == 2);
  CHECK(w.problems[1].find("5 lines are missing") != std::string::npos);
  CHECK(test::slurp(w.dir.file("missing/pg.log")) == "there\n");
}

TEST_CASE("links and devices are refused") {
  WrittenFile w;
  std::filesystem::create_symlink(w.path("elsewhere"), w.path());
  w.use(w.path());
  w.file.write("x\n");
  CHECK(w.problems.size() == 1);
  CHECK_FALSE(std::filesystem::exists(w.path("elsewhere")));
  w.use("/dev/full");
  w.file.write("x\n");
  CHECK(w.problems.size() == 1);  // still the same trouble
}

TEST_CASE("what pg keeps in other files is left alone, by name and by what it is, also when it comes there later") {
  WrittenFile w;
  const std::string database = w.path("pg.db"), linked = w.path("linked.log"), log = w.path("pg.log");
  w.dir.write("pg.db", "facts");
  Settings settings;
  settings.database = database;
  settings.log.file_max_size = 4;
  settings.log.file_keep = 1;
  std::filesystem::create_hard_link(database, linked);
  for (const std::string& name : {database, w.path("./pg.db"), linked, database + "-wal", database + ".lock"}) {
    CAPTURE(name);
    settings.log.file = name;
    w.file.use(settings.log, OwnFiles(settings));
    for (int i = 0; i < 3; ++i) w.file.write("line\n");
    CHECK(test::slurp(database) == "facts");
  }
  CHECK_FALSE(std::filesystem::exists(database + "-wal"));
  CHECK_FALSE(std::filesystem::exists(database + ".1"));
  settings.log.file = log;
  w.file.use(settings.log, OwnFiles(settings));
  w.file.write("line\n");
  CHECK(test::slurp(log) == "line\n");
  std::filesystem::create_hard_link(database, log + ".1");
  w.file.write("next\n");
  CHECK(test::slurp(database) == "facts");
  CHECK(test::slurp(log + ".1") == "facts");
  CHECK(w.problems.back().find("pg keeps something else in this file") != std::string::npos);
}

TEST_CASE("a link is called one") {
  WrittenFile w;
  std::filesystem::create_symlink("elsewhere", w.path());
  w.use(w.path());
  w.file.write("line\n");
  REQUIRE(w.problems.size() == 1);
  CHECK(w.problems[0].find("it is a symbolic link") != std::string::npos);
}
