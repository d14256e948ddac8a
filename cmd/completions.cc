// pg completions and pg man, and the hidden command that the completions ask for names.
#include "cmd/completions.h"

#include <CLI/CLI.hpp>

#include "cmd/agent.h"
#include "cmd/help.h"
#include "config/load.h"
#include "config/providers.h"
#include "core/guard/secrets.h"
#include "core/store/key_store.h"
#include "core/store/log_store.h"

namespace pg {
namespace {

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

/// The words of a kind; none when settings or database cannot be read: a completion never complains.
std::vector<std::string> words_of(Shell& shell, const std::string& kind) {
  std::vector<std::string> words;
  if (kind == "FILTER") {
    for (auto field : log_fields()) words.push_back(std::string(field) + ":");
    return words;
  }
  if (kind == "FIELD" || kind == "FIELDS") return {log_fields().begin(), log_fields().end()};
  if (kind == "RULE") return rule_ids();
  if (kind == "TOPIC") {
    for (const auto& command : commands())
      if (!command.group.empty()) words.emplace_back(command.name);
    for (const auto& topic : help_topics()) words.emplace_back(topic.name);
    return words;
  }
  auto settings = load_settings(load_options(shell));
  if (!settings) return words;
  if (kind == "PROVIDER") return provider_names(settings.value());
  if (kind == "PROJECT")
    for (const auto& [name, project] : settings.value().projects) words.push_back(name);
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
  command.add_option("KIND", *kind)->required();
  set_action(command, shell, [&shell, kind] {
    for (const auto& word : words_of(shell, *kind)) shell.write(word + "\n");
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
