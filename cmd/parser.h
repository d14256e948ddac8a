// The parser made of the table of commands: global flags before and after the subcommand, "did you mean", one-line errors.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cmd/command.h"

namespace pg {

/// The whole tree of commands with its global flags, bound to `shell`.
std::unique_ptr<CLI::App> make_parser(Shell& shell);

/// Parses `words` (without the program name). nullopt: shell.action holds what to do. A number: already answered (help, version,
/// or a usage error on standard error); exit with it.
std::optional<int> parse_command_line(CLI::App& parser, Shell& shell, std::vector<std::string> words);

}  // namespace pg
