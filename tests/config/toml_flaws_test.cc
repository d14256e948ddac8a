#include "config/toml_flaws.h"

#include <doctest/doctest.h>

#include <string>

using namespace pg;

namespace {

std::string flaw(std::string_view text) {
  const auto found = find_toml_flaw(text);
  return found ? std::to_string(found->at) + " " + found->message : "";
}

}  // namespace

TEST_CASE("plain TOML has no flaw") {
  CHECK(flaw("") == "");
  CHECK(flaw("\xef\xbb\xbf a = 1 # \xc3\xa9\n[ t ]\n[[\"x\"]]\n'\xc3\xa9' = \"\xc3\xa9\"\nb = [[1], [\n[2]]]\n") == "");
  CHECK(flaw("a = \"\"\"x \\\n  y \xc3\xa9\"\"\"\nb = '''\\\n\xc3\xa9'''\nc = \"\\\\\xc3\xa9\"\n") == "");
}

TEST_CASE("characters beyond ASCII outside texts and comments") {
  const std::string said = " only texts in quotes hold characters beyond ASCII";
  CHECK(flaw("\xc3\xa9 = 1") == "0" + said);
  CHECK(flaw("a\xc3\xb0]") == "1" + said);
  CHECK(flaw("a = 1\xc2\xa0\n") == "5" + said);
  CHECK(flaw("a = \"x\xc3\xa9\"\xc3\xa9") == "9" + said);
  CHECK(flaw("a = 1\n\xef\xbb\xbf") == "6" + said);
}

TEST_CASE("a continued line that goes on beyond ASCII") {
  CHECK(flaw("a = \"\"\"x\\\n  \xc3\xa9\"\"\"") == "9 behind a backslash the text must go on in ASCII");
  CHECK(flaw("a = \"\"\"x\\\r\n\xe3\x80\x80\"\"\"") != "");
}

TEST_CASE("a number with something else in it") {
  const std::string said = " this is no number";
  CHECK(flaw("a = 1\"x\"") == "5" + said);
  CHECK(flaw("a=-'x'") == "3" + said);
  CHECK(flaw("a = [2, 1=\"x\"]") == "9" + said);
  CHECK(flaw("a = {b = 1[\"x\"]}") == "10" + said);
  CHECK(flaw("a = 12:30:00") == "6" + said);
  CHECK(flaw("a = [-1.5e+3, 0xFF, 1_000, +inf, 1979-05-27]") == "");
  CHECK(flaw("1.\"x\" = 1\n2=\"x\"\n-a=\"x\"\n[1.'x']\na = {1=\"x\",2.\"x\"='x'}\nb = [1,\"x\",2#\"\n]\nc = 1 # \"\n") == "");
}

TEST_CASE("brackets that close another or none, and control characters") {
  CHECK(flaw("a = [}") == "5 this bracket closes none");
  CHECK(flaw("a = {b = [1}") == "11 this bracket closes none");
  CHECK(flaw("a = 1]") == "5 this bracket closes none");
  CHECK(flaw("[a]]") == "3 this bracket closes none");
  CHECK(flaw("a = [\v]") == "5 a control character");
  CHECK(flaw("a = 1\rb = 2") == "5 a control character");
  CHECK(flaw("a = 1\r\n\tb = 2\r\n") == "");
  CHECK(flaw(std::string("a\0 = 1", 6)) == "1 a control character");
  CHECK(flaw("a\x7f = 1") == "1 a control character");
}

TEST_CASE("headers without a name, and depth") {
  CHECK(flaw("[.]") == "0 the table has no name");
  CHECK(flaw("a = 1\n[[ =") == "6 the table has no name");
  CHECK(flaw("a = " + std::string(16, '[')) == "");
  CHECK(flaw("a = " + std::string(17, '[')) == "20 nested too deeply");
  CHECK(flaw("a = {" + std::string(17, '.')) == "21 nested too deeply");
  CHECK(flaw("a = 1.5\nb = 1.5\n# " + std::string(100, '.')) == "");
}
