// The parser: CLI11 fed from the table of commands, and its refusals turned into one line with a suggestion.
#include "cmd/parser.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>

#include "cmd/help.h"
#include "config/problem.h"
#include "core/base/text.h"

namespace pg {
namespace {

constexpr std::string_view kGlobal = "Global options";

void add_globals(CLI::App& parser, Shell& shell) {
  const std::string group(kGlobal);
  parser.set_help_flag("-h,--help", "Explain the command")->group(group);
  parser.add_flag("--version", shell.show_version, "Print the version")->group(group);
  parser.add_flag("-q,--quiet", shell.quiet, "Only results and errors")->group(group);
  parser.add_flag("-v,--verbose", shell.verbose, "Say more: which files a scan leaves out, which rows have which id")
      ->group(group);
  parser.add_flag("--json", shell.json, "Machine-readable output")->group(group);
  one_of(parser.add_option("--color", shell.color, "When to use colours"), {"auto", "always", "never"})->group(group);
  parser.add_flag("--no-color", shell.no_color, "Same as --color=never")->group(group);
  parser.add_flag("--no-input", shell.no_input, "Never ask a question")->group(group);
  parser.add_flag("-y,--yes", shell.yes, "Answer yes to every question")->group(group);
  parser.add_option("--config", shell.config, "Settings file")->type_name("FILE")->group(group);
  parser.add_option("-p,--project", shell.project, "Project, by name or id")->type_name("PROJECT")->group(group);
  parser.add_option("--timeout", shell.timeout, "Longest wait, such as 500ms or 5s")
      ->type_name("TIME")
      ->group(group)
      ->check([](const std::string& given) -> std::string {
        if (parse_duration_ms(given).value_or(0) > 0) return {};
        return fmt::format("'{}' is not a duration like 500ms, 5s or 2m", given);
      });
}

const CLI::App& chosen(const CLI::App& parser) {
  const CLI::App* app = &parser;
  for (auto next = app->get_subcommands(); !next.empty(); next = app->get_subcommands()) app = next.front();
  return *app;
}

std::string see_help(const CLI::App& app) {
  return fmt::format("see '{} --help'", command_path(app));
}

std::vector<std::string> flag_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* at = &app; at != nullptr; at = at->get_parent())
    for (const CLI::Option* option : at->get_options())
      for (const auto& name : option->get_lnames()) names.push_back("--" + name);
  return names;
}

std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* sub : app.get_subcommands({}))
    if (!sub->get_group().empty()) names.push_back(sub->get_name());
  return names;
}

std::string suggestion(std::string_view word, const std::vector<std::string>& names) {
  std::vector<std::string_view> views(names.begin(), names.end());
  auto nearest = find_nearest(word, views);
  return nearest ? fmt::format(" (did you mean '{}'?)", *nearest) : std::string{};
}

/// What is wrong with words that nobody wanted.
std::string describe_leftover(const CLI::App& app, const std::string& word) {
  if (word.size() > 1 && word.front() == '-') {
    auto name = word.substr(0, word.find('='));
    return fmt::format("unknown option '{}'{}", name, suggestion(name, flag_names(app)));
  }
  auto names = command_names(app);
  if (!names.empty() && word.empty()) return "the name of a command is empty";
  if (!names.empty()) return fmt::format("unknown command '{} {}'{}", command_path(app), word, suggestion(word, names));
  return fmt::format("'{}' takes no argument '{}'", command_path(app), looks_like_credential(word) ? "…" : word);
}

std::optional<std::string> first_leftover(const CLI::App& parser) {
  auto words = parser.remaining(true);
  words.erase(std::remove(words.begin(), words.end(), "--"), words.end());
  auto flag = std::find_if(words.begin(), words.end(), [](const auto& w) { return w.size() > 1 && w.front() == '-'; });
  if (flag != words.end()) return *flag;
  if (words.empty()) return std::nullopt;
  return words.front();
}

/// The first option with a value that says nothing, as "$UNSET" does: taken as it stands it would lift a limit, or choose for
/// all. What may be made empty is a text about a key.
std::optional<std::string> empty_option(const CLI::App& app) {
  for (const CLI::App* at = &app; at != nullptr; at = at->get_parent())
    for (const CLI::Option* option : at->get_options()) {
      if (option->get_positional() || option->check_lname("owner") || option->get_expected_min() == 0) continue;
      const auto& given = option->results();
      if (std::find(given.begin(), given.end(), "") != given.end()) return option->get_name();
    }
  return std::nullopt;
}

std::string describe(const CLI::ParseError& error) {
  std::string what = error.what();
  if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr)
    if (auto at = what.find(" is required"); at != std::string::npos) return fmt::format("{} is missing", what.substr(0, at));
  // "--lines: 1 required N missing"
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr)
    if (const auto at = what.find(": 1 required "); at != std::string::npos && what.ends_with(" missing"))
      return fmt::format("{} needs a value: {}", what.substr(0, at), what.substr(at + 13, what.size() - at - 21));
  if (dynamic_cast<const CLI::ConversionError*>(&error) != nullptr) return "cannot read the value of an option: " + what;
  if (!what.empty() && what.back() == '.') what.pop_back();
  return what;
}

/// `words` are reversed; what follows a "--" belongs to another program.
bool asks_for_json(const std::vector<std::string>& words) {
  for (auto word = words.rbegin(); word != words.rend() && *word != "--"; ++word)
    if (*word == "--json") return true;
  return false;
}

/// A filter like -agent:codex, -(…) or -"…" is not a cluster of short options: its dash becomes '!', which means the same.
void hide_negations(std::vector<std::string>& words) {
  for (auto& word : words) {
    if (word == "--") return;
    if (word.starts_with("-(") || word.starts_with("-\"")) word[0] = '!';
    const auto colon = word.find(':');
    if (colon == std::string::npos || colon < 3 || word[0] != '-') continue;
    if (word.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ._", 1) == colon) word[0] = '!';
  }
}

int refuse(Shell& shell, const CLI::App& parser, const std::string& what) {
  shell.settle_colors();
  return shell.fail({.what = escape_controls(what), .hint = see_help(chosen(parser))});
}

}  // namespace

std::unique_ptr<CLI::App> make_parser(Shell& shell) {
  auto parser = std::make_unique<CLI::App>("A local proxy that keeps secrets and personal data out of model prompts", "pg");
  parser->set_help_flag();
  parser->option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);  // an alias may be overridden
  parser->fallthrough()->allow_extras()->require_subcommand(0, 1);
  for (const Command& command : commands()) {
    CLI::App* sub = parser->add_subcommand(std::string(command.name), std::string(command.summary));
    sub->group(std::string(command.group))->require_subcommand(0, 1);
    command.add(*sub, shell);
  }
  add_globals(*parser, shell);
  return parser;
}

std::optional<int> parse_command_line(CLI::App& parser, Shell& shell, std::vector<std::string> words) {
  hide_negations(words);
  const bool has_end_of_options = std::find(words.begin(), words.end(), "--") != words.end();
  std::reverse(words.begin(), words.end());
  const bool json = asks_for_json(words);
  try {
    parser.parse(words);
  } catch (const CLI::CallForHelp&) {
    shell.settle_colors();
    shell.write(help_page(chosen(parser), shell));
    return exit_ok;
  } catch (const CLI::ParseError& error) {
    shell.json = json;  // usage errors too, although parsing never got that far
    auto leftover = first_leftover(parser);
    return refuse(shell, parser, leftover ? describe_leftover(chosen(parser), *leftover) : describe(error));
  }
  shell.settle_colors();
  const CLI::App& app = chosen(parser);
  const bool is_root = app.get_parent() == nullptr;
  shell.command = command_path(app);
  if (auto leftover = first_leftover(parser)) return refuse(shell, parser, describe_leftover(app, *leftover));
  if (const auto option = empty_option(app)) return refuse(shell, parser, fmt::format("{} was given an empty value", *option));
  if (is_root && has_end_of_options) return refuse(shell, parser, "there is no command before '--'");
  if (shell.show_version) {
    shell.write("pg " PG_VERSION "\n");
    return exit_ok;
  }
  if (shell.action) return std::nullopt;
  if (is_root) {
    shell.action = [&shell] { return print_start_page(shell); };
    return std::nullopt;
  }
  auto names = command_names(app);
  return refuse(shell, parser, fmt::format("'{}' needs a command: {}", command_path(app), fmt::join(names, ", ")));
}

void set_action(CLI::App& command, Shell& shell, std::function<int()> action) {
  // Commands below it have set theirs before.
  command.callback([&shell, &command, action = std::move(action)] {
    if (command.get_subcommands().empty()) shell.action = action;
  });
}

CLI::Option* one_of(CLI::Option* option, std::vector<std::string> values) {
  option->type_name(fmt::format("{}", fmt::join(values, "|")));
  return option->check([values](const std::string& given) -> std::string {
    if (std::find(values.begin(), values.end(), given) != values.end()) return {};
    return fmt::format("'{}' is not one of {}{}", given, fmt::join(values, ", "), suggestion(given, values));
  });
}

CLI::Option* in_range(CLI::Option* option, std::int64_t least, std::int64_t most) {
  option->type_name("N");
  return option->check([least, most](const std::string& given) -> std::string {
    std::int64_t number = 0;
    auto [end, problem] = std::from_chars(given.data(), given.data() + given.size(), number);
    if (problem == std::errc{} && end == given.data() + given.size() && number >= least && number <= most) return {};
    return fmt::format("'{}' is not a whole number from {} to {}", given, least, most);
  });
}

}  // namespace pg
