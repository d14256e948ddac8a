#include "cmd/git_history.h"

#include <doctest/doctest.h>

#include <set>
#include <string>

#include "tests/support/result.h"

namespace pg::test {
namespace {

std::string id_of(char digit) {
  return std::string(40, digit);
}
ObjectId blob(char digit) {
  return ObjectId::parse(id_of(digit), 20).value();
}
const std::string kNul(1, '\0');

std::string commit_head(char digit, const std::string& times) {
  return id_of(digit) + " " + times + kNul;
}
std::string change(char before, char after, const std::string& path, const std::string& mode = "100644", char status = 'M') {
  return ":100644 " + mode + " " + id_of(before) + " " + id_of(after) + " " + status + kNul + path + kNul;
}

TEST_CASE("the oldest commit by author's date is where a blob came to a path from") {
  GitHistory history(20);
  REQUIRE(history.push(commit_head('1', "300 300 +0100") + "\n" + change('0', 'a', "x") + change('0', 'b', "y")));
  REQUIRE(history.push(commit_head('2', "400 200 -0500") + "\n" + change('0', 'a', "x")));  // rebased later
  REQUIRE(history.push(commit_head('3', "300 200 +0000") + "\n" + change('0', 'a', "x")));
  REQUIRE(history.push(commit_head('4', "100 250 +0000") + "\n" + change('0', 'a', "z")));
  REQUIRE(history.finish());
  CHECK(history.commit_count() == 4);
  CHECK(history.blobs().size() == 2);
  const auto origins = history.origins({blob('a'), blob('f')});
  REQUIRE(origins.size() == 1);
  REQUIRE(origins.at(blob('a')).size() == 2);
  for (const GitHistory::Origin& origin : origins.at(blob('a'))) {
    const std::string& path = history.path(origin.path);
    CHECK(history.commit(origin.commit).id == blob(path == "x" ? '3' : '4'));
    CHECK(history.commit(origin.commit).author_time == (path == "x" ? 200 : 250));
  }
}

TEST_CASE("of commits with the same dates the one that the log shows last is the oldest") {
  GitHistory history(20);
  REQUIRE(history.push(commit_head('1', "5 5 +0000") + "\n" + change('0', 'a', "x")));
  REQUIRE(history.push(commit_head('2', "5 5 +0000") + "\n" + change('0', 'a', "x")));
  CHECK(history.commit(history.origins({blob('a')}).at(blob('a')).at(0).commit).id == blob('2'));
}

TEST_CASE("merges, deletions, submodules, odd names and limits") {
  const std::string merge =
      "::100644 100644 100755 " + id_of('a') + " " + id_of('b') + " " + id_of('c') + " MM" + kNul + "m" + kNul;
  const std::string text = commit_head('1', "1 1 +0000") + kNul + merge + commit_head('2', "1 1 +0000") + "\n" +
                           change('a', '0', "gone", "000000", 'D') + change('0', 'e', "lib", "160000", 'A') +
                           change('0', 'd', "new\nline\t:x") + commit_head('3', "1") + commit_head('4', "1 ");
  for (std::size_t step : {text.size(), std::size_t{1}, std::size_t{7}}) {
    GitHistory history(20);
    for (std::size_t at = 0; at < text.size(); at += step) REQUIRE(history.push(std::string_view(text).substr(at, step)));
    REQUIRE(history.finish());
    CHECK(history.commit_count() == 4);
    CHECK(history.blobs() == ObjectIds{blob('c'), blob('d')});
    CHECK(history.submodules() == std::set<std::string>{"lib"});
    CHECK(history.path(history.origins({blob('d')}).at(blob('d')).at(0).path) == "new\nline\t:x");
  }
  GitHistory limited(20, [](std::string_view path) { return path == "m"; });
  REQUIRE(limited.push(text));
  CHECK(limited.blobs() == ObjectIds{blob('c')});
  CHECK(limited.submodules().empty());
}

TEST_CASE("what git does not print is refused") {
  for (const std::string& text : {"no id" + kNul, id_of('1') + kNul, id_of('g') + " 1 1 +0000" + kNul, change('0', 'a', "first"),
                                  commit_head('1', "1 1") + ":" + kNul, commit_head('1', "1 1") + "::::::::" + kNul,
                                  commit_head('1', "1 1") + ":100644 100644 " + id_of('a') + " M" + kNul}) {
    CAPTURE(text);
    GitHistory history(20);
    CHECK_FALSE(history.push(text));
  }
  GitHistory cut(20);
  REQUIRE(cut.push(commit_head('1', "1 1") + ":100644 100644 " + id_of('a') + " " + id_of('b') + " M" + kNul));
  CHECK_FALSE(cut.finish());
}

TEST_CASE("raw diffs: renames have two paths, ids of 64 digits") {
  const auto changes = parse_raw_diff(change('0', 'a', "new", "100644", 'A') + ":100644 100644 " + id_of('b') + " " + id_of('c') +
                                          " R087" + kNul + "from" + kNul + "to" + kNul,
                                      20);
  REQUIRE(changes);
  REQUIRE(changes->size() == 2);
  CHECK(changes->at(0).before.is_null());
  CHECK(changes->at(0).path == "new");
  CHECK(changes->at(1).path == "to");
  CHECK(changes->at(1).before == blob('b'));
  CHECK(changes->at(1).status == 'R');
  const std::string long_id(64, '7');
  CHECK(parse_raw_diff(":100644 100644 " + long_id + " " + long_id + " M" + kNul + "p" + kNul, 32)->size() == 1);
  CHECK(parse_raw_diff("", 20)->empty());
  CHECK_FALSE(parse_raw_diff(":100644 100644 " + id_of('b') + " " + id_of('c') + " M" + kNul, 20));
  CHECK_FALSE(parse_raw_diff(change('0', 'a', "cut").substr(0, 99), 20));
}

}  // namespace
}  // namespace pg::test
