// pg setup: prints what points an agent at pg, ready to paste, or checks that the way works.
#include <CLI/CLI.hpp>
#include <cstdlib>

#include "cmd/agent.h"
#include "cmd/print.h"
#include "cmd/setup_check.h"
#include "cmd/setup_mcp.h"
#include "cmd/setup_write.h"
#include "core/base/text.h"

namespace pg {
namespace {

struct SetupOptions {
  AgentOptions agent;
  std::string shell_name;
  bool check = false;
  bool write = false;
  bool undo = false;
};

ShellKind shell_kind(const std::string& name) {
  if (name == "powershell") return ShellKind::powershell;
  if (name == "fish") return ShellKind::fish;
  const char* login = std::getenv("SHELL");
  return name.empty() && login != nullptr && std::string_view(login).ends_with("/fish") ? ShellKind::fish : ShellKind::sh;
}

/// The file that the command names, which the snippet writes; null when there is none.
std::string file_json(const AgentSetup& agent) {
  if (agent.tool.file.empty()) return "null";
  std::string object = "{";
  json_field(object, "path", agent.tool.file);
  json_field(object, "text", tool_file_text(agent.tool, agent.values));
  return object + "}";
}

std::string setup_json(const AgentSetup& agent) {
  std::string environment = "{";
  for (const auto& [name, value] : tool_environment(agent.tool, agent.values)) json_field(environment, name, value);
  std::string object = "{";
  json_field(object, "agent", agent.tool.name);
  json_field(object, "dialect", agent.tool.dialect);
  json_field(object, "project", agent.project.name);
  json_field(object, "base_url", agent.values.base);
  json_field(object, "key", agent.values.key);
  json_field(object, "model", agent.values.model);
  json_raw(object, "env", environment + "}");
  json_raw(object, "file", file_json(agent));
  std::string commands, last = "null";
  for (const auto& words : tool_commands(agent.tool, agent.values, agent.tool.file)) {
    last = json_list(words);
    commands += (commands.empty() ? "" : ",") + last;
  }
  json_raw(object, "commands", "[" + commands + "]");
  json_raw(object, "command", last);
  std::vector<std::string> notes;
  for (const auto& note : agent.tool.notes) notes.push_back(fill_in(note, agent.values));
  json_raw(object, "notes", json_list(notes));
  return object + "}\n";
}

void warn_of_gaps(Shell& shell, const AgentSetup& agent) {
  if (agent.provider.empty())
    return shell.warn(
        fmt::format("no provider of project {} takes what {} speaks ({}); its requests will be refused\n  hint: pg "
                    "projects edit {}",
                    agent.project.name, agent.tool.title, agent.tool.dialect, agent.project.name));
  // Who has just installed pg has nothing else, and would wonder at an agent that repeats what it is told.
  if (agent.provider == "echo")
    shell.warn(
        fmt::format("{} will talk to the built-in echo, which repeats what it is told and asks no model\n  hint: pg "
                    "providers login NAME, then pg projects edit {}",
                    agent.tool.title, agent.project.name));
  if (!agent.translated) return;
  shell.note(fmt::format("{} speaks {}, which is translated for {}{}", agent.tool.title, agent.tool.dialect, agent.provider,
                         agent.values.model.empty() ? "; --model names one of its models, or [aliases] of the project" : ""));
}

int print_snippet(Shell& shell, Workplace& place, AgentSetup& agent, const SetupOptions& options) {
  auto key = given_key(options.agent).value();
  std::string made;
  if (!key) {
    auto [name, text] = mint_agent_key(place, agent.tool.name, agent.project, Millis{0}).value();
    made = name;
    key = text;
  }
  agent.values.key = *key;
  shell.write(shell.json ? setup_json(agent)
                         : setup_snippet(agent.tool, agent.values, shell_kind(options.shell_name), agent.project.name));
  shell.flush();
  if (!made.empty()) let_serve_notice(shell, place.db);
  if (!made.empty())
    shell.note(fmt::format("\nmade key {} for project {}; 'pg keys revoke {}' takes it back", shell.paint_err(Color::bold, made),
                           agent.project.name, made));
  warn_of_gaps(shell, agent);
  if (!running_origin(place.settings)) {
    const Failure failure = no_serve(place.settings.database);
    shell.warn(fmt::format("nobody listens at {} yet: {}\n  hint: {}", agent.values.base, failure.what, failure.hint));
  }
  const std::string config = shell.config.empty() ? "" : " --config " + shell_word(shell_kind(options.shell_name), shell.config);
  shell.note(fmt::format("then: pg setup {}{}{} --check", agent.tool.name, config,
                         shell.project.empty() ? "" : " -p " + agent.project.name));
  return exit_ok;
}

int setup(Shell& shell, const SetupOptions& options) {
  if (options.check + options.write + options.undo > 1)
    return shell.fail({.what = "--check, --write and --undo are three things", .hint = "give one of them at a time"});
  auto place = open_workplace(shell).value();
  if (options.undo) return undo_setup(shell, place, options.agent.name);
  if (const auto project = chosen_project(shell, place.settings); project && serves_mcp(project.value())) {
    if (options.check || options.write)
      return shell.fail({.what = "--check and --write are for an agent's model calls", .hint = "pg mcp test asks the servers"});
    return print_mcp_setup(shell, place, options.agent, project.value());
  }
  auto agent = find_agent(shell, place.settings, options.agent).value();
  if (!agent.tool.unsupported.empty()) return shell.fail({.what = agent.tool.unsupported, .code = "unsupported"});
  if (options.check) return check_setup(shell, place, agent, options.agent);
  if (options.write) return write_setup(shell, place, std::move(agent), options.agent);
  return print_snippet(shell, place, agent, options);
}

int list_agents(Shell& shell) {
  Table table({{"AGENT"}, {"NAME"}, {"", Align::left, 1, 20}});
  std::string objects;
  for (const auto& name : agent_names()) {
    for (const auto& tool : shipped_clients()) {
      if (tool.name != name) continue;
      table.add({{name, Color::bold}, {tool.title}, {tool.unsupported.empty() ? "" : "not supported", Color::yellow}});
      std::string object = "{";
      json_field(object, "agent", name);
      json_field(object, "title", tool.title);
      json_bool(object, "supported", tool.unsupported.empty());
      objects += (objects.empty() ? "" : ",\n") + object + "}";
      break;
    }
  }
  shell.write(shell.json ? "[" + objects + "]\n" : table.text(shell));
  shell.note("\npg setup AGENT prints what to paste");
  return exit_ok;
}

}  // namespace

void add_setup(CLI::App& command, Shell& shell) {
  auto options = std::make_shared<SetupOptions>();
  command.description(
      "Print what points an agent or SDK at pg\n"
      "The snippet works as pasted: it holds a pg key made for this agent, never a provider's key. Nothing else is changed. "
      "Without AGENT the known ones are listed. Of a project with MCP servers, or with endpoints, "
      "it is what adds them to the agent's MCP settings. --write puts the same into the agent's own settings (claude-code, "
      "codex, "
      "opencode) once it has shown the lines and been told yes; --undo puts back what was there.");
  one_of(command.add_option("AGENT", options->agent.name, "Which agent or SDK"), agent_names());
  one_of(command.add_option("--shell", options->shell_name, "Spell it for this shell; $SHELL decides otherwise"),
         {"sh", "fish", "powershell"});
  command.add_option("--model", options->agent.model, "Model to name in the snippet")->type_name("MODEL");
  command.add_option("--key", options->agent.key, "Use this pg key (or PG_KEY) instead of a new one")->type_name("KEY");
  command.add_flag("--own-login", options->agent.own_login, "The agent keeps its own login; the pg key goes along in x-pg-key");
  command.add_flag("--check", options->check, "Print nothing to paste: send one small request through a running pg and report");
  command.add_flag("--write", options->write, "Write it into the agent's own settings, after showing what changes");
  command.add_flag("--undo", options->undo, "Put back what was there before --write, and revoke its key");
  command.footer(
      "pg setup claude-code --write\npg setup codex --check\npg setup opencode --model gpt-5.1 --shell fish\n"
      "eval \"$(pg setup anthropic-sdk)\"  # straight into this shell");
  set_action(command, shell,
             [&shell, options] { return options->agent.name.empty() ? list_agents(shell) : setup(shell, *options); });
}

}  // namespace pg
