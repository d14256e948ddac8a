// pg scan's settings, baselines, archives, reports for services, and the progress line's words.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "cmd/rules_check.h"
#include "cmd/scan_archive.h"
#include "cmd/scan_baseline.h"
#include "cmd/scan_progress.h"
#include "cmd/scan_reports.h"
#include "cmd/scan_settings.h"
#include "cmd/scan_sources.h"
#include "config/load.h"
#include "core/base/encode.h"
#include "core/guard/rule_examples.h"
#include "tests/support/archives.h"
#include "tests/support/temp_dir.h"

namespace pg {
namespace {

using test::tar_of;
using test::zip_of;

const std::string kValue = spell_example("{github_crc:ghp_}", 4).value();

std::shared_ptr<const Guards> scanning_guards(std::shared_ptr<const SecretRules> rules = shipped_secret_rules()) {
  GuardSettings settings;
  settings.secrets = Action::detect;
  settings.email = settings.iban = settings.card = settings.ssn = Action::off;
  return Guards::make(std::move(rules), settings).value();
}

ScanResult scan_path(const std::string& path, ScanOptions options = {}) {
  options.paths = {path};
  options.threads = 2;
  return scan_sources(options, *scanning_guards(), shipped_secret_rules().get());
}

std::string names_below(const ScanResult& result, const std::string& root) {
  std::string out;
  for (const ScanFinding& f : result.findings) out += (out.empty() ? "" : " ") + f.path.substr(root.size() + 1);
  return out;
}

TEST_CASE("members of zip and tar files are scanned when asked, nested ones too, and counted when not") {
  const test::TempDir dir;
  const std::string zip = zip_of({{"a/x.txt", "k " + kValue}, {"clean.txt", "nothing"}}, true);
  dir.write("one.zip", zip);
  dir.write("two.zip", zip_of({{"in.zip", zip}, {"y.txt", "\n" + kValue}}, false));
  dir.write("three.tar", tar_of({{"z.txt", kValue}, {"in.zip", zip}}));
  CHECK(scan_path(dir.path()).totals.archives == 3);
  ScanOptions options;
  options.archives = true;
  const ScanResult result = scan_path(dir.path(), options);
  CHECK(result.errors.empty());
  CHECK(names_below(result, dir.path()) ==
        "one.zip!/a/x.txt three.tar!/in.zip!/a/x.txt three.tar!/z.txt two.zip!/in.zip!/a/x.txt two.zip!/y.txt");
}

TEST_CASE("hostile archives are errors, not memory or endless time") {
  const test::TempDir dir;
  const std::string good = zip_of({{"x", kValue}}, true);
  dir.write("cut.zip", good.substr(0, good.size() - 3));
  dir.write("bomb.zip", zip_of({{"x", std::string(16 << 20, '\0')}}, true));
  std::string many = good;
  dir.write("cut.tar", tar_of({{"x", std::string(5000, 'x')}}).substr(0, 2000));
  ScanOptions options;
  options.archives = true;
  const ScanResult result = scan_path(dir.path(), options);
  CHECK(result.findings.empty());
  CHECK(result.errors.size() == 3);

  const std::string path = dir.write("deep.zip", zip_of({{"1", zip_of({{"2", zip_of({{"3", good}}, true)}}, true)}}, true));
  const int file = ::open(path.c_str(), O_RDONLY);
  const std::shared_ptr<const Guards> kept = scanning_guards();
  const std::shared_ptr<const SecretRules> rules = shipped_secret_rules();
  ScanReader reader(*kept, rules.get());
  ScanResult capped;
  REQUIRE(reader.scan(file, 0, path, capped.findings, capped.totals.bytes) == ScanReader::Outcome::archive);
  ArchiveCaps caps;
  caps.depth = 2;
  scan_archive(file, path, reader, capped, caps);
  REQUIRE(capped.errors.size() == 1);
  CHECK(capped.errors[0].find("too deep") != std::string::npos);
  ::close(file);
}

TEST_CASE("excluded globs and large files are left out of a tree, files that were named are not") {
  const test::TempDir dir;
  dir.write("keep/a.txt", kValue);
  dir.write("gen/b.txt", kValue);
  dir.write("c.gen.txt", kValue);
  const std::string big = dir.write("big.txt", kValue + std::string(2000, ' '));
  ScanOptions options;
  options.exclude = {"/gen/", "*.gen.txt"};
  options.max_file_size = 1000;
  for (const bool no_ignore : {false, true}) {
    options.no_ignore = no_ignore;
    const ScanResult result = scan_path(dir.path(), options);
    CHECK(names_below(result, dir.path()) == "keep/a.txt");
    CHECK(result.totals.too_big == 1);
    CHECK(result.totals.ignored == 2);
  }
  CHECK(scan_path(big, options).findings.size() == 1);
}

TEST_CASE("a source that breaks is scanned as far as it came") {
  const std::string text = kValue + " and more";
  MemorySource bytes(text);
  PartSource cut(bytes, 1000);
  const std::shared_ptr<const Guards> kept = scanning_guards();
  const std::shared_ptr<const SecretRules> rules = shipped_secret_rules();
  ScanReader reader(*kept, rules.get());
  ScanResult result;
  CHECK(reader.scan(cut, 1000, "x", result.findings, result.totals.bytes) == ScanReader::Outcome::failed);
  CHECK(result.findings.size() == 1);
  CHECK(reader.error() == "cut short");
}

TEST_CASE("a pipe and a link that were named are read") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  REQUIRE(::write(ends[1], kValue.data(), kValue.size()) == static_cast<ssize_t>(kValue.size()));
  ::close(ends[1]);
  CHECK(scan_path(fmt::format("/dev/fd/{}", ends[0])).findings.size() == 1);
  ::close(ends[0]);
  const test::TempDir dir;
  dir.write("a.txt", kValue);
  std::filesystem::create_symlink("a.txt", dir.file("link"));
  const ScanResult result = scan_path(dir.file("link"));
  REQUIRE(result.findings.size() == 1);
  CHECK(result.findings[0].path == dir.file("link"));
}

TEST_CASE("UTF-16 is read as text, with the place in characters") {
  const test::TempDir dir;
  std::string wide = "\xFF\xFE";
  for (const char c : "a\nb " + kValue) (wide += c) += '\0';
  dir.write("x.txt", wide);
  const ScanResult result = scan_path(dir.path());
  REQUIRE(result.findings.size() == 1);
  CHECK(result.findings[0].line == 2);
  CHECK(result.findings[0].column == 3);
}

std::string widened(std::string_view text, bool big_endian) {
  std::string out;
  for (const char c : text) {
    if (big_endian) out += '\0';
    out += c;
    if (!big_endian) out += '\0';
  }
  return out;
}

TEST_CASE("UTF-16 without its mark is read as text, and no binary is") {
  const test::TempDir dir;
  for (const bool big_endian : {false, true}) {
    dir.write("x.txt", widened("key = a\r\nb " + kValue, big_endian));
    const ScanResult result = scan_path(dir.path());
    REQUIRE(result.findings.size() == 1);
    CHECK(result.findings[0].line == 2);
    CHECK(result.findings[0].column == 3);
  }
  const std::string wide = widened(kValue, false);
  const std::string codes = {'a', 0, 0, 0, 'b', 0, 0, 0, 'c', 0, 0, 0, 'd', 0, 0, 0, 'e', 0, 0, 0};
  std::string numbers;
  for (int i = 1; i < 600; ++i) (numbers += static_cast<char>(i % 256)) += static_cast<char>(i / 256);
  for (const std::string& binary :
       {std::string("\0\0\0\0", 4) + wide,
        std::string("\x7f"
                    "ELF\2\1\1\0",
                    8) +
            wide,
        codes, numbers, widened("short", false), kValue + std::string("\0", 1), std::string(64, '\0')}) {
    CHECK(ScanReader::is_binary(binary));
    dir.write("x.txt", binary);
    const ScanResult result = scan_path(dir.path());
    CHECK(result.findings.size() == (binary.find(kValue) == std::string::npos ? 0 : 1));
    CHECK(result.totals.binary == 1);
  }
}

TEST_CASE("an archive that comes through a pipe is looked into when asked") {
  const std::string inside = "k " + kValue;
  for (const std::string& archive : {zip_of({{"a/x.txt", inside}}, true), tar_of({{"a/x.txt", inside}})}) {
    for (const bool archives : {false, true}) {
      int ends[2];
      REQUIRE(::pipe(ends) == 0);
      REQUIRE(::write(ends[1], archive.data(), archive.size()) == static_cast<ssize_t>(archive.size()));
      ::close(ends[1]);
      ScanResult result;
      scan_descriptor(ends[0], "<stdin>", *scanning_guards(), shipped_secret_rules().get(), result, archives);
      ::close(ends[0]);
      CHECK(result.errors.empty());
      CHECK(result.totals.archives == (archives ? 0 : 1));
      REQUIRE(result.findings.size() == (archives ? 1 : 0));
      if (archives) CHECK(result.findings[0].path == "<stdin>!/a/x.txt");
    }
  }
}

TEST_CASE("an encoded value has its place, its encoding and no character of it in any report") {
  const test::TempDir dir;
  dir.write("x.yaml", "data:\n  token: " + to_base64(kValue) + "\n");
  const ScanResult result = scan_path(dir.path());
  REQUIRE(result.findings.size() == 1);
  CHECK(result.findings[0].line == 2);
  CHECK(result.findings[0].column == 10);
  CHECK(result.findings[0].length == 40);
  for (const char* format : {"text", "json", "ndjson", "sarif", "github", "csv", "junit"}) {
    const std::string report = report_as(format, result, *scanning_guards(), {});
    CAPTURE(format);
    CHECK(report.find("github-token") != std::string::npos);
    CHECK(report.find(kValue.substr(6, 8)) == std::string::npos);
    CHECK(report.find(to_base64(kValue).substr(8, 8)) == std::string::npos);
  }
}

TEST_CASE("reports for services escape what their readers would obey") {
  const test::TempDir dir;
  dir.write("=cmd,\"x\"\n::<&>%.txt", kValue);
  ScanOptions options;
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(dir.path());
  const ScanResult result = scan_path(".", options);
  std::filesystem::current_path(before);
  REQUIRE(result.findings.size() == 1);
  const auto guards = scanning_guards();
  const std::string csv = report_csv(result, *guards, {});
  CHECK(csv.find("\r\n\"'=cmd,\"\"x\"\"\\x0A") != std::string::npos);
  const std::string github = report_github(result, *guards, {});
  CHECK(github.starts_with("::error file==cmd%2C\"x\"%0A%3A%3A<&>%25.txt,line=1,"));
  CHECK(std::count(github.begin(), github.end(), '\n') == 1);
  const std::string junit = report_junit(result, *guards, {});
  CHECK(junit.find("&lt;&amp;&gt;") != std::string::npos);
  CHECK(junit.find("failures=\"1\"") != std::string::npos);
  CHECK(report_junit({}, *guards, {}).find("tests=\"1\" failures=\"0\"") != std::string::npos);
  CHECK(nlohmann::json::parse(report_ndjson(result, *guards, {}))["line"] == 1);
}

TEST_CASE("SARIF holds as many results as are shown, and says how many are left out") {
  ScanResult result;
  ScanFinding one;
  one.path = "/abs/a b";
  result.findings.assign(kMaxSarifResults + 7, one);
  const auto run = nlohmann::json::parse(report_sarif(result, *scanning_guards(), {}))["runs"][0];
  CHECK(run["results"].size() == kMaxSarifResults);
  CHECK(run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"] == "7 more results are left out");
  CHECK(run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "file:///abs/a%20b");
}

TEST_CASE("a baseline hides what it knows, shows what is new, and names what is gone") {
  const test::TempDir dir;
  dir.write("a.txt", kValue);
  dir.write("sub/b c.txt", kValue);
  ScanResult first = scan_path(dir.path());
  const auto guards = scanning_guards();
  const std::string text = write_baseline(update_baseline({}, first, *guards));
  CHECK(std::count(text.begin(), text.end(), '\n') == 3);
  CHECK(text.find(kValue.substr(4, 8)) == std::string::npos);
  const auto known = read_baseline(text, "b").value();
  // When a line moves, a new secret comes on the same line, and another file is mended
  dir.write("a.txt", "\n\n" + kValue + " " + spell_example("{github_crc:ghp_}", 9).value());
  dir.write("sub/b c.txt", "mended");
  ScanResult second = scan_path(dir.path());
  const auto unused = apply_baseline(known, second, *guards);
  CHECK(count_open(second) == 1);
  REQUIRE(unused.size() == 1);
  CHECK(unused[0].path.ends_with("b%20c.txt"));
  // Then an update of a part leaves the rest alone
  ScanResult part = scan_path(dir.path() + "/sub");
  CHECK(update_baseline(known, part, *guards).size() == 1);
  part.scanned = {dir.path() + "/other"};
  CHECK(apply_baseline(known, part, *guards).empty());
  CHECK(read_baseline("nonsense\n", "b").error().message == "b:1: not an entry of a baseline");
  CHECK_FALSE(read_baseline("0123456789abcdef jwt a.txt elsewhere\n", "b").has_value());
}

TEST_CASE("a baseline tells another short value from the one it knows, and holds nothing that it could be guessed from") {
  const test::TempDir dir;
  const auto guards = scanning_guards();
  const auto scan = [&](const std::string& password, const std::string& more = "") {
    dir.write("a.env", "U=mysql://root:" + password + "@db.internal/x\n" + more);
    ScanResult result = scan_path(dir.path());
    REQUIRE_FALSE(result.findings.empty());
    CHECK(result.findings[0].hash.empty());
    return result;
  };
  const std::string first = "qW3" + std::string("zt9Lk"), second = "Vb7" + std::string("nm2Xp");
  ScanResult result = scan(first);
  const auto known = update_baseline({}, result, *guards);
  REQUIRE(known.size() == 1);
  CHECK(known[0].fingerprint[0] == '~');
  CHECK(read_baseline(write_baseline(known), "b").value() == known);
  CHECK(apply_baseline(known, result, *guards).empty());
  CHECK(count_open(result) == 0);
  CHECK(count_known_by_place(known, result) == 0);
  CHECK(update_baseline(known, result, *guards) == known);
  // When the value changes, it shows; the order of values and a second place of one do not matter
  ScanResult changed = scan(second);
  CHECK(apply_baseline(known, changed, *guards).size() == 1);
  CHECK(count_open(changed) == 1);
  ScanResult more = scan(second, "V=mysql://root:" + first + "@db.internal/x\nW=mysql://root:" + first + "@db.internal/y\n");
  CHECK(apply_baseline(known, more, *guards).empty());
  CHECK(count_open(more) == 1);
  // An entry of an earlier pg knows the place alone, which is said, until an update
  ScanResult again = scan(second);
  auto earlier = known;
  earlier[0].fingerprint = again.findings[0].fingerprint;
  earlier[0].seen_in = SeenIn::both;
  CHECK(apply_baseline(earlier, again, *guards).empty());
  CHECK(count_open(again) == 0);
  CHECK(count_known_by_place(earlier, again) == 1);
  const auto renewed = update_baseline(earlier, again, *guards);
  REQUIRE(renewed.size() == 1);
  CHECK(renewed[0].fingerprint[0] == '~');
  CHECK(renewed[0].seen_in == SeenIn::both);
}

TEST_CASE("one baseline serves tree and history: each scan judges only what it can see") {
  const auto guards = scanning_guards();
  const auto seen = [](SeenIn where, std::vector<std::string> names) {
    ScanResult result;
    result.seen_in = where;
    result.scanned = {"."};
    for (const std::string& name : names) {
      ScanFinding finding;
      finding.path = name + ".txt";
      finding.fingerprint = std::string(15, '0') + name;
      result.findings.push_back(finding);
    }
    return result;
  };
  const auto written = [](const std::vector<BaselineEntry>& entries) {
    std::string out;
    for (const BaselineEntry& entry : read_baseline(write_baseline(entries), "b").value())
      out += fmt::format("{}{} ", entry.path[0], static_cast<int>(entry.seen_in));
    return out;
  };
  // Given a value that is in both, one that only the history has, and one that was never committed
  auto entries = update_baseline({}, seen(SeenIn::tree, {"a", "c"}), *guards);
  CHECK(written(entries) == "a1 c1 ");
  entries = update_baseline(entries, seen(SeenIn::history, {"a", "b"}), *guards);
  CHECK(written(entries) == "a3 b2 c1 ");
  // When either is scanned again, neither complains of what it cannot see
  ScanResult tree = seen(SeenIn::tree, {"a", "c"}), history = seen(SeenIn::history, {"a", "b"});
  CHECK(apply_baseline(entries, tree, *guards).empty());
  CHECK(apply_baseline(entries, history, *guards).empty());
  CHECK(count_open(tree) + count_open(history) == 0);
  // When all are gone from the tree, only the one that was in the tree alone is needed no more
  ScanResult mended = seen(SeenIn::tree, {});
  const auto unused = apply_baseline(entries, mended, *guards);
  REQUIRE(unused.size() == 1);
  CHECK(unused[0].path == "c.txt");
  entries = update_baseline(entries, mended, *guards);
  CHECK(written(entries) == "a2 b2 ");
  // And what a commit adds belongs to both
  ScanResult commit = seen(SeenIn::both, {"d"});
  commit.scanned = {};
  CHECK(written(update_baseline(entries, commit, *guards)) == "a2 b2 d3 ");
  ScanResult rewritten = seen(SeenIn::history, {});
  CHECK(apply_baseline(entries, rewritten, *guards).size() == 2);
}

TEST_CASE("settings bring rules, switch rules off and make exceptions, and mistakes have a place") {
  const auto loaded = [](const std::string& text) { return read_settings_text(text, "pg.toml"); };
  const std::string rule =
      "[[scan.rule]]\nid = \"acme-token\"\nkeywords = [\"acme_\"]\nregex = 'acme_[A-Za-z0-9]{32}'\nexamples = "
      "[\"acme_{alnum:32}\"]\n";
  const auto good = loaded("[scan]\ndisable = [\"jwt\"]\n" + rule +
                           "[[scan.allow]]\npath = \"*.md\"\nrule = \"acme-token\"\nreason = \"docs\"\n");
  REQUIRE(good.problems.empty());
  const ScanSettings& scan = good.settings.scan;
  const auto rules = SecretRules::choose({scan.rules, scan.disable, false}).value();
  CHECK(rules->rules().size() == shipped_secret_rules()->rules().size());
  CHECK(check_rules(*rules).complaints.empty());
  ScanResult result;
  result.findings.resize(2);
  std::vector<ScanFinding>& findings = result.findings;
  const auto guards = scanning_guards(rules);
  for (RuleIndex i = 0; i < guards->rules().size(); ++i)
    if (guards->rule(i).id == "acme-token") findings[0].rule = findings[1].rule = i;
  findings[0].path = "docs/a.md";
  findings[1].path = "docs/a.txt";
  ScanPlan plan;
  plan.guards = guards;
  plan.settings = scan;
  allow_by_settings(plan, result);
  CHECK(findings[0].allowed_by == kBySettings);
  CHECK_FALSE(findings[1].allowed);

  const auto place = [&](const std::string& text) {
    const auto bad = loaded(text);
    return bad.problems.empty() ? std::string() : bad.problems[0].place.text();
  };
  CHECK(place("[[scan.rule]]\nid = \"x\"\nkeywords = [\"acme_\"]\nregex = '('\n") == "pg.toml:4:9");
  CHECK(place("[[scan.rule]]\nid = \"X\"\nkeywords = [\"acme_\"]\nregex = 'acme_'\n") == "pg.toml:2:6");
  CHECK(place("[[scan.rule]]\nid = \"x\"\nkeywords = [\"a\"]\nregex = 'acme_'\n") == "pg.toml:1:1");
  CHECK(place("[[scan.rule]]\nid = \"x\"\nkeyword = [\"acme_\"]\n") == "pg.toml:3:11");
  CHECK_FALSE(place("[[scan.allow]]\nrule = \"jwt\"\n").empty());
  CHECK_FALSE(place("[scan]\nrule = 1\n").empty());
  CHECK(place("[[scan.allow]]\nhash = \"zz\"\n") == "pg.toml:1:1");
  const auto unknown = SecretRules::choose({{}, {"jwtt"}, false});
  REQUIRE_FALSE(unknown.has_value());
  CHECK(unknown.error().message.find("did you mean \"jwt\"") != std::string::npos);
}

TEST_CASE("a rule of one's own replaces a shipped one; what is found only beside a switched-off rule goes with it") {
  const std::string mine = "[[scan.rule]]\nid = \"jwt\"\nkeywords = [\"acme_\"]\nregex = 'acme_[0-9]{4}'\n";
  const auto rules = SecretRules::choose({{{"f", mine}}, {"aws-access-key-id"}, false}).value();
  std::vector<Finding> found;
  rules->find("acme_1234", found);
  CHECK(found.size() == 1);
  CHECK(rules->rules().size() == shipped_secret_rules()->rules().size() - 2);
}

TEST_CASE("all shipped rules pass their own check, those that are only for who asks too; a wrong example is named") {
  CHECK(check_rules(*SecretRules::choose({{}, {}, true}).value()).complaints.empty());
  const std::string wrong =
      "[[scan.rule]]\nid = \"acme\"\nkeywords = [\"acme_\"]\nregex = 'acme_[0-9]{4}'\nexamples = [\"acme_{lower:4}\"]\n"
      "counterexamples = [\"acme_{digit:4}\"]\n";
  CHECK(check_rules(*SecretRules::choose({{{"f", wrong}}, {}, false}).value()).complaints.size() == 2);
}

TEST_CASE("the progress line says how much and how fast, and for objects how long it will take") {
  ScanProgress progress;
  CHECK(progress_text(progress, 0) == "0 files, 0.0 MB, 0 MB/s");
  progress.files = 1234;
  progress.bytes = 56'700'000;
  CHECK(progress_text(progress, 0.5) == "1234 files, 56.7 MB, 113 MB/s");
  progress.objects = 4 * 1234;
  CHECK(progress_text(progress, 0.5) == "1234 of 4936 objects, 56.7 MB, 113 MB/s, 2 s left");
  progress.objects = 1000;  // more came than was said
  CHECK(progress_text(progress, 0.5) == "1234 of 1234 objects, 56.7 MB, 113 MB/s");
}

}  // namespace
}  // namespace pg
