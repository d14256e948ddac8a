// The checked-in completions and manual page equal what the parser gives now. PG_UPDATE_GOLDEN=1 rewrites them.
#include "cmd/completions.h"

#include <doctest/doctest.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "cmd/parser.h"
#include "tests/support/test_shell.h"

using namespace pg;

namespace {

void check_fresh(const std::string& name, const std::string& now) {
  const auto path = std::string(PG_SOURCE_DIR "/") + name;
  if (const char* update = std::getenv("PG_UPDATE_GOLDEN"); update != nullptr && *update == '1') std::ofstream(path) << now;
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  INFO(name, " is stale: PG_UPDATE_GOLDEN=1 pg_tests -tc='*completions*' rewrites it");
  CHECK(text.str() == now);
}

}  // namespace

TEST_CASE("completions and manual page are fresh") {
  test::TestShell test;
  auto parser = make_parser(test.shell);
  const auto facts = command_facts(*parser);
  check_fresh("completions/pg.bash", bash_completion(facts));
  check_fresh("completions/_pg", zsh_completion(facts));
  check_fresh("completions/pg.fish", fish_completion(facts));
  check_fresh("packaging/pg.1", manual_page(facts));
}

TEST_CASE("completions know nested commands, choices and kinds of names") {
  test::TestShell test;
  auto parser = make_parser(test.shell);
  const auto facts = command_facts(*parser);
  for (const auto& text : {bash_completion(facts), zsh_completion(facts), fish_completion(facts)}) {
    CHECK(text.find("rotate") != std::string::npos);
    CHECK(text.find("powershell") != std::string::npos);
    CHECK(text.find("pg __complete PROJECT") != std::string::npos);
    CHECK(text.find("pg __complete ALERT") != std::string::npos);
    CHECK(text.find("__complete KIND") == std::string::npos);
  }
}

TEST_CASE("the manual page keeps tables as they are, and says what holds when an option is not given") {
  test::TestShell test;
  auto parser = make_parser(test.shell);
  const std::string page = manual_page(command_facts(*parser));
  for (const char* table : {".SH EXIT STATUS\n.nf\n  0    ok\n", ".SH ENVIRONMENT\n.nf\n  PG_CONFIG  ",
                            ".nf\n  bash   pg completions bash", ".nf\n  status class model "})
    CHECK_MESSAGE(page.find(table) != std::string::npos, table);
  CHECK(page.find("How many to begin with; 0 for all (default 20).") != std::string::npos);
}
