// What points one client tool at pg: variables, start line and settings, spelled for a shell.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/load_clients.h"

namespace pg {

enum class ShellKind { sh, fish, powershell };

struct SetupValues {
  std::string base;   // http://127.0.0.1:8787/api/PROJECT, without /v1
  std::string key;    // a pg key
  std::string model;  // empty: the tool's own default
  bool own_login = false;
};

/// `text` as one word of that shell.
std::string shell_word(ShellKind kind, std::string_view text);

/// The template with its placeholders filled in; `file` stands for {file}.
std::string fill_in(std::string_view text, const SetupValues& values, std::string_view file = {});

/// Name and value of each variable; those that need a model are left out when there is none.
std::vector<std::pair<std::string, std::string>> tool_environment(const ClientTool& tool, const SetupValues& values);

/// The program and its arguments; `file` is where the tool finds file_text.
std::vector<std::string> tool_command(const ClientTool& tool, const SetupValues& values, std::string_view file);

/// Every command in its order, the one that starts the tool last. None for libraries.
std::vector<std::vector<std::string>> tool_commands(const ClientTool& tool, const SetupValues& values, std::string_view file);

/// What stands in the tool's own file.
std::string tool_file_text(const ClientTool& tool, const SetupValues& values);

/// The whole snippet: every line is valid in that shell when pasted.
std::string setup_snippet(const ClientTool& tool, const SetupValues& values, ShellKind kind, std::string_view project);

}  // namespace pg
