// Walks the parser once and writes down what is visible of it.
#include "cmd/facts.h"

#include <CLI/CLI.hpp>

#include "cmd/help.h"
#include "core/base/text.h"

namespace pg {
namespace {

std::vector<std::string> choices_of(const std::string& type) {
  std::vector<std::string> choices;
  // "ID|FILE" are kinds of words, no words.
  if (type.find('|') != std::string::npos && to_lower(type) == type)
    for (auto word : split(type, '|')) choices.emplace_back(word);
  return choices;
}

OptionFacts option_facts(const CLI::Option& option) {
  OptionFacts facts;
  for (const auto& letter : option.get_snames()) facts.names.push_back("-" + letter);
  for (const auto& word : option.get_lnames()) facts.names.push_back("--" + word);
  if (option.get_expected_max() != 0) {
    facts.choices = choices_of(option.get_type_name());
    facts.type = facts.choices.empty() ? option.get_type_name() : "WORD";
  }
  facts.text = option.get_description();
  facts.preset = option.get_default_str();
  return facts;
}

ArgumentFacts argument_facts(const CLI::Option& option) {
  ArgumentFacts facts;
  facts.name = facts.kind = option.get_name();
  const std::string type = option.get_type_name();
  if (facts.name == "PATH" || type == "FILE") facts.kind = "FILE";
  if (type == "ID|FILE") facts.kind = "ID_FILE";
  facts.choices = choices_of(type);
  facts.text = option.get_description();
  facts.preset = option.get_default_str();
  facts.many = option.get_items_expected_max() > 1;
  return facts;
}

void walk(const CLI::App& app, std::vector<CommandFacts>& out) {
  CommandFacts facts;
  facts.path = command_path(app);
  const auto description = app.get_description();
  const auto line_end = description.find('\n');
  facts.summary = description.substr(0, line_end);
  if (line_end != std::string::npos) facts.details = description.substr(line_end + 1);
  facts.usage = usage_line(app);
  facts.examples = examples_of(app);
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group().empty()) continue;
    if (option->get_positional())
      facts.arguments.push_back(argument_facts(*option));
    else
      facts.options.push_back(option_facts(*option));
  }
  std::vector<const CLI::App*> children;
  for (const CLI::App* sub : app.get_subcommands({}))
    if (!sub->get_group().empty()) children.push_back(sub);
  for (const CLI::App* sub : children) facts.children.push_back(sub->get_name());
  out.push_back(std::move(facts));
  for (const CLI::App* sub : children) walk(*sub, out);
}

}  // namespace

std::vector<CommandFacts> command_facts(const CLI::App& parser) {
  std::vector<CommandFacts> facts;
  walk(parser, facts);
  return facts;
}

}  // namespace pg
