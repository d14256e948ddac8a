// Snippets: one description of a tool, three shells.
#include "cmd/snippet.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/ascii.h"
#include "core/base/text.h"

namespace pg {
namespace {

bool is_plain(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return is_alnum(c) || std::string_view("_-./:=,+").find(c) != std::string_view::npos;
  });
}

std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    if (text.substr(at, from.size()) == from) {
      out += to;
      at += from.size();
    } else {
      out += text[at++];
    }
  }
  return out;
}

bool needs_model(std::string_view text) {
  return text.find("{model}") != std::string_view::npos;
}

bool can_fill(const std::vector<std::string>& group, const SetupValues& values) {
  return !values.model.empty() || std::none_of(group.begin(), group.end(), needs_model);
}

std::string command_line(ShellKind kind, const std::vector<std::string>& words) {
  std::string line;
  for (const auto& word : words) line += (line.empty() ? "" : " ") + shell_word(kind, word);
  return line;
}

std::string assignment(ShellKind kind, const std::string& name, const std::string& value) {
  switch (kind) {
    case ShellKind::sh:
      return fmt::format("export {}={}\n", name, shell_word(kind, value));
    case ShellKind::fish:
      return fmt::format("set -gx {} {}\n", name, shell_word(kind, value));
    case ShellKind::powershell:
      return fmt::format("$env:{} = '{}'\n", name, replaced(value, "'", "''"));
  }
  return {};
}

/// A command that writes the tool's file, readable by its owner only.
std::string file_line(ShellKind kind, const std::string& path, const std::string& text) {
  switch (kind) {
    case ShellKind::sh:
      return fmt::format("(umask 077; cat > {} <<'PG_END'\n{}PG_END\n)\n", path, text);
    case ShellKind::fish:
      return fmt::format("printf '%s' {} | install -m 600 /dev/stdin {}\n", shell_word(kind, text), path);
    case ShellKind::powershell:
      return fmt::format("Set-Content -Path {} -Value @'\n{}'@\n", path, text);
  }
  return {};
}

std::string comment(std::string_view text) {
  std::string out;
  for (auto line : split(trim(text), '\n')) out += fmt::format("# {}\n", line);
  return out;
}

std::vector<std::vector<std::string>> tool_lines(const ClientTool& tool, const SetupValues& values) {
  std::vector<std::vector<std::string>> lines;
  for (const auto& line : tool.lines) {
    if (!can_fill(line, values)) continue;
    std::vector<std::string> words;
    for (const auto& word : line) words.push_back(fill_in(word, values));
    lines.push_back(std::move(words));
  }
  return lines;
}

/// Where that shell reads what is to be there in every session.
std::string_view profile_of(ShellKind kind) {
  if (kind == ShellKind::fish) return "~/.config/fish/config.fish";
  return kind == ShellKind::powershell ? "$PROFILE" : "~/.profile (zsh: ~/.zshenv)";
}

/// The tool's lasting settings; lines with {model} only when one is known, {exports} once for each variable.
std::string for_good_text(const ClientTool& tool, const SetupValues& values, ShellKind kind) {
  std::string out;
  for (auto line : split(trim(tool.for_good), '\n')) {
    if (values.model.empty() && needs_model(line)) continue;
    if (trim(line) != "{exports}") {
      out += fill_in(replaced(line, "{profile}", profile_of(kind)), values) + "\n";
      continue;
    }
    const std::string_view indent = line.substr(0, line.find('{'));
    for (const auto& [name, value] : tool_environment(tool, values)) out += std::string(indent) + assignment(kind, name, value);
  }
  return out;
}

}  // namespace

std::string shell_word(ShellKind kind, std::string_view text) {
  if (is_plain(text) && !(kind == ShellKind::powershell && text.front() == '-' && text.find('=') != std::string_view::npos))
    return std::string(text);
  switch (kind) {
    case ShellKind::sh:
      return "'" + replaced(text, "'", "'\\''") + "'";
    case ShellKind::fish:
      return "'" + replaced(replaced(text, "\\", "\\\\"), "'", "\\'") + "'";
    case ShellKind::powershell:
      return "'" + replaced(text, "'", "''") + "'";
  }
  return {};
}

std::string fill_in(std::string_view text, const SetupValues& values, std::string_view file) {
  auto out = replaced(text, "{base_v1}", values.base + "/v1");
  out = replaced(out, "{base}", values.base);
  out = replaced(out, "{key}", values.key);
  out = replaced(out, "{file}", file);
  return replaced(out, "{model}", values.model);  // last: a model's name is the only value that is not ours
}

std::vector<std::pair<std::string, std::string>> tool_environment(const ClientTool& tool, const SetupValues& values) {
  std::vector<std::pair<std::string, std::string>> variables;
  for (const auto& line : values.own_login ? tool.own_login_env : tool.env) {
    if (values.model.empty() && needs_model(line)) continue;
    const auto equals = line.find('=');
    variables.emplace_back(line.substr(0, equals), fill_in(std::string_view(line).substr(equals + 1), values));
  }
  return variables;
}

std::vector<std::string> tool_command(const ClientTool& tool, const SetupValues& values, std::string_view file) {
  std::vector<std::string> words{tool.start};
  for (const auto& group : tool.args) {
    if (!can_fill(group, values)) continue;
    for (const auto& word : group) words.push_back(fill_in(word, values, file));
  }
  return words;
}

std::vector<std::vector<std::string>> tool_commands(const ClientTool& tool, const SetupValues& values, std::string_view file) {
  auto commands = tool_lines(tool, values);
  if (!tool.start.empty()) commands.push_back(tool_command(tool, values, file));
  return commands;
}

std::string tool_file_text(const ClientTool& tool, const SetupValues& values) {
  return fill_in(trim(tool.file_text), values) + "\n";
}

std::string setup_snippet(const ClientTool& tool, const SetupValues& values, ShellKind kind, std::string_view project) {
  std::string out = fmt::format("# {} through pg, project {}\n", tool.title, project);
  for (const auto& [name, value] : tool_environment(tool, values)) out += assignment(kind, name, value);
  if (!tool.file.empty()) out += file_line(kind, tool.file, tool_file_text(tool, values));
  for (const auto& words : tool_lines(tool, values)) out += command_line(kind, words) + "\n";
  if (!tool.start.empty())
    out += (tool.args.empty() ? "# then start it: " : "") + command_line(kind, tool_command(tool, values, tool.file)) + "\n";
  if (!tool.for_good.empty() && !values.own_login)
    out += "#\n# For good instead of for this shell:\n" + comment(for_good_text(tool, values, kind));
  if (!tool.notes.empty()) out += "#\n";
  for (const auto& note : tool.notes) out += comment(fill_in(note, values));
  return out;
}

}  // namespace pg
