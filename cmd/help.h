// Help pages, drawn from the parser: summary, usage, examples, grouped options; at most 80 columns.
#pragma once

#include <string>
#include <vector>

#include "cmd/command.h"

namespace pg {

/// "pg keys add": the words that choose this command.
std::string command_path(const CLI::App& app);

/// The page of one command, or of pg itself. Coloured when shell.out_color.
std::string help_page(const CLI::App& app, const Shell& shell);

/// What `pg` alone prints: a short way in, and the state of things.
std::string start_page(const Shell& shell);

/// The command lines of a page's examples, without their comments.
std::vector<std::string> examples_of(const CLI::App& app);

}  // namespace pg
