// What git tracks is scanned whatever .gitignore says; what the user's own rules leave out is not.
#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "cmd/scan_sources.h"
#include "core/guard/rule_examples.h"
#include "core/guard/secrets.h"
#include "tests/support/git_tree.h"

namespace pg {
namespace {

ScanResult scan_with(ScanOptions options) {
  GuardSettings settings;
  settings.secrets = Action::detect;
  options.threads = 2;
  return scan_sources(options, *Guards::make(shipped_secret_rules(), settings).value(), shipped_secret_rules().get());
}

std::string found_in(const test::GitTree& tree, const ScanResult& result) {
  std::string all;
  for (const ScanFinding& finding : result.findings) all += finding.path.substr(tree.path().size() + 1) + " ";
  return all;
}

std::string found_in(const test::GitTree& tree, const std::string& part = "", std::vector<std::string> exclude = {}) {
  ScanOptions options;
  options.paths = {part.empty() ? tree.path() : tree.file(part)};
  options.exclude = std::move(exclude);
  return found_in(tree, scan_with(options));
}

/// Files with a secret each, of which those whose names begin with "new" come after the others were added.
void plant(const test::GitTree& tree) {
  const std::string value = spell_example("{github_crc:ghp_}", 3).value();
  for (const char* name : {".env", "build/out/kept.txt", "build/.ignored-dir/x", "logs/a.log"}) tree.write(name, value);
  tree.commit(2);
  for (const char* name : {"new.env", "build/new.txt", "build/out/new.txt", "build/new/x", "logs/new.log"})
    tree.write(name, value);
  tree.write(".gitignore", ".env\nnew.env\n/build/\n*.log\n");
}

TEST_CASE("a tracked file that .gitignore names is scanned, in an ignored directory, too") {
  const test::GitTree tree;
  plant(tree);
  CHECK(found_in(tree) == ".env build/.ignored-dir/x build/out/kept.txt logs/a.log ");
  CHECK(found_in(tree, "logs") == "logs/a.log ");
  ScanOptions options;
  options.paths = {tree.path()};
  options.name_skipped = true;
  const ScanResult result = scan_with(options);
  CHECK(result.totals.ignored == 5);
  REQUIRE(result.skipped.size() == 5);
  CHECK(result.skipped[1] == tree.file("build/new") + ": ignored");
}

TEST_CASE("no tracked file is scanned that .ignore or the settings leave out, wherever .gitignore says so as well") {
  const test::GitTree tree;
  plant(tree);
  tree.write(".ignore", "*.log\n");
  CHECK(found_in(tree) == ".env build/.ignored-dir/x build/out/kept.txt ");
  CHECK(found_in(tree, "", {"/build/out/"}) == ".env build/.ignored-dir/x ");
  CHECK(found_in(tree, "", {".env", "build"}).empty());
  tree.write("logs/.ignore", "!a.log\n");
  CHECK(found_in(tree, "logs") == "logs/a.log ");
  CHECK(found_in(tree, "logs", {"*.log"}).empty());
}

TEST_CASE("work trees elsewhere and submodules go by their own index") {
  const test::GitTree tree, inner;
  plant(inner);
  inner.git({"add", "-A"});
  inner.git({"add", "--force", "build/new.txt"});
  inner.commit(3);
  const test::TempDir other;
  inner.git({"worktree", "add", "--quiet", "--detach", other.file("wt")});
  ScanOptions options;
  options.paths = {other.file("wt")};
  CHECK(scan_with(options).findings.size() == 5);
  tree.git({"-c", "protocol.file.allow=always", "submodule", "--quiet", "add", inner.path(), "lib/inner"});
  tree.write(".gitignore", "lib\n");
  CHECK(found_in(tree) ==
        "lib/inner/.env lib/inner/build/.ignored-dir/x lib/inner/build/new.txt lib/inner/build/out/kept.txt "
        "lib/inner/logs/a.log ");
}

TEST_CASE("an index that cannot be read is an error, once, and only where something is ignored") {
  const test::GitTree tree;
  plant(tree);
  tree.write(".git/index", "DIRC but no more");
  ScanOptions options;
  options.paths = {tree.path()};
  const ScanResult result = scan_with(options);
  REQUIRE(result.errors.size() == 1);
  CHECK(result.errors[0].find("index: not an index") != std::string::npos);
  std::filesystem::remove(tree.file(".gitignore"));
  CHECK(scan_with(options).errors.empty());
}

TEST_CASE("patterns of the settings are relative to where those stand, whatever is named and from wherever") {
  const test::TempDir dir;
  const std::string value = spell_example("{github_crc:ghp_}", 3).value();
  for (const char* name : {"tests/fixtures/k", "other/tests/fixtures/k", "src/a"}) dir.write(name, value);
  const auto scan = [&](const std::vector<std::string>& paths) {
    ScanOptions options;
    options.exclude = {"tests/fixtures/"};
    options.exclude_top = dir.path();
    for (const std::string& path : paths) options.paths.push_back(path.starts_with('/') ? path : dir.file(path));
    return scan_with(options);
  };
  CHECK(scan({dir.path()}).findings.size() == 2);
  CHECK(scan({"other"}).findings.size() == 1);
  CHECK(scan({"tests"}).findings.empty());
  CHECK(scan({"tests/fixtures"}).findings.empty());
  const ScanResult named = scan({"tests/fixtures/k", "src/a"});
  CHECK(named.findings.size() == 1);
  REQUIRE(named.notes.size() == 1);
  CHECK(named.notes[0].find("the settings exclude it") != std::string::npos);
}

}  // namespace
}  // namespace pg
