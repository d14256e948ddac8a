// Blobs go by the limits that files go by, and say how far they are.
#include "cmd/scan_blobs.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "cmd/scan_git.h"
#include "cmd/scan_progress.h"
#include "core/guard/rule_examples.h"
#include "core/guard/secrets.h"
#include "tests/support/archives.h"
#include "tests/support/git_tree.h"

namespace pg::test {
namespace {

const std::string kSecret = spell_example("{github_crc:ghp_}", 11).value();

ScanResult scan_in(const GitTree& tree, GitScope scope, GitScanOptions options) {
  GuardSettings settings;
  settings.secrets = Action::detect;
  settings.email = settings.iban = settings.card = settings.ssn = Action::off;
  options.scope = scope;
  options.base = "main~1";
  options.paths = {tree.path()};
  options.threads = 2;
  return scan_git(options, *Guards::make(shipped_secret_rules(), settings).value(), shipped_secret_rules().get()).value();
}

/// Something committed, then `name` in a second commit, and the same with one more line staged.
void fill_history(const GitTree& tree, const std::string& name, const std::string& bytes) {
  tree.write("first", "first\n");
  tree.commit(1);
  tree.write(name, bytes);
  tree.commit(2);
  tree.write("staged-" + name, bytes);
  tree.git({"add", "-A"});
}

TEST_CASE("blobs over the size limit are left out and counted, in every scope") {
  const GitTree tree;
  fill_history(tree, "big.txt", kSecret + "\n" + std::string(5000, ' '));
  for (const GitScope scope : {GitScope::history, GitScope::staged, GitScope::added}) {
    CAPTURE(static_cast<int>(scope));
    GitScanOptions options;
    CHECK(scan_in(tree, scope, options).findings.size() == 1);
    options.max_file_size = 5000;
    const ScanResult result = scan_in(tree, scope, options);
    CHECK(result.findings.empty());
    CHECK(result.totals.too_big == 1);
    options.max_file_size = 10'000;
    CHECK(scan_in(tree, scope, options).findings.size() == 1);
  }
}

TEST_CASE("archives in blobs are counted, and looked into when asked") {
  for (const std::string& archive : {zip_of({{"in/x.txt", "k " + kSecret}}, true), tar_of({{"in/x.txt", kSecret}})}) {
    const GitTree tree;
    fill_history(tree, "a.bin", archive);
    for (const GitScope scope : {GitScope::history, GitScope::staged, GitScope::added}) {
      CAPTURE(static_cast<int>(scope));
      CHECK(scan_in(tree, scope, {}).totals.archives == 1);
      GitScanOptions options;
      options.archives = true;
      const ScanResult result = scan_in(tree, scope, options);
      REQUIRE(result.findings.size() == 1);
      CHECK(result.findings[0].path == std::string(scope == GitScope::staged ? "staged-" : "") + "a.bin!/in/x.txt");
      CHECK(result.totals.archives == 0);
      CHECK(result.errors.empty());
    }
  }
}

TEST_CASE("a packed archive is read whole, a damaged one is an error that names its blob") {
  const GitTree tree;
  const std::string zip = zip_of({{"x.txt", std::string(20'000, ' ') + kSecret}}, false);
  tree.write("good.zip", zip);
  tree.write("cut.zip", zip.substr(0, 9000));
  tree.commit(1);
  tree.git({"gc", "-q", "--prune=now"});
  GitScanOptions options;
  options.archives = true;
  const ScanResult result = scan_in(tree, GitScope::history, options);
  REQUIRE(result.findings.size() == 1);
  CHECK(result.findings[0].path == "good.zip!/x.txt");
  REQUIRE(result.errors.size() == 1);
  CHECK(result.errors[0].starts_with("blob "));
  CHECK(result.errors[0].find("damaged") != std::string::npos);
}

TEST_CASE("who watches is told of every blob, packed or loose, and how many there are") {
  const GitTree tree;
  for (int i = 0; i < 20; ++i) tree.write("f" + std::to_string(i), "text " + std::to_string(i));
  tree.commit(1);
  tree.git({"gc", "-q", "--prune=now"});
  tree.write("loose", kSecret);
  tree.commit(2);
  ScanProgress progress;
  GitScanOptions options;
  options.progress = &progress;
  const ScanResult result = scan_in(tree, GitScope::history, options);
  CHECK(progress.files == result.totals.files);
  CHECK(progress.objects >= progress.files);
  CHECK(progress.bytes == result.totals.bytes);
}

TEST_CASE("tags that point at a file or a directory are scanned, and named as where it stands") {
  const GitTree tree;
  tree.write("a", "clean\n");
  tree.commit(1);
  const auto token = [](std::uint32_t seed) { return spell_example("{github_crc:ghp_}", seed).value() + "\n"; };
  const auto trimmed = [](std::string text) { return text.substr(0, text.find('\n')); };
  tree.git({"tag", "blob", trimmed(tree.git({"hash-object", "-w", "--stdin"}, token(1)))});
  const std::string inner = trimmed(tree.git({"hash-object", "-w", "--stdin"}, token(2)));
  const std::string top = trimmed(tree.git({"mktree"}, "100644 blob " + inner + "\tk.txt\n"));
  tree.git({"tag", "-a", "-m", "x", "tree", top});
  tree.git({"tag", "-a", "-m", "x", "again", "tree"});
  const ScanResult result = scan_in(tree, GitScope::history, {});
  std::string paths;
  for (const ScanFinding& finding : result.findings) paths += finding.path + " ";
  CHECK(paths == "refs/tags/again:k.txt refs/tags/blob refs/tags/tree:k.txt ");
  CHECK(result.notes.empty());
}

TEST_CASE("binary blobs are searched for tokens where few are scanned, and skipped in a history") {
  const GitTree tree;
  tree.write("a", "clean\n");
  tree.commit(1);
  tree.write("log", std::string(4096, '\0') + spell_example("{github_crc:ghp_}", 1).value() + "\n");
  tree.git({"add", "-A"});
  CHECK(scan_in(tree, GitScope::staged, {}).findings.size() == 1);
  tree.commit(2);
  const ScanResult history = scan_in(tree, GitScope::history, {});
  CHECK(history.findings.empty());
  CHECK(history.totals.binary == 1);
}

TEST_CASE("staged is what is added: an old secret of a file that is renamed, changed elsewhere or made executable is none") {
  const GitTree tree;
  const auto token = [](std::uint32_t seed) { return spell_example("{github_crc:ghp_}", seed).value() + "\n"; };
  std::string filler;
  for (int i = 0; i < 50; ++i) filler += "line " + std::to_string(i) + "\n";
  for (const char* name : {"renamed", "changed", "mode"}) tree.write(name, token(1) + filler);
  tree.commit(1);
  tree.git({"mv", "renamed", "new-name"});
  tree.write("changed", token(1) + filler + token(2));
  std::filesystem::permissions(tree.file("mode"), std::filesystem::perms::owner_all);
  tree.git({"add", "-A"});
  const ScanResult result = scan_in(tree, GitScope::staged, {});
  REQUIRE(result.findings.size() == 1);
  CHECK(result.findings[0].path == "changed");
  CHECK(result.findings[0].line == 52);
}

}  // namespace
}  // namespace pg::test
