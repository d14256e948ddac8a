// Shell completions, derived from the parser. Names that only the database or the settings know come from `pg __complete KIND`.
#pragma once

#include <string>
#include <vector>

#include "cmd/facts.h"

namespace pg {

std::string bash_completion(const std::vector<CommandFacts>& commands);
std::string zsh_completion(const std::vector<CommandFacts>& commands);
std::string fish_completion(const std::vector<CommandFacts>& commands);

/// pg.1 in man(7) macros.
std::string manual_page(const std::vector<CommandFacts>& commands);

}  // namespace pg
