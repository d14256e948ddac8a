// pg scan on git repositories as a command: reports, exit statuses and what it says when it cannot.
#include <doctest/doctest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/base/encode.h"
#include "core/guard/rule_examples.h"
#include "tests/support/archives.h"
#include "tests/support/git_tree.h"
#include "tests/support/run_pg.h"

namespace pg::test {
namespace {

std::string github_token(std::uint32_t seed) {
  return spell_example("{github_crc:ghp_}", seed).value();
}

TEST_CASE("baseline, exclusions, allowances, decoding and every format work on blobs as on files") {
  const GitTree tree;
  const std::string secret = github_token(7), hidden = github_token(8);
  tree.write("app.py", "key = '" + secret + "'\n");
  tree.write("tests/deep/data.txt", github_token(9) + "\n");
  tree.commit(2);
  tree.write("app.py", "nothing\n");
  tree.write("secret.yaml", "data:\n  k: " + to_base64("token=" + hidden) + "\n");
  const std::string second = tree.commit(3);
  const Home home;
  const auto scan = [&](std::vector<std::string> more) {
    std::vector<std::string> args = {"scan", "--git", tree.path(), "--config", home.config_file()};
    args.insert(args.end(), more.begin(), more.end());
    return home.run(args);
  };
  const auto paths = [&](const std::vector<std::string>& more) {
    std::vector<std::string> args = {"--format", "json"};
    args.insert(args.end(), more.begin(), more.end());
    std::string all;
    const auto told = nlohmann::json::parse(scan(args).out);
    for (const auto& finding : told["findings"]) all += finding["path"].get<std::string>() + " ";
    return all;
  };
  home.write(home.config_file(), "");
  CHECK(paths({}) == "app.py secret.yaml tests/deep/data.txt ");
  const auto json = nlohmann::json::parse(scan({"--format", "json"}).out);
  CHECK(json["findings"][1]["encoding"] == "base64");
  CHECK(json["findings"][1]["commit"] == second);
  for (const char* format : {"text", "json", "ndjson", "sarif", "github", "junit", "csv"}) {
    const CommandResult told = scan({"--format", format});
    CAPTURE(std::string(format));
    CHECK(told.status == 1);
    CHECK(told.out.find(second.substr(0, 12)) != std::string::npos);
    for (const std::string& value : {secret, hidden}) CHECK((told.out + told.err).find(value.substr(4, 12)) == std::string::npos);
  }

  home.write(home.config_file(), "[scan]\nexclude = [\"tests/\"]\n[[scan.allow]]\nhash = \"" +
                                     json["findings"][0]["hash"].get<std::string>() + "\"\nreason = \"gone\"\n");
  CHECK(paths({}) == "secret.yaml ");
  CHECK(paths({"--show-suppressed"}) == "app.py secret.yaml ");

  home.write(home.config_file(), "");
  const std::string known = home.root() / "known.txt";
  CHECK(scan({"--baseline", known, "--update-baseline"}).status == 0);
  CHECK(scan({"--baseline", known}).status == 0);
  tree.write("new.txt", github_token(10) + "\n");
  tree.git({"add", "new.txt"});
  CHECK(home.run({"scan", "--staged", tree.path(), "--baseline", known, "--config", home.config_file()}).status == 1);
  const CommandResult first = scan({"--baseline", known});
  CHECK(first.status == 0);  // staged is not history yet
  CHECK(first.err.find("unused") == std::string::npos);
}

TEST_CASE("what the next commit and a branch add go by allowances, exclusions, own rules and the baseline") {
  const GitTree tree;
  tree.write("old.txt", "nothing\n");
  const std::string base = tree.commit(2);
  tree.write("app.py", "key = '" + github_token(11) + "'\n");
  tree.write("docs/sample.txt", github_token(12) + "\n");
  tree.write("fixtures/data.txt", github_token(13) + "\n");
  tree.write("own.txt", "acme" + std::string("_7302915846\n"));
  tree.write("packed.tar", tar_of({{"in.txt", github_token(14)}}));
  tree.git({"add", "."});
  const Home home;
  const std::string known = home.root() / "known.txt";
  const auto check = [&](const std::vector<std::string>& source) {
    const auto scan = [&](const std::vector<std::string>& more) {
      std::vector<std::string> args = {"scan"};
      args.insert(args.end(), source.begin(), source.end());
      for (const std::string& arg : {tree.path(), std::string("--config"), home.config_file()}) args.push_back(arg);
      args.insert(args.end(), more.begin(), more.end());
      return home.run(args);
    };
    const auto findings = [&] { return nlohmann::json::parse(scan({"--format", "json"}).out)["findings"]; };
    home.write(home.config_file(), "");
    const auto plain = findings();
    REQUIRE(plain.size() == 3);
    home.write(home.config_file(),
               "[scan]\nexclude = [\"fixtures/\"]\n"
               "[[scan.rule]]\nid = \"acme\"\nkeywords = [\"acme_\"]\nregex = 'acme_[0-9]{10}'\n"
               "[[scan.allow]]\npath = \"docs/**\"\nreason = \"samples\"\n"
               "[[scan.allow]]\nhash = \"" +
                   plain[0]["hash"].get<std::string>() + "\"\nreason = \"revoked\"\n");
    const auto left = findings();
    REQUIRE(left.size() == 1);
    CHECK(left[0]["path"] == "own.txt");
    CHECK(left[0]["rule"] == "acme");
    const CommandResult shown = scan({"--show-suppressed"});
    CHECK(shown.out.find("docs/sample.txt") != std::string::npos);
    CHECK(shown.out.find("fixtures/data.txt") == std::string::npos);

    home.write(home.config_file(), "");
    std::filesystem::remove(known);
    CHECK(scan({"--baseline", known, "--update-baseline"}).status == 0);
    CHECK(scan({"--baseline", known}).status == 0);
    CHECK(scan({"--baseline", known, "--show-suppressed"}).out.find("allowed by the baseline") != std::string::npos);
    CHECK(scan({}).status == 1);
    CHECK(nlohmann::json::parse(scan({"--archives", "--format", "json"}).out)["findings"].size() == plain.size() + 1);
  };
  check({"--staged"});
  tree.commit(3);
  check({"--diff", base});
  check({"--git"});
}

TEST_CASE("reports carry commit and date, the command exits 0, 1 and 2") {
  const GitTree tree;
  tree.write("a b", github_token(1) + "\n");
  const std::string commit = tree.commit(2);
  const Home home;
  const auto run = [&](std::vector<std::string> more) {
    std::vector<std::string> args = {"scan"};
    args.insert(args.end(), more.begin(), more.end());
    return home.run(args);
  };
  const CommandResult text = run({"--git", tree.path()});
  CHECK(text.status == 1);
  CHECK(text.out.find(commit.substr(0, 12) + " 2024-01-02") != std::string::npos);
  CHECK(text.err.find("1 finding in 1 file (1 blob of 1 commit") != std::string::npos);
  const auto json = nlohmann::json::parse(run({"--git", "main", tree.path(), "--format", "json"}).out);
  CHECK(json["findings"][0]["commit"] == commit);
  CHECK(json["findings"][0]["author_date"] == "2024-01-02T12:00:00Z");
  CHECK(json["findings"][0]["path"] == "a b");
  CHECK(json["summary"]["commits"] == 1);
  const auto sarif = nlohmann::json::parse(run({"--git", tree.path(), "--format", "sarif"}).out);
  const auto& result = sarif["runs"][0]["results"][0];
  CHECK(result["properties"]["commit"] == commit);
  CHECK(result["properties"]["authorDate"] == "2024-01-02T12:00:00Z");
  CHECK(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "a%20b");
  CHECK(run({"--git", tree.path(), "--exit-zero"}).status == 0);
  const CommandResult staged = run({"--staged", tree.path()});
  CHECK(staged.status == 0);
  CHECK(staged.err.find("nothing is staged") != std::string::npos);
  CHECK(staged.err.find("zero bytes") != std::string::npos);
  CHECK(run({"--diff", "main", tree.path()}).status == 0);
  for (const std::vector<std::string>& wrong : std::vector<std::vector<std::string>>{{"--git", home.root()},
                                                                                     {"--git", "nope", tree.path()},
                                                                                     {"--git", "--staged", tree.path()},
                                                                                     {"--since", "2024-01-01", tree.path()},
                                                                                     {"--diff", "nope", tree.path()},
                                                                                     {"--diff", "", tree.path()},
                                                                                     {"--git", tree.path() + "/none/none"}}) {
    const CommandResult refused = run(wrong);
    CHECK(refused.status == 2);
    CHECK(refused.err.starts_with("error: "));
  }
  Home without;
  without.set_env("PATH", without.root());
  const CommandResult none = without.run({"scan", "--git", tree.path()});
  CHECK(none.status == 2);
  CHECK(none.err.find("there is no 'git' on PATH") != std::string::npos);
}

TEST_CASE("a pre-commit hook stops a commit, of the whole index and of a part of it") {
  const GitTree tree;
  tree.git({"config", "alias.try", "!f() { git commit -q \"$@\" >/dev/null && echo made || echo refused; }; f"});
  tree.write("clean", "x\n");
  CHECK(tree.commit(1).size() == 40);
  tree.write(".git/hooks/pre-commit", "#!/bin/sh\nexec " + pg_binary() + " scan --quiet --staged \"$@\"\n");
  std::filesystem::permissions(tree.file(".git/hooks/pre-commit"), std::filesystem::perms::owner_all);
  tree.write("secret", github_token(1) + "\n");
  tree.write("clean", "y\n");
  tree.git({"add", "secret"});
  CHECK(tree.git({"try", "-m", "index"}) == "refused\n");
  CHECK(tree.git({"try", "-a", "-m", "all"}) == "refused\n");
  CHECK(tree.git({"try", "-m", "part", "clean"}) == "made\n");
  CHECK(tree.git({"try", "-m", "part", "secret"}) == "refused\n");
  tree.write(".git/hooks/pre-commit", "#!/bin/sh\nexec " + pg_binary() + " scan --quiet --staged clean\n");
  CHECK(tree.git({"try", "-m", "looks at another file"}) == "made\n");
}

/// Where commands run, as long as it lives.
class CurrentDirectory {
 public:
  explicit CurrentDirectory(const std::string& path) : before_(std::filesystem::current_path()) {
    std::filesystem::current_path(path);
  }
  ~CurrentDirectory() { std::filesystem::current_path(before_); }
  CurrentDirectory(const CurrentDirectory&) = delete;
  CurrentDirectory& operator=(const CurrentDirectory&) = delete;

 private:
  std::filesystem::path before_;
};

TEST_CASE("a checkout's settings hold for what is scanned, from wherever, and their paths from where they stand") {
  const GitTree tree;
  const Home home;
  const std::string token = github_token(21) + "\n";
  for (const char* name : {"tests/fixtures/k", "other/tests/fixtures/k", "vendor/docs/a.txt"}) tree.write(name, token);
  tree.write("src/keep/x", "own_" + std::string("Zq8Yw2Xc9Vb1Nm4K") + "\n");
  tree.write("src/old/y", token);
  tree.write(".gitignore", "/src/old/\n");
  tree.write(".promptgate.toml",
             "[scan]\nexclude = [\"tests/fixtures/\"]\n[[scan.allow]]\npath = \"vendor/docs/\"\n[[scan.rule]]\nid = \"own\"\n"
             "keywords = [\"own_\"]\nregex = 'own_[A-Za-z0-9]{16}'\nexamples = [\"own_{alnum:16}\"]\n");
  const auto found = [&](const std::string& from, std::vector<std::string> args, std::string_view input = {}) {
    const CurrentDirectory here(from);
    args.insert(args.begin(), "scan");
    args.insert(args.end(), {"--format", "csv"});
    const CommandResult told = home.run(args, input);
    CHECK(told.status == (told.out.find('"') == std::string::npos ? 0 : 1));
    std::string all;
    for (std::size_t line = told.out.find('\n'); line + 1 < told.out.size(); line = told.out.find('\n', line + 1))
      all += told.out.substr(line + 2, told.out.find('"', line + 2) - line - 2) + " ";
    return all;
  };
  CHECK(found(tree.path(), {}) == "other/tests/fixtures/k src/keep/x ");
  CHECK(found(tree.path(), {"other"}) == "other/tests/fixtures/k ");
  CHECK(found(tree.file("other"), {}) == "tests/fixtures/k ");
  CHECK(found(tree.path(), {"tests"}).empty());
  CHECK(found(tree.file("tests"), {}).empty());
  CHECK(found(tree.path(), {"tests/fixtures/k", "src/keep/x"}) == "src/keep/x ");
  CHECK(found(tree.path(), {"-", "--stdin-name", "tests/fixtures/k"}, token).empty());
  CHECK(found(tree.path(), {"-", "--stdin-name", "src/k"}, token) == "src/k ");
  CHECK(found(tree.file("vendor"), {}).empty());
  CHECK(found(tree.file("src"), {}) == "keep/x ");  // the parent's .gitignore
  const std::string elsewhere = home.root();
  CHECK(found(elsewhere, {tree.file("src")}) == tree.file("src/keep/x "));
  tree.commit(2);
  CHECK(found(elsewhere, {"--git", tree.path()}) == "other/tests/fixtures/k src/keep/x ");
  CHECK(found(tree.file("other"), {"--git"}) == "other/tests/fixtures/k src/keep/x ");
}

}  // namespace
}  // namespace pg::test
