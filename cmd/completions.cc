// pg completions and pg man, and the hidden command that the completions ask for names.
#include "cmd/completions.h"

#include <CLI/CLI.hpp>

#include "cmd/agent.h"
#include "cmd/help.h"
#include "config/load.h"
#include "config/providers.h"
#include "core/base/text.h"
#include "core/guard/secrets.h"
#include "core/store/key_store.h"
#include "core/store/log_names.h"
#include "core/store/log_store.h"

namespace pg {
namespace {

constexpr std::int64_t kMostValues = 100;

int print_completions(Shell& shell, const CLI::App& command, const std::string& name) {
  const auto facts = command_facts(root_of(command));
  shell.write(name == "bash" ? bash_completion(facts) : name == "zsh" ? zsh_completion(facts) : fish_completion(facts));
  return exit_ok;
}

std::vector<std::string> rule_ids() {
  std::vector<std::string> ids{"email", "iban", "card", "ssn", "phone", "ipv4"};
  for (const auto& rule : shipped_secret_rules()->rules()) ids.push_back(rule.rule.id);
  return ids;
}

/// Values that rows of the log have, or may have, in a field. None with blanks in them, which would want quotes.
std::vector<std::string> log_field_values(Shell& shell, const LogField& field) {
  std::vector<std::string> words;
  if (field.kind == LogKind::yes_no) return {"true", "false"};
  if (field.sql == "outcome") return {"ok", "error", "blocked", "canceled"};
  if (field.kind == LogKind::time) return {"today", "yesterday"};
  if (field.kind == LogKind::rule) return rule_ids();
  if (field.kind == LogKind::status) words = {"2xx", "4xx", "5xx"};
  const auto settings = load_settings(load_options(shell));
  auto db = settings ? Db::open_unchecked(settings.value().database) : Result<Db>(settings.error());
  const auto values = db ? read_log_values(db.value(), field, kMostValues) : Result<std::vector<std::string>>(db.error());
  if (!values) return words;
  for (const std::string& value : values.value())
    if (!value.empty() && value.find_first_of(" \t\n\"'\\,()*?:") == std::string::npos) words.push_back(value);
  return words;
}

/// What completes a word of a question about the log: fields, and behind a colon what the log says there. `word` may begin with
/// a minus and hold values already: "-agent:codex,cl".
std::vector<std::string> filter_words(Shell& shell, std::string_view word) {
  std::vector<std::string> words;
  const std::size_t sign = word.starts_with('-') ? 1 : 0, colon = word.find(':');
  if (colon == std::string_view::npos) {
    for (const auto field : log_fields()) words.push_back(fmt::format("{}{}:", word.substr(0, sign), field));
    return words;
  }
  const LogField* field = find_log_field(to_lower(word.substr(sign, colon - sign)));
  if (field == nullptr) return words;
  const std::string_view start = word.substr(0, std::max(colon, word.rfind(',') + 1 == 0 ? colon : word.rfind(',')) + 1);
  for (const std::string& value : log_field_values(shell, *field)) words.push_back(std::string(start) + value);
  return words;
}

/// What `pg help` knows below the words it was given already.
std::vector<std::string> topic_words(const CLI::App& root, const std::vector<std::string>& given) {
  std::vector<std::string> words;
  const CLI::App* at = &root;
  for (const std::string& word : given) {
    const auto below = at->get_subcommands([&](const CLI::App* sub) { return sub->get_name() == word; });
    if (below.empty()) return words;
    at = below.front();
  }
  for (const CLI::App* sub : at->get_subcommands({}))
    if (!sub->get_group().empty()) words.push_back(sub->get_name());
  if (given.empty())
    for (const auto& topic : help_topics()) words.emplace_back(topic.name);
  return words;
}

/// The words of a kind; none when settings or database cannot be read: a completion never complains.
std::vector<std::string> words_of(Shell& shell, const CLI::App& root, const std::string& kind,
                                  const std::vector<std::string>& given) {
  std::vector<std::string> words;
  if (kind == "FILTER") return filter_words(shell, given.empty() ? std::string() : given.back());
  if (kind == "FIELD" || kind == "FIELDS") return {log_fields().begin(), log_fields().end()};
  if (kind == "RULE") return rule_ids();
  if (kind == "TOPIC") return topic_words(root, given);
  auto settings = load_settings(load_options(shell));
  if (!settings) return words;
  if (kind == "PROVIDER") return provider_names(settings.value());
  if (kind == "PROJECT")
    for (const auto& [name, project] : settings.value().projects) words.push_back(name);
  if (kind == "ENDPOINT")
    for (const auto& [name, project] : settings.value().projects)
      for (const auto& row : project.endpoints) words.push_back(row.first);
  if (kind == "ALERT")
    for (const auto& [name, alert] : settings.value().alerts) words.push_back(name);
  if (kind != "KEY" && kind != "ID") return words;
  auto db = Db::open(settings.value().database, DbMode::read_only);
  if (!db) return words;
  if (kind == "KEY") {
    auto keys = KeyStore(db.value(), wall_clock(), actor_name()).list();
    if (keys)
      for (const Key& key : keys.value())
        if (key.revoked == 0) words.push_back(key.name);
    return words;
  }
  LogQuery newest;
  newest.limit = 20;
  words.emplace_back("last");
  auto done = LogStore(db.value()).select(newest, [&](const LogRow& row) { return words.push_back(row.id), true; });
  return words;
}

/// `"pg keys add -n"|"pg keys add --lines"`
std::string option_pattern(const CommandFacts& command, const OptionFacts& option) {
  std::string pattern;
  for (const auto& name : option.names) pattern += fmt::format("{}\"{} {}\"", pattern.empty() ? "" : "|", command.path, name);
  return pattern;
}

}  // namespace

std::string value_cases(const CommandFacts& command, ReplyCode& reply) {
  std::string out;
  for (const auto& option : command.options)
    if (!option.type.empty())
      out += fmt::format("    {}) {} ;;\n", option_pattern(command, option), reply(option.type, option.choices));
  return out;
}

std::string argument_replies(const CommandFacts& command, ReplyCode& reply) {
  std::string out;
  for (std::size_t i = 0; i < command.arguments.size(); ++i) {
    const ArgumentFacts& argument = command.arguments[i];
    out += fmt::format("{}if ((${{#args[@]}} {} {})); then {}; fi", i > 0 ? "; " : "", argument.many ? ">=" : "==", i,
                       reply(argument.kind, argument.choices));
  }
  return out.empty() ? ":" : out;
}

std::string value_pattern(const std::vector<CommandFacts>& commands) {
  std::string pattern;
  for (const auto& command : commands)
    for (const auto& option : command.options)
      if (!option.type.empty()) pattern += (pattern.empty() ? "" : "|") + option_pattern(command, option);
  return pattern;
}

void add_completions(CLI::App& command, Shell& shell) {
  auto name = std::make_shared<std::string>();
  command.description(
      "Print shell completions\n"
      "  bash   pg completions bash > ~/.local/share/bash-completion/completions/pg\n"
      "  zsh    pg completions zsh > a directory of $fpath, as _pg\n"
      "  fish   pg completions fish > ~/.config/fish/completions/pg.fish");
  one_of(command.add_option("SHELL", *name, "Which shell")->required(), {"bash", "zsh", "fish"});
  command.footer("pg completions bash\npg completions zsh\nsource <(pg completions bash)  # for this shell only");
  set_action(command, shell, [&shell, &command, name] { return print_completions(shell, command, *name); });
}

void add_complete_words(CLI::App& command, Shell& shell) {
  auto kind = std::make_shared<std::string>();
  auto given = std::make_shared<std::vector<std::string>>();
  command.add_option("KIND", *kind)->required();
  command.add_option("WORDS", *given);
  set_action(command, shell, [&shell, &command, kind, given] {
    for (const auto& word : words_of(shell, root_of(command), *kind, *given)) shell.write(word + "\n");
    return exit_ok;
  });
}

void add_man(CLI::App& command, Shell& shell) {
  command.description("Print the manual page\nReady for man(1): pg man | man -l -");
  command.footer("pg man\npg man | man -l -");
  set_action(command, shell, [&shell, &command] {
    shell.write(manual_page(command_facts(root_of(command))));
    return exit_ok;
  });
}

}  // namespace pg
