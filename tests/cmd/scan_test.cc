// pg scan from files to reports: places, masks, marks, pieces of big files, ignore rules, exit-relevant counts.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "cmd/scan_ignore.h"
#include "cmd/scan_reader.h"
#include "cmd/scan_reports.h"
#include "cmd/scan_sources.h"
#include "core/guard/rule_examples.h"
#include "core/guard/secrets.h"

namespace pg {
namespace {

/// A directory that lives as long as the test.
class Tree {
 public:
  Tree() {
    std::string name = (std::filesystem::temp_directory_path() / "pg-scan-XXXXXX").string();
    root_ = ::mkdtemp(name.data());
  }
  ~Tree() { std::filesystem::remove_all(root_); }
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;
  void write(const std::string& path, const std::string& bytes) const {
    std::filesystem::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path, std::ios::binary) << bytes;
  }
  std::string path(const std::string& name = "") const { return name.empty() ? root_.string() : (root_ / name).string(); }
  const std::filesystem::path& root() const { return root_; }

 private:
  std::filesystem::path root_;
};

std::shared_ptr<const Guards> guards(bool pii = false) {
  GuardSettings settings;
  settings.secrets = Action::detect;
  settings.email = settings.iban = settings.card = settings.ssn = settings.phone = settings.ipv4 =
      pii ? Action::detect : Action::off;
  return Guards::make(shipped_secret_rules(), settings).value();
}

ScanResult scan_tree(const Tree& tree, bool no_ignore = false, const std::string& part = "") {
  ScanOptions options;
  options.paths = {tree.path(part)};
  options.no_ignore = no_ignore;
  options.threads = 2;
  return scan_sources(options, *guards(), shipped_secret_rules().get());
}

std::string names_in(const ScanResult& result, const Tree& tree) {
  std::string out;
  for (const ScanFinding& f : result.findings) out += (out.empty() ? "" : " ") + f.path.substr(tree.path().size() + 1);
  return out;
}

const std::string kPlantedToken = spell_example("{github_crc:ghp_}", 4).value();

TEST_CASE("a finding has its line, its column in code points, and never its value") {
  const Tree tree;
  tree.write("a.txt", "one\ntwo \xC3\xA9\xC3\xA9 " + kPlantedToken + "\n");
  const ScanResult result = scan_tree(tree);
  REQUIRE(result.findings.size() == 1);
  const ScanFinding& found = result.findings[0];
  CHECK(found.line == 2);
  CHECK(found.column == 8);
  CHECK(found.end_column == 48);
  CHECK(found.mask == "ghp_…");
  CHECK(found.length == 40);
  for (const std::string& report :
       {report_text(result, *guards(), {}), report_json(result, *guards(), {}), report_sarif(result, *guards(), {})}) {
    CHECK(report.find(kPlantedToken.substr(4, 6)) == std::string::npos);
    CHECK(report.find("github-token") != std::string::npos);
  }
  CHECK(report_text(result, *guards(), {}).find(found.hash) != std::string::npos);
  CHECK(found.hash.size() == 16);
}

TEST_CASE("fingerprints stay when lines move and differ by path and value") {
  const Tree tree;
  tree.write("a.txt", kPlantedToken);
  const std::string before = scan_tree(tree).findings.at(0).fingerprint;
  tree.write("a.txt", "\n\n  " + kPlantedToken);
  CHECK(scan_tree(tree).findings.at(0).fingerprint == before);
  tree.write("a.txt", spell_example("{github_crc:ghp_}", 5).value());
  CHECK(scan_tree(tree).findings.at(0).fingerprint != before);
}

TEST_CASE("values that could be guessed from a hash have none") {
  const Tree tree;
  tree.write("a.txt", "123-45-6789 john@example.com");
  ScanOptions options;
  options.paths = {tree.path()};
  const ScanResult result = scan_sources(options, *guards(true), shipped_secret_rules().get());
  REQUIRE(result.findings.size() == 2);
  for (const ScanFinding& found : result.findings) {
    CHECK(found.hash.empty());
    CHECK(found.mask == "…");
    CHECK(found.fingerprint.size() == 16);
  }
}

TEST_CASE("a mark on the line or the line before lets a finding pass, one elsewhere does not") {
  const Tree tree;
  const std::string mark = std::string("pg:") + "allow";
  tree.write("same", kPlantedToken + "  # " + mark + "\n");
  tree.write("before", "# " + mark + "\n" + kPlantedToken + "\n");
  tree.write("other", "# gitleaks:" + std::string("allow\n") + kPlantedToken);
  tree.write("after", kPlantedToken + "\n# " + mark + "\n");
  tree.write("far", "# " + mark + "\n\n" + kPlantedToken + "\n");
  tree.write("within", kPlantedToken + "  # x" + mark + " " + mark + "ed\n");
  tree.write("word", kPlantedToken + "  // x" + mark + " (" + mark + ")\n");
  const ScanResult result = scan_tree(tree);
  CHECK(names_in(result, tree) == "after before far other same within word");
  CHECK(count_open(result) == 3);
  // Code on the marked line is what the mark is for, and never the line below as well.
  const Tree below;
  const std::string token = kPlantedToken + "\n";
  for (const std::string& line : {"# " + mark + ": from the manual", "/* " + mark + " sample */", "<!-- " + mark + " -->",
                                  "  " + mark, "\"\"\"" + mark + "\"\"\"", "-- " + mark + " x"})
    below.write("yes" + std::to_string(line.size()), line + "\n" + token);
  CHECK(count_open(scan_tree(below)) == 0);
  for (const std::string& line :
       {"x = 1  # " + mark, "/* " + mark + " */ f();", "{\"" + mark + "\": x}", mark + " f()", "name: # " + mark})
    below.write("no" + std::to_string(line.size()), line + "\n" + token);
  CHECK(count_open(scan_tree(below)) == 5);
  CHECK(report_text(result, *guards(), {}).find("same") == std::string::npos);
  CHECK(report_text(result, *guards(), {false, true}).find("allowed") != std::string::npos);
}

TEST_CASE("what a scan leaves out is named with the reason when that is asked for, and what is given twice is scanned once") {
  const Tree tree;
  tree.write("binary", std::string("\0\1\2", 3));
  tree.write("large", std::string(200, 'x'));
  tree.write("pack.zip", std::string("PK\3\4", 4) + std::string(60, '\0'));
  tree.write("text", kPlantedToken);
  ScanOptions options;
  options.paths = {tree.path(), tree.path()};
  options.max_file_size = 100;
  options.name_skipped = true;
  const ScanResult result = scan_sources(options, *guards(), shipped_secret_rules().get());
  REQUIRE(result.skipped.size() == 3);
  CHECK(result.skipped[0] == tree.path("binary") + ": binary, searched for tokens alone");
  CHECK(result.skipped[1] == tree.path("large") + ": 200 bytes, and max_file_size is 100");
  CHECK(result.skipped[2].starts_with(tree.path("pack.zip") + ": an archive"));
  CHECK(result.findings.size() == 1);
  options.name_skipped = false;
  CHECK(scan_sources(options, *guards(), shipped_secret_rules().get()).skipped.empty());
}

TEST_CASE("annotations carry no control bytes and no broken UTF-8") {
  const Tree tree;
  tree.write("a\x1b[31m\xff,b", kPlantedToken);
  const std::string report = report_github(scan_tree(tree), *guards(), {});
  CHECK(report.find('\x1b') == std::string::npos);
  CHECK(report.find('\xff') == std::string::npos);
  CHECK(report.find("%2Cb,line=1") != std::string::npos);
}

TEST_CASE("binary files are counted, links are not followed, hidden files are read, unreadable paths are errors") {
  const Tree tree;
  tree.write("binary", std::string("\0\1\2", 3) + kPlantedToken);
  tree.write(".hidden/x", kPlantedToken);
  std::filesystem::create_symlink(tree.path(".hidden"), tree.root() / "link");
  std::filesystem::create_symlink(tree.path("gone"), tree.root() / "dangling");
  const ScanResult result = scan_tree(tree);
  CHECK(names_in(result, tree) == ".hidden/x binary");
  CHECK(result.totals.binary == 1);
  CHECK(result.totals.symlinks == 2);
  CHECK(result.errors.empty());
  const ScanResult missing = scan_tree(tree, false, "gone");
  REQUIRE(missing.errors.size() == 1);
  CHECK(missing.errors[0].find("No such file") != std::string::npos);
  CHECK(missing.totals.bytes == 0);
}

TEST_CASE("a binary file of a tree is searched for what has a prefix of its own, one that is named or piped is read whole") {
  const Tree tree;
  const std::string url = "mysql://root:" + std::string("qW3zt9Lk") + "@db.internal/x";
  tree.write("log", std::string(4096, '\0') + kPlantedToken + "\n" + url + "\n");
  tree.write("db", std::string("SQLite format 3\0", 16) + std::string(90, '\1') + kPlantedToken + std::string(90, '\0'));
  CHECK(names_in(scan_tree(tree), tree) == "db log");
  const ScanResult named = scan_tree(tree, false, "log");
  CHECK(names_in(named, tree) == "log log");
  CHECK(named.totals.binary == 0);
}

TEST_CASE(".gitignore and .ignore leave out what git and ripgrep leave out; --no-ignore does not; named files are read anyway") {
  const Tree tree;
  std::filesystem::create_directories(tree.root() / ".git/info");
  tree.write(".git/config", kPlantedToken);
  tree.write(".git/info/exclude", "excluded\n");
  tree.write(".gitignore", "*.log\n!keep.log\n/build/\n");
  tree.write(".ignore", "local\n");
  tree.write("sub/.gitignore", "!b.log\ndeep/**/x\n");
  for (const char* name : {"a.log", "keep.log", "build/x", "sub/build/x", "local", "sub/local", "sub/b.log", "sub/c.log",
                           "sub/deep/1/2/x", "excluded"})
    tree.write(name, kPlantedToken);
  CHECK(names_in(scan_tree(tree), tree) == "keep.log sub/b.log sub/build/x");
  CHECK(names_in(scan_tree(tree, false, "sub"), tree) == "sub/b.log sub/build/x");
  CHECK(scan_tree(tree, true).findings.size() == 10);
  CHECK(names_in(scan_tree(tree, false, "a.log"), tree) == "a.log");
}

TEST_CASE("ignore globs follow gitignore(5)") {
  CHECK(matches_ignore_glob("*.o", "a.o"));
  CHECK_FALSE(matches_ignore_glob("*.o", "a/b.o"));
  CHECK(matches_ignore_glob("a/**/b", "a/b"));
  CHECK(matches_ignore_glob("a/**/b", "a/x/y/b"));
  CHECK(matches_ignore_glob("**/b", "x/b"));
  CHECK(matches_ignore_glob("a/**", "a/x/y"));
  CHECK_FALSE(matches_ignore_glob("a/**", "a"));
  CHECK(matches_ignore_glob("[a-c]?[!x]", "bzy"));
  CHECK_FALSE(matches_ignore_glob("[a-c]?[!x]", "bzx"));
  CHECK(matches_ignore_glob("\\*x", "*x"));
  CHECK_FALSE(matches_ignore_glob("\\*x", "yx"));
  CHECK(matches_ignore_glob("a*b*c", "aXbXbXc"));
  CHECK_FALSE(matches_ignore_glob("a?c", "a/c"));
}

TEST_CASE("a file of several pieces gives each finding once, with its true line") {
  // Given tokens around every border of the pieces, one of them across it
  std::string text;
  std::vector<std::size_t> lines;
  std::size_t line = 1;
  const std::size_t border = ScanReader::kPiece - ScanReader::kOverlap;
  const std::string filler = std::string(62, '.') + "\n";
  while (text.size() < 2 * ScanReader::kPiece + 5000) {
    const std::size_t away = std::min(text.size() % border, border - text.size() % border);
    if (away < 400) {
      text += kPlantedToken + "\n";
      lines.push_back(line);
    } else {
      text += filler;
    }
    ++line;
  }
  const Tree tree;
  tree.write("big", text);
  // When it is scanned
  const ScanResult result = scan_tree(tree);
  // Then each is there once
  std::vector<std::size_t> found;
  for (const ScanFinding& f : result.findings) found.push_back(f.line);
  CHECK(found == lines);
  CHECK(result.totals.bytes == text.size());
}

TEST_CASE("SARIF is what code scanning services take") {
  const Tree tree;
  tree.write("a b.txt", kPlantedToken);
  const auto sarif = nlohmann::json::parse(report_sarif(scan_tree(tree), *guards(), {}));
  CHECK(sarif["version"] == "2.1.0");
  const auto& run = sarif["runs"][0];
  CHECK(run["tool"]["driver"]["rules"][0]["id"] == "github-token");
  const auto& result = run["results"][0];
  CHECK(result["ruleIndex"] == 0);
  CHECK(result["locations"][0]["physicalLocation"]["region"]["startColumn"] == 1);
  CHECK(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].get<std::string>().ends_with("a%20b.txt"));
  CHECK(result["partialFingerprints"]["promptgate/v1"].get<std::string>().size() == 16);
}

TEST_CASE("a pipe is read to its end under the name that was given") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const std::string text = std::string(40000, ' ') + kPlantedToken;
  REQUIRE(::write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  ::close(ends[1]);
  ScanResult result;
  scan_descriptor(ends[0], "config.env", *guards(), shipped_secret_rules().get(), result);
  ::close(ends[0]);
  REQUIRE(result.findings.size() == 1);
  CHECK(result.findings[0].path == "config.env");
  CHECK(result.findings[0].column == 40001);
}

}  // namespace
}  // namespace pg
