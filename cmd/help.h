// Help pages, drawn from the parser: summary, usage, examples, grouped options; at most 80 columns.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cmd/command.h"

namespace pg {

/// "pg keys add": the words that choose this command.
std::string command_path(const CLI::App& app);
/// "pg" itself.
const CLI::App& root_of(const CLI::App& app);

/// "pg keys add NAME [OPTIONS]".
std::string usage_line(const CLI::App& app);

/// The page of one command, or of pg itself. Coloured when shell.out_color.
std::string help_page(const CLI::App& app, const Shell& shell);

/// What `pg` alone prints: the state of things and the way in. Asks a serve on this machine for its health, 300 ms at most.
int print_start_page(Shell& shell);

/// The command lines of a page's examples, without their comments.
std::vector<std::string> examples_of(const CLI::App& app);

/// A page of `pg help` that belongs to no single command. The text has at most 79 columns.
struct HelpTopic {
  std::string_view name;
  std::string_view summary;
  std::string_view text;
};
std::span<const HelpTopic> help_topics();

}  // namespace pg
