// Reads clients.toml; the shipped text is checked by a test, so that a mistake in it cannot reach a user.
#include "config/load_clients.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>

#include "config/toml_flaws.h"
#include "core/base/shipped.h"

namespace pg {
namespace {

constexpr std::string_view kKeys[] = {"name",          "title",         "dialect",       "default_model", "env",
                                      "own_login_env", "start",         "args",          "lines",         "file",
                                      "file_text",     "for_good",      "notes",         "unsupported",   "run_refusal",
                                      "settings_kind", "settings_home", "settings_file", "settings_text", "mcp"};

std::string text_of(const toml::table& block, std::string_view key) {
  return block[key].value_or(std::string{});
}

std::vector<std::string> texts_of(const toml::array* list) {
  std::vector<std::string> texts;
  if (list != nullptr)
    for (const auto& item : *list) texts.push_back(item.value_or(std::string{}));
  return texts;
}

std::vector<std::vector<std::string>> groups_of(const toml::array* list) {
  std::vector<std::vector<std::string>> groups;
  if (list != nullptr)
    for (const auto& item : *list) groups.push_back(texts_of(item.as_array()));
  return groups;
}

ClientTool tool_of(const toml::table& block) {
  ClientTool tool;
  tool.name = text_of(block, "name");
  tool.title = text_of(block, "title");
  tool.dialect = text_of(block, "dialect");
  tool.default_model = text_of(block, "default_model");
  tool.env = texts_of(block["env"].as_array());
  tool.own_login_env = texts_of(block["own_login_env"].as_array());
  tool.start = text_of(block, "start");
  tool.args = groups_of(block["args"].as_array());
  tool.lines = groups_of(block["lines"].as_array());
  tool.file = text_of(block, "file");
  tool.file_text = text_of(block, "file_text");
  tool.for_good = text_of(block, "for_good");
  tool.notes = texts_of(block["notes"].as_array());
  tool.mcp = text_of(block, "mcp");
  tool.unsupported = text_of(block, "unsupported");
  tool.run_refusal = text_of(block, "run_refusal");
  tool.settings_kind = text_of(block, "settings_kind");
  tool.settings_home = text_of(block, "settings_home");
  tool.settings_file = text_of(block, "settings_file");
  tool.settings_text = text_of(block, "settings_text");
  return tool;
}

}  // namespace

Result<std::vector<ClientTool>> read_clients(std::string_view toml_text, std::string_view file) {
  toml::parse_result parsed = toml::parse(toml_text, std::string(file));
  if (!parsed)
    return make_error(Code::invalid_config,
                      fmt::format("{}:{}: {}", file, parsed.error().source().begin.line, parsed.error().description()));
  std::vector<ClientTool> tools;
  const auto* blocks = parsed.table()["client"].as_array();
  if (blocks == nullptr) return make_error(Code::invalid_config, fmt::format("{}: there is no [[client]]", file));
  for (const auto& item : *blocks) {
    const auto* block = item.as_table();
    if (block == nullptr) return make_error(Code::invalid_config, fmt::format("{}: client is not a table", file));
    const auto line = block->source().begin.line;
    for (const auto& [key, value] : *block)
      if (std::find(std::begin(kKeys), std::end(kKeys), key.str()) == std::end(kKeys))
        return make_error(Code::invalid_config, fmt::format("{}:{}: unknown key \"{}\"", file, line, key.str()));
    auto tool = tool_of(*block);
    if (tool.name.empty() || tool.title.empty() || tool.dialect.empty())
      return make_error(Code::invalid_config, fmt::format("{}:{}: name, title and dialect are needed", file, line));
    tools.push_back(std::move(tool));
  }
  return tools;
}

std::optional<std::string> find_toml_mistake(std::string_view text) {
  if (const auto flaw = find_toml_flaw(text)) {
    const auto line = std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(flaw->at), '\n') + 1;
    return fmt::format("line {}: {}", line, flaw->message);
  }
  const toml::parse_result parsed = toml::parse(text);
  if (parsed) return std::nullopt;
  return fmt::format("line {}: {}", parsed.error().source().begin.line, parsed.error().description());
}

const std::vector<ClientTool>& shipped_clients() {
  static const auto tools = read_clients(shipped("clients.toml"), "clients.toml").value();
  return tools;
}

}  // namespace pg
