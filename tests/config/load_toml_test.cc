#include "config/load_toml.h"

#include <doctest/doctest.h>

#include <chrono>

#include "tests/support/gen.h"

using namespace pg;

namespace {

// The message of the one problem, or "" when it parses.
std::string toml_complaint(std::string_view text) {
  std::vector<Problem> problems;
  const TomlDocument document = parse_toml(text, "f", problems);
  if (problems.empty()) return "";
  REQUIRE(problems.size() == 1);
  CHECK(document.root.empty());
  return problems[0].place.text() + ": " + problems[0].message;
}

std::string repeat(std::string_view part, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += part;
  return out;
}

}  // namespace

TEST_CASE("values keep their kind and their place, keys their file order") {
  std::vector<Problem> problems;
  const TomlDocument document =
      parse_toml("z = 1\n[t]\n  a = [true, \"\xc3\xa9\", 'x']\nb = {c = 2.5}\nd = 1979-05-27\n", "f", problems);
  REQUIRE(problems.empty());
  REQUIRE(document.root.size() == 2);
  CHECK(document.root[0].key == "z");
  CHECK(std::get<std::int64_t>(document.root[0].value.value) == 1);
  const TomlTable& table = *document.root[1].value.table();
  REQUIRE(table.size() == 3);
  CHECK(table[0].line == 3);
  CHECK(table[0].column == 3);
  const TomlList& list = *table[0].value.list();
  CHECK(std::get<bool>(list[0].value));
  CHECK(*list[1].text() == "\xc3\xa9");
  CHECK(list[2].column == 19);
  CHECK(std::holds_alternative<double>(table[1].value.table()->at(0).value.value));
  CHECK(std::get<TomlValue::Other>(table[2].value.value) == TomlValue::Other::time);
  CHECK(document.key_place(table[0]).source == "  a = [true, \"\xc3\xa9\", 'x']");
}

TEST_CASE("mistakes of form are one problem with line and column") {
  CHECK(toml_complaint("a = 1\n b = \n") == "f:2:6: a value is missing, or a text without quotes");
  CHECK(toml_complaint("a = b\n") == "f:1:5: a value is missing, or a text without quotes");
  CHECK(toml_complaint("a = 1\n  a = 2\n") == "f:2:3: duplicate key \"a\"");
  CHECK(toml_complaint("[t]\n[t]\n") == "f:2:2: duplicate key \"t\"");
  CHECK(toml_complaint("a = \"x\nb = 1\n") == "f:1:7: the text is not closed, or holds a control character");
  CHECK(toml_complaint("a = 'caf\xff'\n") == "f:1:9: invalid UTF-8");
  CHECK(toml_complaint("\n\xc3") == "f:2:1: invalid UTF-8");
  CHECK(toml_complaint("a = \"\xed\xa0\x80\"") == "f:1:6: invalid UTF-8");
  CHECK(toml_complaint("a = [1, 2") != "");
  CHECK(toml_complaint("[t\n") != "");
  CHECK(toml_complaint(std::string("a = \"\0\"", 7)) != "");
  CHECK(toml_complaint("\xef\xbb\xbf"
                       "a = 1\r\n") == "");
}

TEST_CASE("a message never quotes what may be a credential") {
  const std::string secret = "sk-" + std::string("abcdefghij1234567890");
  for (const std::string& text :
       {"a = t" + secret, "a = 1" + secret, secret + " = 1\n" + secret + " = 2", "a = 12" + secret + "34"}) {
    std::vector<Problem> problems;
    parse_toml(text, "f", problems);
    for (const Problem& problem : problems) CHECK(problem_text(problem).find("abcdefghij1234567890") == std::string::npos);
  }
}

TEST_CASE("depth is bounded in every way TOML can nest") {
  for (const std::string& text :
       {repeat("a.", 500000) + "a = 1", "[" + repeat("a.", 400000) + "a]", "a = " + repeat("[", 1000000),
        "a = " + repeat("{a=", 300000), "a = " + repeat("[\n", 500000), "a = " + repeat("{\"a\".\"a\"=", 100000),
        repeat("\"a\" . ", 150000) + "a = 1", "x = '''\n''''\n" + repeat("a.", 400000) + "a = 1",
        "x = \"\\\"\"\n" + repeat("a.", 400000) + "a = 1"})
    CHECK(toml_complaint(text).find("nested too deeply") != std::string::npos);
}

TEST_CASE("a table header without a name never reaches the parser") {
  for (const char* text : {"[.]", "a = 1\n [ {\n}", "[=},", "[\\", "[[.]]", "[ [", "[#]", "[\n]", "x [.", "\xef\xbb\xbf[.]"})
    CHECK_MESSAGE(toml_complaint(text) != "", text);
  CHECK(toml_complaint("[.]") == "f:1:1: the table has no name");
  CHECK(toml_complaint("[ a ]\n[[ \"b\" ]]\nc = [ [1], [\n[2] ] ]\n") == "");
}

TEST_CASE("dots and brackets inside texts and comments are no depth") {
  CHECK(toml_complaint("a = \"" + repeat(".", 100) + repeat("[", 100) + "\" # " + repeat(".", 100) + "\n") == "");
  CHECK(toml_complaint("a = '''" + repeat("[", 100) + "\n" + repeat(".", 100) + "'''\n") == "");
  CHECK(toml_complaint("a = [\n" + repeat("\"a.b.c\", [1],\n", 100) + "]\n") == "");
}

TEST_CASE("a megabyte of anything is answered in linear time") {
  const auto begin = std::chrono::steady_clock::now();
  for (const std::string& text :
       {repeat("[a]\n", 200000), repeat("a = 1\n", 150000), repeat("\"", 1000000), repeat("'''", 300000),
        repeat("[[a]]\nb=1\n", 90000), repeat("#", 1000000), repeat("\\", 1000000), repeat("\xff", 1000000)})
    (void)toml_complaint(text);
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(20));
  CHECK(toml_complaint(repeat("#", (1 << 20) + 1)) == "f: larger than 1048576 bytes");
}

TEST_CASE("any bytes parse or are refused") {
  test::Gen gen;
  INFO("PG_SEED=" << gen.seed());
  for (int round = 0; round < 2000; ++round) {
    std::vector<Problem> problems;
    const std::string text =
        gen.coin() ? gen.bytes(gen.number(0, 60)) : gen.text(gen.number(0, 60), "a.=[]{}\"'#\n\\1, tru\xc3\xa9");
    parse_toml(text, "f", problems);
    for (const Problem& problem : problems) CHECK_FALSE(problem_text(problem).empty());
  }
}
