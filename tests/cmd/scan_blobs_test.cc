// Blobs go by the limits that files go by, and say how far they are.
#include "cmd/scan_blobs.h"

#include <doctest/doctest.h>

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

}  // namespace
}  // namespace pg::test
