#include "cmd/parser.h"

#include <doctest/doctest.h>

#include <CLI/CLI.hpp>

#include "cmd/facts.h"
#include "cmd/help.h"
#include "core/base/text.h"
#include "tests/support/test_shell.h"

using namespace pg;
using pg::test::TestShell;

namespace {

struct Parsed {
  std::optional<int> status;
  std::string out, err;
};

Parsed parse(TestShell& test, const std::vector<std::string>& words) {
  auto parser = make_parser(test.shell);
  auto status = parse_command_line(*parser, test.shell, words);
  return {status, test.out(), test.err()};
}

Parsed parse(const std::vector<std::string>& words) {
  TestShell test;
  return parse(test, words);
}

/// Words of an example as a shell would split them: single and double quotes, no expansion; stops at `|`, `<` and `>`.
std::vector<std::string> shell_split(const std::string& line) {
  std::vector<std::string> words;
  std::string word;
  char quote = 0;
  bool any = false;
  for (char c : line) {
    if (quote != 0) {
      if (c == quote)
        quote = 0;
      else
        word += c;
    } else if (c == '\'' || c == '"') {
      quote = c;
      any = true;
    } else if (c == ' ') {
      if (any || !word.empty()) words.push_back(std::exchange(word, {}));
      any = false;
    } else if (c == '|' || c == '<' || c == '>') {
      break;
    } else {
      word += c;
    }
  }
  if (any || !word.empty()) words.push_back(word);
  return words;
}

/// The pg command inside an example such as `eval "$(pg setup codex)"`.
std::string inner_command(const std::string& example) {
  if (example.starts_with("pg ") || example == "pg") return example;
  if (auto pipe = example.find("| pg "); pipe != std::string::npos) return example.substr(pipe + 2);
  auto begin = example.find("(pg ");
  if (begin == std::string::npos) return example;
  return example.substr(begin + 1, example.find(')', begin) - begin - 1);
}

}  // namespace

TEST_CASE("global options stand before and after the command") {
  for (const auto& words : {std::vector<std::string>{"--json", "--project", "work", "keys", "list"},
                            std::vector<std::string>{"keys", "--json", "list", "--project=work"},
                            std::vector<std::string>{"keys", "list", "--json", "-p", "work"}}) {
    TestShell test;
    auto parsed = parse(test, words);
    CHECK_FALSE(parsed.status.has_value());
    CHECK(test.shell.json);
    CHECK(test.shell.project == "work");
    CHECK(test.shell.command == "pg keys list");
  }
}

TEST_CASE("an unknown command or option: one line, a suggestion, where to look, exit 2") {
  struct Case {
    std::vector<std::string> words;
    std::string error;
  };
  const Case cases[] = {
      {{"kyes", "list"}, "error: unknown command 'pg kyes' (did you mean 'keys'?)\nhint: see 'pg --help'\n"},
      {{"keys", "lsit"}, "error: unknown command 'pg keys lsit' (did you mean 'list'?)\nhint: see 'pg keys --help'\n"},
      {{"keys", "add", "--expire", "90d", "x"},
       "error: unknown option '--expire' (did you mean '--expires'?)\nhint: see 'pg keys add --help'\n"},
      {{"logs", "tail", "--jsno"}, "error: unknown option '--jsno' (did you mean '--json'?)\nhint: see 'pg logs tail --help'\n"},
      {{"keys", "add"}, "error: NAME is missing\nhint: see 'pg keys add --help'\n"},
      {{"setup", "claude-cod"}, "error: AGENT: 'claude-cod' is not one of "},
      {{"logs", "tail", "-n", "many"},
       "error: --lines: 'many' is not a whole number from 0 to 10000000\nhint: see 'pg logs tail --help'\n"},
      {{"--color=sometimes", "version"},
       "error: --color: 'sometimes' is not one of auto, always, never\nhint: see 'pg version --help'\n"},
      {{"logs", "tail", "-n"}, "error: --lines needs a value: N\nhint: see 'pg logs tail --help'\n"},
      {{"version", "extra"}, "error: 'pg version' takes no argument 'extra'\nhint: see 'pg version --help'\n"},
  };
  for (const auto& c : cases) {
    auto parsed = parse(c.words);
    CHECK(parsed.status == exit_usage);
    CHECK(parsed.out == "");
    CHECK(parsed.err.substr(0, c.error.size()) == c.error);
    CHECK(split(trim(parsed.err), '\n').size() == 2);
  }
}

TEST_CASE("of an option that is given twice the last counts, and lists grow") {
  TestShell test;
  CHECK_FALSE(parse(test, {"--color", "always", "logs", "tail", "a", "b", "--color=never", "-v", "-v"}).status.has_value());
  CHECK(test.shell.color == "never");
  CHECK(test.shell.verbose == 2);
}

TEST_CASE("filters that begin with a minus are no options") {
  for (const char* word : {"-agent:codex", "-Model.Served:x", "-(status:200 OR status:404)", "-\"slow down\""}) {
    CAPTURE(word);
    CHECK_FALSE(parse({"logs", "search", word}).status.has_value());
  }
}

TEST_CASE("examples are quoted so that bash, zsh and fish take them as they are") {
  TestShell test;
  auto parser = make_parser(test.shell);
  const auto check = [](std::string_view line) {
    char quote = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
      const char c = line[i];
      if (quote != 0) {
        if (c == quote) quote = 0;
        // Between double quotes "$" and "`" are read, and "!" in an interactive shell.
        CHECK_MESSAGE((quote != '"' || (c != '`' && c != '!')), line);
      } else if (c == '\'' || c == '"') {
        quote = c;
      } else {
        const bool redirects = (c == '>' || c == '<') && (line.substr(i + 1, 1) == " " || line.substr(i, 2) == "<(");
        const bool is_of_shell =
            redirects || line.find("$(") != std::string_view::npos || line.find("<(") != std::string_view::npos;
        CHECK_MESSAGE((is_of_shell || std::string_view("*?<>()[]$!#&;`").find(c) == std::string_view::npos), line);
      }
    }
    CHECK_MESSAGE(quote == 0, line);
  };
  for (const auto& command : command_facts(*parser))
    for (const auto& example : command.examples) check(example);
  for (const auto& topic : help_topics())
    if (topic.name == "filters")
      for (const auto line : split(topic.text, '\n'))
        if (line.starts_with("  ")) check(line.substr(2, std::min(line.find("  ", 2), line.size()) - 2));
}

TEST_CASE("a group without its command names the choices") {
  auto parsed = parse({"audit"});
  CHECK(parsed.status == exit_usage);
  CHECK(parsed.err == "error: 'pg audit' needs a command: tail, verify, export\nhint: see 'pg audit --help'\n");
}

TEST_CASE("a group with an action of its own runs it alone, and its commands run theirs") {
  TestShell test;
  for (const auto& [words, status] : {std::pair{"", 1}, std::pair{"below", 2}}) {
    CLI::App group("", "group");
    set_action(group, test.shell, [] { return 1; });
    set_action(*group.add_subcommand("below"), test.shell, [] { return 2; });
    group.parse(std::string(words));
    CHECK(test.shell.action() == status);
  }
  CHECK_FALSE(parse({"alerts"}).status.has_value());
  auto unknown = parse({"alerts", "lst"});
  CHECK(unknown.status == exit_usage);
  CHECK(unknown.err.starts_with("error: unknown command 'pg alerts lst' (did you mean 'list'?)"));
}

TEST_CASE("usage errors are JSON when --json is anywhere before --") {
  auto parsed = parse({"keys", "--nope", "--json"});
  CHECK(parsed.status == exit_usage);
  CHECK(parsed.err == R"({"error":{"code":"usage","message":"unknown option '--nope'","hint":"see 'pg keys --help'","exit":2}})"
                      "\n");
}

TEST_CASE("a misplaced credential is not repeated") {
  const std::string secret = std::string("sk-") + "abcdefghij0123456789ABCDEFGHIJ";
  auto parsed = parse({"providers", "logout", "openai", secret});
  CHECK(parsed.status == exit_usage);
  CHECK(parsed.err.find(secret) == std::string::npos);
}

TEST_CASE("control characters of an argument do not reach the terminal") {
  auto parsed = parse({"ke\x1b[31mys"});
  CHECK(parsed.status == exit_usage);
  CHECK(parsed.err.find('\x1b') == std::string::npos);
}

TEST_CASE("help wins over what is missing, and pg alone is the start page") {
  auto help = parse({"keys", "add", "-h"});
  CHECK(help.status == exit_ok);
  CHECK(help.out.find("Usage: pg keys add NAME") != std::string::npos);
  TestShell start;
  CHECK_FALSE(parse(start, {}).status.has_value());
  CHECK(start.shell.action);
  auto version = parse({"--version"});
  CHECK(version.status == exit_ok);
  CHECK(version.out == "pg " PG_VERSION "\n");
}

TEST_CASE("words after -- belong to the agent") {
  TestShell test;
  auto parsed = parse(test, {"run", "codex", "--", "exec", "--json", "-p", "hi"});
  CHECK_FALSE(parsed.status.has_value());
  CHECK_FALSE(test.shell.json);
  CHECK(test.shell.project.empty());
}

TEST_CASE("a filter that begins with a dash is a filter") {
  auto parsed = parse({"logs", "tail", "-agent:codex", "status:4xx"});
  CHECK_FALSE(parsed.status.has_value());
}

TEST_CASE("every command has two to four examples and each of them parses") {
  TestShell plain;
  auto parser = make_parser(plain.shell);
  for (const auto& facts : command_facts(*parser)) {
    if (facts.path == "pg") continue;
    CAPTURE(facts.path);
    CHECK(facts.examples.size() >= (facts.path == "pg providers logout" ? 1 : 2));
    CHECK(facts.examples.size() <= 4);
  }
  for (const auto& facts : command_facts(*parser)) {
    for (const auto& example : facts.examples) {
      CAPTURE(example);
      TestShell test;
      auto words = shell_split(inner_command(example));
      REQUIRE(words.size() >= 2);
      REQUIRE(words.front() == "pg");
      words.erase(words.begin());
      auto parsed = parse(test, words);
      CHECK(parsed.err == "");
      CHECK_FALSE(parsed.status.has_value());
      CHECK(test.shell.action);
      CHECK((test.shell.command + " ").starts_with(facts.path + " "));
    }
  }
}

TEST_CASE("every page fits 80 columns, every option and argument is explained") {
  TestShell test;
  auto parser = make_parser(test.shell);
  auto check_page = [&](const CLI::App& app) {
    const auto page = help_page(app, test.shell);
    for (auto line : split(page, '\n')) {
      CHECK_MESSAGE(display_width(line) <= 80, std::string(line));
    }
  };
  auto visit = [&](auto&& self, const CLI::App& app) -> void {
    check_page(app);
    for (const CLI::App* sub : app.get_subcommands({}))
      if (!sub->get_group().empty()) self(self, *sub);
  };
  visit(visit, *parser);
  for (const auto& facts : command_facts(*parser)) {
    CAPTURE(facts.path);
    CHECK_FALSE(facts.summary.empty());
    for (const auto& option : facts.options) CHECK_FALSE(option.text.empty());
    for (const auto& argument : facts.arguments) CHECK_FALSE(argument.text.empty());
  }
  for (const auto& topic : help_topics())
    for (auto line : split(topic.text, '\n')) CHECK(display_width(line) <= 80);
}

TEST_CASE("short letters stay few: h q v f n o y p") {
  TestShell test;
  auto parser = make_parser(test.shell);
  for (const auto& facts : command_facts(*parser))
    for (const auto& option : facts.options)
      for (const auto& name : option.names)
        if (name.size() == 2) CHECK(std::string_view("hqvfnoyp").find(name[1]) != std::string_view::npos);
}

TEST_CASE("an option that takes a value takes none that is empty, but for a key's owner") {
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{{"keys", "edit", "k", "--budget", ""},
                                                                                     {"keys", "edit", "k", "--expires", ""},
                                                                                     {"keys", "add", "k", "--budget", ""},
                                                                                     {"keys", "add", "k", "--expires", ""},
                                                                                     {"keys", "list", "-p", ""},
                                                                                     {"logs", "tail", "--since", ""},
                                                                                     {"logs", "prune", "--keep", ""},
                                                                                     {"--config", "", "keys", "list"},
                                                                                     {"serve", "--ready-file", ""}}) {
    const Parsed said = parse(words);
    CAPTURE(said.err);
    CHECK(said.status == 2);
    CHECK(said.err.find("was given an empty value") != std::string::npos);
  }
  CHECK_FALSE(parse({"keys", "edit", "k", "--owner", ""}).status);
  CHECK_FALSE(parse({"keys", "edit", "k", "--budget", "none"}).status);
}
