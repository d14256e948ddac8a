// pg scan on git repositories: history, staged blobs and what a branch adds, as findings, reports and exit statuses.
#include "cmd/scan_git.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cmd/scan_changes.h"
#include "core/base/text.h"
#include "core/guard/rule_examples.h"
#include "core/guard/secrets.h"
#include "tests/support/gen.h"
#include "tests/support/git_tree.h"
#include "tests/support/result.h"

namespace pg::test {
namespace {

std::shared_ptr<const Guards> secret_guards() {
  GuardSettings settings;
  settings.secrets = Action::detect;
  settings.email = settings.iban = settings.card = settings.ssn = settings.phone = settings.ipv4 = Action::off;
  return Guards::make(shipped_secret_rules(), settings).value();
}

std::string planted_token(std::uint32_t seed) {
  return spell_example("{github_crc:ghp_}", seed).value();
}

Result<ScanResult> try_scan(GitScanOptions options) {
  if (options.threads == 0) options.threads = 2;
  return scan_git(options, *secret_guards(), shipped_secret_rules().get());
}
ScanResult scan_repository(const GitTree& tree, GitScanOptions options = {}) {
  if (options.paths.empty()) options.paths = {tree.path()};
  return try_scan(options).value();
}
GitScanOptions in_scope(GitScope scope) {
  GitScanOptions options;
  options.scope = scope;
  return options;
}

/// "path:line@commit" for each finding; '*' behind one that a mark allows.
std::string places(const ScanResult& result) {
  std::string out;
  for (const ScanFinding& one : result.findings) {
    out += (out.empty() ? "" : " ") + one.path + ":" + std::to_string(one.line);
    if (!one.commit.empty()) out += "@" + one.commit.substr(0, 7);
    if (one.allowed) out += "*";
  }
  return out;
}

bool has_note(const ScanResult& result, std::string_view part) {
  return std::any_of(result.notes.begin(), result.notes.end(),
                     [&](const std::string& note) { return note.find(part) != note.npos; });
}

TEST_CASE("a secret that was removed long ago is found with the commit that brought it") {
  const GitTree tree;
  tree.write("src/a.txt", "nothing\n");
  tree.commit(1);
  tree.write("src/a.txt", "nothing\nkey = " + planted_token(1) + "\n");
  const std::string brought = tree.commit(2);
  tree.write("src/a.txt", "first\nnothing\nkey = " + planted_token(1) + "\n");  // the same value on another line
  tree.commit(3);
  tree.write("src/a.txt", "nothing\n");
  tree.commit(4);
  for (const bool packed : {false, true}) {
    if (packed) tree.git({"gc", "-q", "--prune=now"});
    const ScanResult result = scan_repository(tree);
    CHECK(places(result) == "src/a.txt:2@" + brought.substr(0, 7));
    CHECK(result.findings.at(0).commit == brought);
    CHECK(result.findings.at(0).author_date == "2024-01-02T12:00:00Z");
    CHECK(result.totals.commits == 4);
    CHECK(result.totals.files == 3);  // two of the four versions are one blob
    CHECK(result.errors.empty());
  }
}

/// Commits with one or two parents, whose files hold some of eight tokens; and for each token at a path the first that has it.
struct RandomHistory {
  explicit RandomHistory(Gen& gen) {
    for (std::uint32_t seed = 1; seed <= 8; ++seed) tokens.push_back(planted_token(seed));
    for (std::size_t i = 0; i < 50; ++i) add_commit(gen, i);
  }

  void add_commit(Gen& gen, std::size_t i) {
    const std::string mark = std::to_string(i + 1), time = std::to_string(1704110400 + 86400 * i);
    script += "commit refs/heads/b" + mark + "\nmark :" + mark + "\nauthor A <a@b> " + time + " +0000\n";
    script += "committer A <a@b> " + time + " +0000\ndata 0\n";
    std::map<std::string, std::string> files;
    if (i > 0) {
      const std::size_t first = gen.number(0, i - 1), second = gen.number(0, i - 1);
      files = trees[first];
      script += "from :" + std::to_string(first + 1) + "\n";
      if (gen.coin() && second != first) {
        script += "merge :" + std::to_string(second + 1) + "\n";
        for (const auto& [path, text] : trees[second])
          if (gen.coin()) files[path] = text;
      }
    }
    for (std::size_t change = gen.number(0, 2); change > 0; --change) {
      std::string& text = files["d/" + std::to_string(gen.number(0, 5))];
      text = gen.coin() ? "" : text.substr(0, text.rfind('\n', text.size() - 2) + 1);
      if (gen.coin()) text += tokens[gen.number(0, tokens.size() - 1)] + "\n";
      text += "line " + std::to_string(gen.number(0, 3)) + "\n";
    }
    script += "deleteall\n";
    for (const auto& [path, text] : files) {
      script += "M 100644 inline " + path + "\ndata " + std::to_string(text.size()) + "\n" + text + "\n";
      for (const std::string& one : tokens)
        if (text.find(one) != std::string::npos) first_seen.try_emplace({path, one}, i);
    }
    trees.push_back(std::move(files));
  }

  std::vector<std::string> tokens;
  std::string script;
  std::vector<std::map<std::string, std::string>> trees;
  std::map<std::pair<std::string, std::string>, std::size_t> first_seen;
};

TEST_CASE("every value at every path is dated by the first commit that has it, whatever the history") {
  Gen gen;
  CAPTURE(gen.seed());
  for (int round = 0; round < 4; ++round) {
    const RandomHistory history(gen);
    const GitTree tree;
    tree.git({"fast-import", "--quiet"}, history.script);
    std::multiset<std::string> wanted, got;
    for (const auto& [at, commit] : history.first_seen) wanted.insert(at.first + " " + std::to_string(commit));
    const ScanResult result = scan_repository(tree);
    for (const ScanFinding& one : result.findings) {
      const UnixMillis time = parse_rfc3339(one.author_date).value() / 1000;
      got.insert(one.path + " " + std::to_string((time - 1704110400) / 86400));
    }
    CHECK(result.totals.commits == 50);
    CHECK(wanted == got);
  }
}

TEST_CASE("fingerprints of a history are those of the tree") {
  const GitTree tree;
  tree.write("a", planted_token(1) + "\npassword = \"x\"\n");
  tree.commit(1);
  ScanOptions plain;
  plain.paths = {tree.file("a")};
  const ScanResult files = scan_sources(plain, *secret_guards(), shipped_secret_rules().get());
  const ScanResult history = scan_repository(tree);
  REQUIRE(files.findings.size() == 1);
  REQUIRE(history.findings.size() == 1);
  CHECK(history.findings[0].hash == files.findings[0].hash);
  CHECK(history.findings[0].column == files.findings[0].column);
  const ScanResult staged = [&] {
    tree.write("b", planted_token(1));
    tree.git({"add", "b"});
    return scan_repository(tree, in_scope(GitScope::staged));
  }();
  tree.commit(2);
  CHECK(scan_repository(tree).findings.at(1).fingerprint == staged.findings.at(0).fingerprint);
}

TEST_CASE("one blob at two paths is two findings, one value in many versions of a path is one") {
  const GitTree tree;
  for (int day = 1; day <= 5; ++day) {
    tree.write("a", std::string(static_cast<std::size_t>(day), '\n') + planted_token(1) + "\n" + planted_token(2) + "\n");
    tree.write("copy", std::string(static_cast<std::size_t>(day), '\n') + planted_token(1) + "\n" + planted_token(2) + "\n");
    tree.commit(day);
  }
  const ScanResult result = scan_repository(tree);
  REQUIRE(result.findings.size() == 4);
  for (const ScanFinding& one : result.findings) CHECK(one.author_date == "2024-01-01T12:00:00Z");
  CHECK(result.findings[0].path == "a");
  CHECK(result.findings[0].line == 2);
  CHECK(result.findings[3].path == "copy");
  CHECK(result.totals.files == 5);
}

TEST_CASE("a mark that the newest version has lets all versions pass; one that was taken away does not") {
  const std::string mark = std::string("  # pg:") + "allow\n";
  const GitTree tree;
  tree.write("later", planted_token(1) + "\n");
  tree.write("taken", planted_token(2) + mark);
  tree.commit(1);
  tree.write("later", planted_token(1) + mark);
  tree.write("taken", planted_token(2) + "\n");
  tree.commit(2);
  const ScanResult result = scan_repository(tree);
  REQUIRE(result.findings.size() == 2);
  CHECK(result.findings[0].allowed);
  CHECK_FALSE(result.findings[1].allowed);
  CHECK(result.findings[1].author_date == "2024-01-01T12:00:00Z");
}

TEST_CASE("what only a merge brings, what a side branch brings, stashes and tags") {
  const GitTree tree;
  tree.write("base", "x\n");
  tree.commit(1);
  tree.git({"checkout", "-q", "-b", "side"});
  tree.write("side", planted_token(1) + "\n");
  tree.commit(2);
  tree.git({"checkout", "-q", "main"});
  tree.git({"merge", "-q", "--no-ff", "--no-commit", "side"});
  tree.write("merged", planted_token(2) + "\n");
  const std::string merge = tree.commit(3);
  tree.write("base", planted_token(3) + "\n");
  tree.git({"stash", "-q"});
  tree.write("base", planted_token(4) + "\n");
  tree.commit(4);
  tree.git({"tag", "kept"});
  tree.git({"reset", "-q", "--hard", "HEAD~1"});
  CHECK(places(scan_repository(tree)).find("merged:1@" + merge.substr(0, 7)) != std::string::npos);
  CHECK(scan_repository(tree).findings.size() == 4);
  GitScanOptions side;
  side.branches = {"side"};
  CHECK(scan_repository(tree, side).findings.size() == 1);
  side.branches = {"side", "main"};
  CHECK(scan_repository(tree, side).findings.size() == 2);
  side.branches = {"nope"};
  side.paths = {tree.path()};
  CHECK(try_scan(side).error().message == "no branch 'nope'");
}

TEST_CASE("ranges, tags, dates and parts of the tree") {
  const GitTree tree;
  for (int day = 1; day <= 4; ++day) {
    tree.write("d/f" + std::to_string(day), planted_token(static_cast<std::uint32_t>(day)) + "\n");
    tree.commit(day);
    tree.git({"tag", "v" + std::to_string(day)});
  }
  tree.git({"gc", "-q"});
  const auto found = [&](const std::string& range, const std::string& since = "", const std::string& path = "") {
    GitScanOptions options;
    options.range = range;
    options.since = since;
    options.paths = {path.empty() ? tree.path() : tree.file(path)};
    return scan_repository(tree, options).findings.size();
  };
  CHECK(found("v2..v4") == 2);
  CHECK(found("v3") == 3);
  CHECK(found("v4..v2") == 0);
  CHECK(found("", "2024-01-03T00:00:00Z") == 2);
  CHECK(found("", "", "d") == 4);
  CHECK(found("", "", "d/f2") == 1);
  CHECK(found("v3", "", "d/f4") == 0);
  const auto refusal = [&](GitScanOptions options) {
    options.paths = {tree.path()};
    const Result<ScanResult> result = try_scan(options);
    return result ? std::string("none") : result.error().message;
  };
  GitScanOptions options;
  options.range = "nope";
  CHECK(refusal(options) == "bad revision 'nope'");
  options.range = "--output=x";
  CHECK(refusal(options) == "'--output=x' is no revision");
  options.range = "";
  options.since = "banana";
  CHECK(refusal(options) == "'banana' is no date that git can read");
  options.since = "";
  options.range = "^main";
  CHECK(refusal(options) == "'^main' names no commits to scan");
  for (const char* slip : {"main:", "v4^{tree}"}) {
    options.range = slip;
    CHECK(refusal(options) == "'" + std::string(slip) + "' is no commit, branch or range");
  }
  options.range = "v4..v2";
  CHECK(has_note(scan_repository(tree, options), "no commits in v4..v2"));
}

TEST_CASE("of a range, what its commits brought: not what they found in a file that they changed") {
  const GitTree tree;
  const std::string old = planted_token(1), fresh = planted_token(2);
  tree.write("a.txt", old + "\n");
  tree.write("b.txt", old + "\n");
  tree.commit(1);
  tree.git({"tag", "v1"});
  tree.write("a.txt", "first\n" + old + "\n");  // moved down
  tree.commit(2);
  tree.write("a.txt", "first\n" + old + "\n" + fresh + "\n");
  const std::string brought = tree.commit(3);
  tree.write("b.txt", "clean\n");
  tree.commit(4);
  tree.write("b.txt", old + "\n");
  const std::string again = tree.commit(5);
  tree.write("c.txt", old + "\n");  // at another path
  const std::string copied = tree.commit(6);
  const auto found = [&](const std::string& range, const std::string& since) {
    GitScanOptions options;
    options.range = range;
    options.since = since;
    return places(scan_repository(tree, options));
  };
  const std::string all =
      "a.txt:3@" + brought.substr(0, 7) + " b.txt:1@" + again.substr(0, 7) + " c.txt:1@" + copied.substr(0, 7);
  CHECK(found("v1..", "") == all);
  CHECK(found("", "2024-01-02T00:00:00Z") == all);
  CHECK(found("v1..HEAD~4", "") == "");
  CHECK(found("HEAD~1..HEAD", "") == "c.txt:1@" + copied.substr(0, 7));
}

TEST_CASE("of a range that merges, what no parent had") {
  const GitTree tree;
  tree.write("a.txt", "one\ntwo\nthree\n");
  tree.commit(1);
  tree.git({"checkout", "-q", "-b", "side"});
  tree.write("a.txt", "one\ntwo\n" + planted_token(1) + "\n");
  tree.commit(2);
  tree.git({"checkout", "-q", "main"});
  tree.write("a.txt", "uno\ntwo\nthree\n");
  tree.commit(3);
  tree.git({"tag", "here"});
  tree.git({"merge", "-q", "--no-commit", "side"});
  tree.write("a.txt", "uno\n" + planted_token(2) + "\n" + planted_token(1) + "\n");
  const std::string merge = tree.commit(4);
  GitScanOptions options;
  options.range = "side..HEAD";  // the side's own is known there
  CHECK(places(scan_repository(tree, options)) == "a.txt:2@" + merge.substr(0, 7));
}

TEST_CASE("staged is what the index has, not what lies beside it") {
  const GitTree tree;
  tree.write("staged", planted_token(1) + "\n");  // before the first commit
  tree.git({"add", "staged"});
  CHECK(places(scan_repository(tree, in_scope(GitScope::staged))) == "staged:1");
  tree.write("staged", "clean\n");
  tree.write("untracked", planted_token(2) + "\n");
  CHECK(places(scan_repository(tree, in_scope(GitScope::staged))) == "staged:1");
  tree.git({"add", "staged"});
  CHECK(places(scan_repository(tree, in_scope(GitScope::staged))).empty());
  tree.write(".gitignore", "untracked\nforced\n");
  tree.commit(1);
  CHECK(has_note(scan_repository(tree, in_scope(GitScope::staged)), "nothing is staged"));
  tree.write("forced", "one\n" + planted_token(3) + "\n");
  tree.write("allowed", planted_token(4) + "  # pg:" + std::string("allow\n"));
  tree.git({"add", "-f", "forced", "allowed"});
  tree.git({"rm", "-q", "--cached", "staged"});
  CHECK(places(scan_repository(tree, in_scope(GitScope::staged))) == "allowed:1* forced:2");
  GitScanOptions part = in_scope(GitScope::staged);
  part.paths = {tree.file("allowed")};
  CHECK(places(scan_repository(tree, part)) == "allowed:1*");
}

TEST_CASE("staged blobs that are already packed, and those under an odd name") {
  const GitTree tree;
  tree.write("a", planted_token(1) + "\n");
  tree.commit(1);
  tree.write("a", "clean\n");
  tree.commit(2);
  tree.git({"gc", "-q"});
  tree.write("a", planted_token(1) + "\n");
  tree.write("\xC3\xA9 \"q\"\n", planted_token(2) + "\n");
  tree.git({"add", "-A"});
  CHECK(places(scan_repository(tree, in_scope(GitScope::staged))) == "a:1 \xC3\xA9 \"q\"\n:1");
}

TEST_CASE("a branch is judged by the lines that it adds") {
  const GitTree tree;
  tree.write("old", "one\n" + planted_token(1) + "\nthree\n");
  tree.write("moved", "1\n2\n3\n4\n5\n6\n7\n8\n" + planted_token(2) + "\n");
  tree.commit(1);
  tree.git({"checkout", "-q", "-b", "feature"});
  tree.write("old", "zero\none\n" + planted_token(1) + "\nthree\nfour " + planted_token(3) + "\n");
  const std::string third = tree.commit(2);
  tree.git({"mv", "moved", "elsewhere"});
  tree.write("new", planted_token(4) + "\n");
  const std::string fourth = tree.commit(3);
  tree.write("new", "above\n" + planted_token(4) + "\n");
  tree.commit(4);
  tree.git({"checkout", "-q", "main"});
  tree.write("main", planted_token(5) + "\n");
  tree.commit(5);
  tree.git({"checkout", "-q", "feature"});
  GitScanOptions options = in_scope(GitScope::added);
  options.base = "main";
  const ScanResult result = scan_repository(tree, options);
  CHECK(places(result) == "new:2@" + fourth.substr(0, 7) + " old:5@" + third.substr(0, 7));
  CHECK(result.findings.at(0).author_date == "2024-01-03T12:00:00Z");
  options.base = "feature";
  CHECK(has_note(scan_repository(tree, options), "nothing is added since feature"));
  options.base = "nope";
  options.paths = {tree.path()};
  CHECK(try_scan(options).error().message == "no revision 'nope'");
  tree.git({"checkout", "-q", "--orphan", "apart"});
  tree.commit(6);
  options.base = "main";
  CHECK(try_scan(options).error().message == "'main' and HEAD have no commit in common");
}

TEST_CASE("added lines are read from the heads of hunks alone") {
  CHECK(added_lines("@@ -1 +2 @@\n-x\n+y\n@@ -5,2 +6,0 @@ f\n-@@ -1 +1 @@\n@@ -9,0 +9,3 @@\n").size() == 2);
  const std::vector<LineRange> lines = added_lines("diff\n@@ -0,0 +9,3 @@ x +4,4\n");
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].first == 9);
  CHECK(lines[0].count == 3);
}

TEST_CASE("bare, shallow and submodules") {
  const GitTree tree;
  tree.write("a", planted_token(1) + "\n");
  tree.commit(1);
  tree.write("a", planted_token(2) + "\n");
  tree.commit(2);
  const std::string inner = tree.git({"rev-parse", "HEAD"});
  tree.git({"update-index", "--add", "--cacheinfo", "160000," + inner.substr(0, 40) + ",lib"});
  GitScanOptions staged = in_scope(GitScope::staged);
  CHECK(has_note(scan_repository(tree, staged), "submodule lib"));
  tree.git({"commit", "-q", "-m", "lib"});
  CHECK(has_note(scan_repository(tree), "submodule lib"));

  const TempDir place;
  tree.git({"clone", "-q", "--bare", ".", place.file("bare")});
  tree.git({"clone", "-q", "--depth=1", "file://" + tree.path(), place.file("shallow")});
  GitScanOptions options;
  options.paths = {place.file("bare")};
  CHECK(scan_repository(tree, options).findings.size() == 2);
  options.scope = GitScope::staged;
  CHECK(try_scan(options).error().message == "nothing is staged in a bare repository");
  options.scope = GitScope::history;
  options.paths = {place.file("shallow")};
  const ScanResult shallow = scan_repository(tree, options);
  CHECK(shallow.findings.size() == 1);
  CHECK(has_note(shallow, "shallow clone: only 1 of its commits is here"));
  options.paths = {place.path()};
  CHECK(try_scan(options).error().message.find("not a git repository") != std::string::npos);
  options.paths = {place.file("bare"), tree.path()};
  CHECK(try_scan(options).error().message.find("another repository") != std::string::npos);
}

TEST_CASE("a partial clone says what it has not, and fetches nothing") {
  const GitTree tree;
  tree.git({"config", "uploadpack.allowFilter", "true"});
  tree.write("a", planted_token(1) + "\n");
  tree.write("b", "other\n");
  tree.commit(1);
  const TempDir place;
  tree.git({"clone", "-q", "--no-checkout", "--filter=blob:none", "file://" + tree.path(), place.file("partial")});
  GitScanOptions options;
  options.paths = {place.file("partial")};
  const ScanResult result = try_scan(options).value();
  CHECK(result.findings.empty());
  CHECK(result.totals.bytes == 0);
  for (const ScanResult& one : {result, try_scan(options).value()}) {  // nothing came in between
    REQUIRE(one.errors.size() == 1);
    CHECK(one.errors[0].starts_with("partial clone: 2 blobs are not here"));
  }
}

TEST_CASE("blobs that no ref reaches are left out, and said") {
  const GitTree tree;
  tree.write("a", "x\n");
  tree.commit(1);
  tree.git({"hash-object", "-w", "--stdin"}, planted_token(1));
  const ScanResult result = scan_repository(tree);
  CHECK(result.findings.empty());
  CHECK(has_note(result, "a blob with findings"));
}

TEST_CASE("a clean history is counted too, its submodules named, its missing blobs noticed") {
  const GitTree tree;
  tree.write("a", "one\n");
  tree.commit(1);
  tree.write("a", "two\n");
  tree.commit(2);
  tree.git({"update-index", "--add", "--cacheinfo", "160000," + std::string(40, 'a') + ",sub dir/lib"});
  tree.git({"commit", "-q", "-m", "lib"});
  const ScanResult result = scan_repository(tree);
  CHECK(result.totals.commits == 3);
  CHECK(result.totals.files == 2);
  CHECK(result.findings.empty());
  CHECK(has_note(result, "submodule sub dir/lib"));
  const GitTree none;
  CHECK(has_note(scan_repository(none), "no commits"));
  CHECK(scan_repository(none).totals.bytes == 0);
}

TEST_CASE("damage is an error: a pack that is broken, a blob that is gone") {
  const GitTree tree;
  tree.grow(10, 1);
  tree.git({"repack", "-adq"});
  const std::string pack = tree.packs(".pack").at(0);
  ::chmod(pack.c_str(), 0600);
  {
    std::fstream file(pack, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(std::filesystem::file_size(pack) / 2));
    file << std::string(400, '\x5A');
  }
  GitScanOptions options;
  options.paths = {tree.path()};
  const auto fails = [&] {
    const Result<ScanResult> result = try_scan(options);
    return !result || !result->errors.empty();
  };
  CHECK(fails());
  std::filesystem::resize_file(pack, 100);
  CHECK(fails());

  const GitTree other;
  other.write("a", "bytes that go\n");
  other.commit(1);
  const std::string hex = other.git({"rev-parse", "HEAD:a"});
  std::filesystem::remove(other.file(".git/objects/" + hex.substr(0, 2) + "/" + hex.substr(2, 38)));
  const ScanResult gone = scan_repository(other);
  REQUIRE(gone.errors.size() == 1);
  CHECK(gone.errors[0].find(hex.substr(0, 40)) != std::string::npos);
}

TEST_CASE("a repository's own settings start nothing and hide nothing") {
  const GitTree tree;
  tree.write(".gitattributes", "* diff=evil -text\n");
  tree.write("a", planted_token(1) + "\n");
  tree.commit(1);
  tree.write("a", planted_token(1) + "\n" + planted_token(2) + "\n");
  tree.git({"add", "a"});
  const std::string trace = tree.file("trace"), evil = "touch " + trace + "; cat";
  for (const char* name : {"core.fsmonitor", "core.pager", "diff.external", "diff.evil.textconv", "diff.evil.command",
                           "gpg.program", "pager.log", "pager.diff", "core.alternateRefsCommand"})
    tree.git({"config", name, evil});
  for (const auto& [name, value] : std::map<std::string, std::string>{{"log.showSignature", "true"},
                                                                      {"log.showRoot", "false"},
                                                                      {"diff.relative", "true"},
                                                                      {"diff.ignoreSubmodules", "all"},
                                                                      {"log.follow", "true"},
                                                                      {"color.ui", "always"},
                                                                      {"log.date", "relative"},
                                                                      {"diff.renames", "copies"},
                                                                      {"format.pretty", "oneline"}})
    tree.git({"config", name, value});
  CHECK(scan_repository(tree).findings.size() == 1);
  CHECK(scan_repository(tree, in_scope(GitScope::staged)).findings.size() == 1);
  tree.commit(2);
  tree.write("hooks/post-index-change", "#!/bin/sh\n" + evil + "\n");
  std::filesystem::permissions(tree.file("hooks/post-index-change"), std::filesystem::perms::owner_all);
  tree.git({"config", "core.hooksPath", tree.file("hooks")});
  std::filesystem::remove(trace);  // our own add and commit may have asked
  GitScanOptions added = in_scope(GitScope::added);
  added.base = "HEAD~1";
  CHECK(scan_repository(tree, added).findings.size() == 1);
  CHECK(scan_repository(tree).findings.size() == 2);
  scan_repository(tree, in_scope(GitScope::staged));
  CHECK_FALSE(std::filesystem::exists(trace));
}

}  // namespace
}  // namespace pg::test
