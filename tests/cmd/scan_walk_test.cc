// A walk finds the same whatever shares its work, in wide and deep trees, and says what it could not read.
#include "cmd/scan_walk.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string>

#include "core/guard/rule_examples.h"
#include "core/guard/secrets.h"
#include "tests/support/temp_dir.h"

namespace pg {
namespace {

ScanResult walk_tree(const std::string& path, unsigned threads, bool no_ignore = false) {
  GuardSettings settings;
  settings.secrets = Action::detect;
  const auto guards = Guards::make(shipped_secret_rules(), settings).value();
  ScanOptions options;
  options.threads = threads;
  options.no_ignore = no_ignore;
  options.paths = {path};
  return scan_sources(options, *guards, shipped_secret_rules().get());
}

TEST_CASE("every file of a wide and deep tree is scanned once, however many threads share it") {
  const test::TempDir dir;
  const std::string value = spell_example("{github_crc:ghp_}", 3).value();
  std::string deep;
  for (int level = 0; level < 12; ++level) {
    deep += "d/";
    // More than one batch, exactly one, one file and none
    for (int i = 0; i < std::array{70, 32, 1, 0}[static_cast<std::size_t>(level % 4)]; ++i)
      dir.write(deep + "f" + std::to_string(i), i % 7 == 0 ? value : "nothing");
    dir.write(deep + "sub" + std::to_string(level) + "/x", value);
  }
  const ScanResult one = walk_tree(dir.path(), 1);
  CHECK(one.totals.files == 3 * (70 + 32 + 1) + 12);
  CHECK(one.findings.size() == 3 * (10 + 5 + 1) + 12);
  for (const unsigned threads : {0U, 2U, 3U, 16U}) {
    const ScanResult many = walk_tree(dir.path(), threads);
    CHECK(many.totals.files == one.totals.files);
    CHECK(many.totals.bytes == one.totals.bytes);
    CHECK(std::equal(one.findings.begin(), one.findings.end(), many.findings.begin(), many.findings.end(),
                     [](const ScanFinding& a, const ScanFinding& b) { return a.path == b.path && a.line == b.line; }));
  }
}

TEST_CASE("ignore rules hold in every batch of a directory, and .git is no part of a tree") {
  const test::TempDir dir;
  const std::string value = spell_example("{github_crc:ghp_}", 3).value();
  for (int i = 0; i < 100; ++i) dir.write("f" + std::to_string(i) + (i % 2 == 0 ? ".log" : ".txt"), value);
  dir.write(".gitignore", "*.log\n/skipped/\n");
  dir.write(".git/config", value);
  dir.write("skipped/x", value);
  const ScanResult result = walk_tree(dir.path(), 2);
  CHECK(result.findings.size() == 50);
  CHECK(result.totals.ignored == 51);
  CHECK(walk_tree(dir.path(), 2, true).findings.size() == 101);
}

TEST_CASE("an empty directory, links and what is not there end a walk in good order") {
  const test::TempDir dir;
  CHECK(walk_tree(dir.path(), 4).totals.files == 0);
  std::filesystem::create_symlink("nowhere", dir.file("link"));
  std::filesystem::create_directory_symlink(dir.path(), dir.file("loop"));
  const ScanResult result = walk_tree(dir.path(), 4);
  CHECK(result.totals.symlinks == 2);
  CHECK(result.errors.empty());
  CHECK(walk_tree(dir.path() + "/gone", 4).errors.size() == 1);
}

TEST_CASE("ignore files that are no regular files are not obeyed, and said unless they are directories") {
  const std::string value = spell_example("{github_crc:ghp_}", 3).value();
  const auto scan_with = [&](const auto& make_ignore_file) {
    const test::TempDir dir;
    dir.write("a.txt", value);
    make_ignore_file(dir);
    dir.write("sub/b.txt", value);
    ScanResult result = walk_tree(dir.path(), 2);
    CHECK(result.findings.size() == 2);
    CHECK(result.errors.empty());
    return result.notes;
  };
  for (const char* name : {".gitignore", ".ignore"}) {
    CAPTURE(std::string(name));
    CHECK(scan_with([&](const test::TempDir& dir) { std::filesystem::create_directory(dir.file(name)); }).empty());
    const auto is_said = [&](const std::vector<std::string>& notes, std::string_view why) {
      REQUIRE(notes.size() == 1);
      CHECK(notes[0].find(std::string(name) + " was not obeyed: " + std::string(why)) != std::string::npos);
    };
    is_said(scan_with([&](const test::TempDir& dir) { std::filesystem::create_symlink("/dev/zero", dir.file(name)); }),
            "a symbolic link");
    is_said(scan_with([&](const test::TempDir& dir) { REQUIRE(::mkfifo(dir.file(name).c_str(), 0600) == 0); }),
            "no regular file");
    is_said(scan_with([&](const test::TempDir& dir) { dir.write(name, std::string((1U << 20) + 1, '#')); }), "larger than");
  }
}

TEST_CASE("a path is joined without a second slash, and the current directory is not named") {
  CHECK(joined(".", "a") == "a");
  CHECK(joined("/", "a") == "/a");
  CHECK(joined("x/y", "a") == "x/y/a");
}

}  // namespace
}  // namespace pg
