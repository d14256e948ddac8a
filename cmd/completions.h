// Shell completions, derived from the parser. Names that only the database or the settings know come from `pg __complete KIND`.
#pragma once

#include <string>
#include <vector>

#include "cmd/facts.h"

namespace pg {

/// The code of a shell that offers words of a kind: "KEY", "FILE", or some that are given.
using ReplyCode = std::string(const std::string& kind, const std::vector<std::string>& choices);
/// Lines of a shell's `case`, one for each option of the command that takes a value: `"pg keys add --rpm") REPLY ;;`.
std::string value_cases(const CommandFacts& command, ReplyCode& reply);
/// The code that offers what the next argument may be: one reply for each, by how many are there already (`args`, in the script).
std::string argument_replies(const CommandFacts& command, ReplyCode& reply);
/// The patterns of all such lines as one: the words behind which a value is awaited.
std::string value_pattern(const std::vector<CommandFacts>& commands);

std::string bash_completion(const std::vector<CommandFacts>& commands);
std::string zsh_completion(const std::vector<CommandFacts>& commands);
std::string fish_completion(const std::vector<CommandFacts>& commands);

/// pg.1 in man(7) macros.
std::string manual_page(const std::vector<CommandFacts>& commands);

}  // namespace pg
