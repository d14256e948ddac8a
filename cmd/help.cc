// Help pages drawn from the parser, so that they cannot disagree with it.
#include "cmd/help.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "cmd/print.h"
#include "core/base/text.h"

namespace pg {
namespace {

constexpr std::size_t kPage = 79;

struct Row {
  std::string name;
  std::string text;
};

// The first line's indent stays.
std::string_view without_line_ends(std::string_view text) {
  while (text.starts_with('\n')) text.remove_prefix(1);
  while (text.ends_with('\n')) text.remove_suffix(1);
  return text;
}

std::string two_columns(const std::vector<Row>& rows, std::size_t wide = 0) {
  for (const Row& row : rows) wide = std::max(wide, row.name.size());
  wide = std::min<std::size_t>(wide, 26);
  std::string out;
  for (const Row& row : rows) {
    auto lines = wrapped(row.text, kPage - wide - 4);
    out += fmt::format("  {:<{}}", row.name, wide);
    if (row.name.size() > wide) out += fmt::format("\n{:{}}", "", wide + 2);
    for (std::size_t i = 0; i < lines.size(); ++i)
      out += fmt::format("{}{}\n", i == 0 ? "  " : std::string(wide + 4, ' '), lines[i]);
  }
  return out;
}

bool is_flag(const CLI::Option& option) {
  return option.get_expected_max() == 0;
}

std::string option_name(const CLI::Option& option) {
  std::string name;
  for (const auto& letter : option.get_snames()) name += fmt::format("{}-{}", name.empty() ? "" : ", ", letter);
  if (name.empty()) name = "    ";
  for (const auto& word : option.get_lnames()) name += fmt::format("{}--{}", name == "    " ? "" : ", ", word);
  auto type = option.get_type_name();
  if (!is_flag(option)) name += " " + (type.find('|') != std::string::npos && type.size() > 24 ? "WORD" : type);
  return name;
}

std::string option_help(const CLI::Option& option) {
  auto text = option.get_description();
  auto type = option.get_type_name();
  if (!is_flag(option) && type.find('|') != std::string::npos && type.size() > 24) {
    std::replace(type.begin(), type.end(), '|', ' ');
    text += ": " + type;
  }
  if (!option.get_default_str().empty()) text += fmt::format(" (default {})", option.get_default_str());
  return text;
}

}  // namespace

std::string usage_line(const CLI::App& app) {
  std::string line = command_path(app);
  for (const CLI::Option* option : app.get_options()) {
    if (!option->get_positional()) continue;
    auto name = option->get_name() + (option->get_items_expected_max() > 1 ? "…" : "");
    line += option->get_required() ? " " + name : " [" + name + "]";
  }
  if (!app.get_subcommands({}).empty()) line += " COMMAND";
  return line + " [OPTIONS]";
}

namespace {

std::string heading(const Shell& shell, std::string_view text) {
  return "\n" + shell.paint(Color::bold, text) + "\n";
}

std::string commands_section(const CLI::App& app, const Shell& shell) {
  std::vector<std::pair<std::string, std::vector<Row>>> groups;
  for (const CLI::App* sub : app.get_subcommands({})) {
    auto group = sub->get_group();
    if (group.empty()) continue;
    if (group == "Subcommands") group = "Commands";
    auto at = std::find_if(groups.begin(), groups.end(), [&](const auto& g) { return g.first == group; });
    if (at == groups.end()) at = groups.insert(groups.end(), {group, {}});
    auto summary = sub->get_description();
    at->second.push_back({sub->get_name(), summary.substr(0, summary.find('\n'))});
  }
  std::string out;
  std::size_t wide = 0;
  for (const auto& [name, rows] : groups)
    for (const Row& row : rows) wide = std::max(wide, row.name.size());
  for (const auto& [name, rows] : groups) out += heading(shell, name) + two_columns(rows, wide);
  return out;
}

std::string options_section(const CLI::App& app, const Shell& shell) {
  std::vector<Row> arguments;
  std::vector<std::pair<std::string, std::vector<Row>>> groups;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group().empty()) continue;
    if (option->get_positional()) {
      arguments.push_back({option->get_name(), option_help(*option)});
      continue;
    }
    auto at = std::find_if(groups.begin(), groups.end(), [&](const auto& g) { return g.first == option->get_group(); });
    if (at == groups.end()) at = groups.insert(groups.end(), {option->get_group(), {}});
    at->second.push_back({option_name(*option), option_help(*option)});
  }
  std::string out;
  if (!arguments.empty()) out += heading(shell, "Arguments") + two_columns(arguments);
  for (const auto& [name, rows] : groups) out += heading(shell, name) + two_columns(rows);
  return out;
}

std::string examples_section(const CLI::App& app, const Shell& shell) {
  auto footer = app.get_footer();
  if (footer.empty()) return {};
  std::string out = heading(shell, "Examples");
  for (auto line : split(trim(footer), '\n')) {
    auto comment = line.find("  # ");
    out += "  " + std::string(line.substr(0, comment));
    if (comment != std::string_view::npos) out += shell.paint(Color::dim, line.substr(comment));
    out += '\n';
  }
  return out;
}

}  // namespace

const CLI::App& root_of(const CLI::App& app) {
  return app.get_parent() == nullptr ? app : root_of(*app.get_parent());
}

std::string command_path(const CLI::App& app) {
  return app.get_parent() == nullptr ? app.get_name() : command_path(*app.get_parent()) + " " + app.get_name();
}

std::string help_page(const CLI::App& app, const Shell& shell) {
  auto text = app.get_description();
  auto first = text.substr(0, text.find('\n'));
  const auto path = command_path(app);
  const auto title = wrapped(path + ": " + first, kPage);
  std::string out = shell.paint(Color::bold, path) + title.front().substr(path.size()) + "\n";
  for (std::size_t i = 1; i < title.size(); ++i) out += title[i] + "\n";
  out += fmt::format("\nUsage: {}\n", usage_line(app));
  if (first.size() < text.size()) {
    out += '\n';
    for (const auto& line : wrapped(without_line_ends(std::string_view(text).substr(first.size())), kPage)) out += line + '\n';
  }
  out += examples_section(app, shell);
  out += commands_section(app, shell);
  out += options_section(app, shell);
  if (app.get_parent() != nullptr)
    out += "\nGlobal options, see 'pg --help': -h -q -v -y -p PROJECT --json --color\n--no-input --config --timeout\n";
  return out;
}

std::vector<std::string> examples_of(const CLI::App& app) {
  std::vector<std::string> lines;
  auto footer = app.get_footer();
  for (auto line : split(trim(footer), '\n'))
    if (!line.empty()) lines.emplace_back(trim(line.substr(0, line.find("  # "))));
  return lines;
}

}  // namespace pg
