#include "cmd/print.h"

#include <doctest/doctest.h>

#include "core/base/text.h"
#include "tests/support/test_shell.h"

using namespace pg;
using pg::test::TestShell;
using pg::test::widest_line;

namespace {

Table people() {
  Table table({{"NAME"}, {"NOTE", Align::left, 2, 6}, {"COUNT", Align::right}});
  table.add({{"ada"}, {"first of many programmers"}, {"1"}});
  table.add({{"日本"}, {""}, {"12345"}});
  return table;
}

}  // namespace

TEST_CASE("a table off a terminal: whole cells, tabs, no titles") {
  TestShell test;
  CHECK(people().text(test.shell) == "ada\tfirst of many programmers\t1\n日本\t\t12345\n");
}

TEST_CASE("a table on a terminal fits its width and keeps wide characters aligned") {
  TestShell test;
  test.shell.out_tty = true;
  for (int width : {80, 40, 24, 20}) {
    CAPTURE(width);
    test.shell.width = width;
    CHECK(widest_line(people().text(test.shell)) <= width);
  }
  test.shell.width = 80;
  auto lines = people().text(test.shell);
  CHECK(lines ==
        "NAME  NOTE                       COUNT\n"
        "ada   first of many programmers      1\n"
        "日本                             12345\n");
}

TEST_CASE("colours that were asked for are there although nobody looks, and none of ours are otherwise") {
  TestShell test;
  Table table({{"STATE"}, {"NAME"}});
  table.add({{"ok", Color::green}, {"ada"}});
  CHECK(table.text(test.shell) == "ok\tada\n");
  test.shell.color = "always";
  test.shell.settle_colors();
  CHECK(table.text(test.shell) == "\x1b[32mok\x1b[0m\tada\n");
}

TEST_CASE("a narrow terminal cuts cells before it drops columns, by their order") {
  std::vector<Column> columns{{"A", Align::left, 0, 4}, {"B", Align::left, 1, 4}, {"C", Align::right, 2}};
  CHECK(fit_columns(columns, {4, 20, 5}, 33) == std::vector<int>{4, 20, 5});
  CHECK(fit_columns(columns, {4, 20, 5}, 25) == std::vector<int>{4, 12, 5});
  CHECK(fit_columns(columns, {4, 20, 5}, 16) == std::vector<int>{4, 10, -1});
  CHECK(fit_columns(columns, {4, 20, 5}, 6) == std::vector<int>{4, -1, -1});
}

TEST_CASE("no terminal is too narrow: where no column wants to go, the rightmost do, and what stands alone is cut") {
  const std::vector<Column> columns{{"NAME", Align::left, 0, 10}, {"REQUESTS", Align::right}, {"COST", Align::right}};
  CHECK(fit_columns(columns, {20, 8, 9}, 31) == std::vector<int>{10, 8, 9});
  CHECK(fit_columns(columns, {20, 8, 9}, 27) == std::vector<int>{6, 8, 9});
  CHECK(fit_columns(columns, {20, 8, 9}, 26) == std::vector<int>{16, 8, -1});
  CHECK(fit_columns(columns, {20, 8, 9}, 5) == std::vector<int>{5, -1, -1});
  for (int width = 1; width < 60; ++width) {
    CAPTURE(width);
    int total = -2;
    for (const int cells : fit_columns(columns, {20, 8, 9}, width)) total += cells < 0 ? 0 : cells + 2;
    CHECK(total <= width);
  }
}

TEST_CASE("hostile cells cannot drive the terminal") {
  TestShell test;
  Table table({{"MODEL"}});
  table.add({{"\x1b]0;owned\x07gpt\ttab\nline"}});
  for (bool tty : {false, true}) {
    test.shell.out_tty = tty;
    auto text = table.text(test.shell);
    CHECK(text.find('\x1b') == std::string::npos);
    CHECK(text.find('\x07') == std::string::npos);
    CHECK(text.find('\t') == std::string::npos);
  }
}

TEST_CASE("text is cut by cells, with an ellipsis") {
  CHECK(cut_to("abcdef", 6) == "abcdef");
  CHECK(cut_to("abcdefg", 6) == "abcde…");
  CHECK(cut_to("日本語", 5) == "日本…");
  CHECK(cut_to("日本語", 4) == "日…");
  CHECK(cut_to("abc", 0) == "");
}

TEST_CASE("cells say unknown rather than zero") {
  CHECK(count_cell(-1) == "–");
  CHECK(count_cell(0) == "0");
  CHECK(count_cell(18'200) == "18.2k");
  CHECK(duration_cell(-1) == "–");
  CHECK(duration_cell(410) == "410ms");
  CHECK(date_cell(0) == "–");
  CHECK(clock_cell(1'763'696'002'104) == "03:33:22.104");
  CHECK(ago_cell(1000, 13'000) == "12s ago");
  CHECK(ago_cell(0, 200'000) == "3 min ago");
  CHECK(ago_cell(0, 3 * 86'400'000LL) == "3 d ago");
  CHECK(ago_cell(5000, 1000) == "0s ago");
}

TEST_CASE("JSON fields: commas, escapes, null for unknown") {
  std::string object = "{";
  json_field(object, "a", "q\"\n");
  json_known(object, "b", -1);
  json_known(object, "c", 5);
  json_bool(object, "d", false);
  json_time(object, "e", 0);
  json_time(object, "f", 1'763'696'002'104);
  json_raw(object, "g", json_list({"x", "y"}));
  CHECK(object + "}" == R"({"a":"q\"\n","b":null,"c":5,"d":false,"e":null,"f":"2025-11-21T03:33:22.104Z","g":["x","y"]})");
}

TEST_CASE("colours: flags over variables over the terminal") {
  TestShell test;
  for (const char* name : {"NO_COLOR", "CLICOLOR_FORCE"}) ::unsetenv(name);
  ::setenv("TERM", "xterm", 1);
  auto colored = [&] {
    test.shell.settle_colors();
    return test.shell.out_color;
  };
  CHECK_FALSE(colored());
  test.shell.out_tty = true;
  CHECK(colored());
  ::setenv("TERM", "dumb", 1);
  CHECK_FALSE(colored());
  ::setenv("TERM", "xterm", 1);
  ::setenv("NO_COLOR", "1", 1);
  CHECK_FALSE(colored());
  test.shell.color = "always";
  CHECK(colored());
  test.shell.no_color = true;
  CHECK_FALSE(colored());
  ::unsetenv("NO_COLOR");
}
