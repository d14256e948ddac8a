// The client tools of clients.toml: what points each of them at pg.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace pg {

/// One block of clients.toml. Texts hold {base} {base_v1} {key} {model} {file}.
struct ClientTool {
  std::string name;
  std::string title;
  std::string dialect;
  std::string default_model;
  std::vector<std::string> env;            // "NAME=value"
  std::vector<std::string> own_login_env;  // instead of env, when the tool keeps its own login
  std::string start;                       // the program; empty when there is nothing to start
  std::vector<std::vector<std::string>> args;
  std::vector<std::vector<std::string>> lines;
  std::string file;
  std::string file_text;
  std::string for_good;
  std::vector<std::string> notes;
  std::string mcp;  // what gives it the MCP servers of a project; {project} is its name
  std::string unsupported;
  std::string run_refusal;
  // What `pg setup --write` writes into settings of the tool's own; without settings_kind it does not.
  std::string
      settings_kind;  // "env": the variables, under "env" of a JSON file; "json": settings_text merged in; "toml": a block
  std::string settings_home;  // "CLAUDE_CONFIG_DIR=~/.claude": a variable that names the directory, and where it is otherwise
  std::string settings_file;  // in that directory
  std::string settings_text;
};

/// Reads blocks from a text. invalid_config, with the place, for TOML errors, unknown keys, and missing or empty names.
Result<std::vector<ClientTool>> read_clients(std::string_view toml, std::string_view file);

/// What keeps a text from being TOML, with its line, in one sentence; nullopt when nothing does. For settings of other programs.
std::optional<std::string> find_toml_mistake(std::string_view text);

/// The shipped blocks, in file order. One tool may have several, one per dialect.
const std::vector<ClientTool>& shipped_clients();

}  // namespace pg
