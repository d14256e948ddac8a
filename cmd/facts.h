// The parser as plain values, for what is derived from it: completions and the manual page.
#pragma once

#include <string>
#include <vector>

#include "cmd/command.h"

namespace pg {

struct OptionFacts {
  std::vector<std::string> names;    // "-n", "--lines"
  std::string type;                  // "N", "FILE", "PROJECT", …; empty for a flag
  std::vector<std::string> choices;  // the only values, when there are such
  std::string text;
  std::string preset;  // what holds when it is not given; may be empty
};

struct ArgumentFacts {
  std::string name;  // "KEY", "PROJECT", …
  std::string kind;  // what kind of word it is: mostly the same; "FILE" of paths, "ID_FILE" of both
  std::vector<std::string> choices;
  std::string text;
  std::string preset;  // what holds when it is not given; may be empty
  bool many = false;
};

struct CommandFacts {
  std::string path;     // "pg", "pg keys", "pg keys add"
  std::string summary;  // one line
  std::string details;  // paragraphs, may be empty
  std::string usage;
  std::vector<OptionFacts> options;  // its own; the global ones belong to "pg"
  std::vector<ArgumentFacts> arguments;
  std::vector<std::string> children;  // names
  std::vector<std::string> examples;
};

/// Every visible command, depth first, "pg" itself first.
std::vector<CommandFacts> command_facts(const CLI::App& parser);

}  // namespace pg
