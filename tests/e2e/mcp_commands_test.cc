// pg mcp and what other commands know of a project of type "mcp": with programs of a few lines, and a place where nobody is.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "tests/support/run_pg.h"

namespace pg::test {
namespace {

using Json = nlohmann::json;

/// An MCP server with that many tools, each of which is described in two lines, the first with an escape in it.
std::string small_server(int tools) {
  std::string list;
  for (int i = 0; i < tools; ++i)
    list += fmt::format(R"({}{{"name":"tool_{}","description":"Says \u001b[31m{}\nand more","inputSchema":{{"type":"object"}}}})",
                        i == 0 ? "" : ",", i, i);
  return fmt::format(R"(#!/bin/sh
echo "starting with $TOKEN" >&2
answer() {{ printf '{{"jsonrpc":"2.0","id":%s,"result":%s}}\n' "$id" "$1"; }}
while read -r line; do
  id=$(printf '%s\n' "$line" | sed -n 's/.*"id":\("[^"]*"\|[0-9]*\).*/\1/p')
  case "$line" in
    *'"initialize"'*)
      answer '{{"protocolVersion":"2025-06-18","capabilities":{{"tools":{{}}}},"serverInfo":{{"name":"small","version":"1.5"}}}}' ;;
    *'"tools/list"'*) answer '{{"tools":[{}]}}' ;;
    *'"id":'*) printf '{{"jsonrpc":"2.0","id":%s,"error":{{"code":-32601,"message":"no such method"}}}}\n' "$id" ;;
  esac
done
)",
                     list);
}

/// A project "tools" of type "mcp", whose server "files" is small_server().
struct McpHome {
  Home home;
  std::string script = (home.root() / "small.sh").string();

  explicit McpHome(std::string_view more = {}, int tools = 3) {
    home.set_env("TOKEN_OF_FILES", "files-credential-1");
    home.write(script, small_server(tools));
    REQUIRE(home.run({"init", "--config", home.config_file()}).status == 0);
    std::string text = "id = \"5b1f0c52-3d0e-4c3e-9a55-0a4f5f1f2b33\"\ntype = \"mcp\"\n[servers.files]\n";
    text += "command = [\"sh\", \"" + script + "\"]\nenv = { TOKEN = \"env:TOKEN_OF_FILES\" }\ndeny_tools = [\"tool_1\"]\n";
    home.write(home.project_file("tools"), text.append(more));
  }
};

const char* const kBadServers =
    "[servers.bad]\ncommand = [\"sh\", \"-c\", \"echo no licence for $TOKEN >&2; exit 3\"]\n"
    "env = { TOKEN = \"env:TOKEN_OF_FILES\" }\n"
    "[servers.lost]\ncommand = [\"sh\"]\nenv = { A = \"env:NOT_THERE\" }\n"
    "[servers.place]\nurl = \"http://127.0.0.1:9/mcp\"\n";

}  // namespace

TEST_CASE("mcp commands: servers are listed with what is wrong with them") {
  const McpHome m(kBadServers);
  const CommandResult list = m.home.run({"mcp", "list"});
  CHECK(list.status == 0);
  CHECK(says(list.out, "tools\tfiles\tprogram\tsh " + m.script + "\tall but tool_1\t–\n"));
  CHECK(says(list.out, "tools\tplace\thttp\thttp://127.0.0.1:9/mcp\tall\t–\n"));
  CHECK(says(list.out, "environment variable NOT_THERE is not set"));
  const Json rows = Json::parse(m.home.run({"mcp", "list", "--json", "-p", "tools"}).out);
  REQUIRE(rows.size() == 4);
  CHECK(rows[1].at("server") == "files");
  CHECK(rows[1].at("kind") == "program");
  CHECK(rows[1].at("credential") == "env:TOKEN_OF_FILES");
  CHECK(rows[1].at("ready") == true);
  CHECK(rows[2].at("ready") == false);
  const CommandResult none = m.home.run({"mcp", "list", "-p", "default"});
  CHECK(none.status == 0);
  CHECK(says(none.err, "no MCP servers"));
}

TEST_CASE("mcp commands: tools are listed as callers see them, without what could drive a terminal") {
  const McpHome m;
  const CommandResult tools = m.home.run({"mcp", "tools"});
  CAPTURE(tools.err);
  CHECK(tools.status == 0);
  CHECK(says(tools.out, "tools\tfiles__tool_0\tallowed\t"));
  CHECK(says(tools.out, "tools\tfiles__tool_1\tdenied\t"));
  CHECK(says(tools.out, "Says \\x1B[31m0\n"));
  CHECK_FALSE(says(tools.out, "and more"));
  CHECK(says(tools.err, "2 of 3 tools allowed, about "));
  CHECK_FALSE(says(tools.err, "Cursor"));
  const Json rows = Json::parse(m.home.run({"mcp", "tools", "files", "--json"}).out);
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].at("tool") == "files__tool_0");
  CHECK(rows[0].at("name") == "tool_0");
  CHECK(rows[1].at("allowed") == false);
  CHECK(rows[0].at("bytes").get<int>() > 60);
  CHECK(rows[0].at("tokens").get<int>() == (rows[0].at("bytes").get<int>() + 3) / 4);
}

TEST_CASE("mcp commands: more tools than clients take are warned of") {
  const auto warning = [](int tools) { return McpHome("", tools).home.run({"mcp", "tools", "-q"}).err; };
  CHECK(warning(41) == "");
  CHECK(says(warning(42), "41 tools of project tools are allowed: Cursor takes no more than 40"));
  CHECK(says(warning(130), "Copilot takes no more than 128, Cursor 40"));
}

TEST_CASE("mcp commands: a server is tried, and what failed is told without its credential") {
  const McpHome m(kBadServers);
  const CommandResult well = m.home.run({"mcp", "test", "files"});
  CAPTURE(well.err);
  CHECK(well.status == 0);
  CHECK(says(well.out, "ok\ttools\tfiles\t2025-06-18\t2 of 3 tools\t"));
  CHECK(says(well.out, "small 1.5\n"));
  const CommandResult all = m.home.run({"mcp", "test"});
  CHECK(all.status == 1);
  CHECK(says(all.out, "fail\ttools\tbad\t"));
  CHECK(says(all.out, "stderr: no licence for *"));
  CHECK(says(all.out, "A: environment variable NOT_THERE is not set"));
  CHECK(says(all.out, "ok\ttools\tfiles\t"));
  CHECK(says(all.out, "fail\ttools\tplace\t"));
  CHECK_FALSE(says(all.out + all.err, "files-credential-1"));
  const Json rows = Json::parse(m.home.run({"mcp", "test", "--json"}).out);
  REQUIRE(rows.size() == 4);
  CHECK(rows[0].at("verdict") == "fail");
  CHECK(rows[0].at("stderr").size() == 1);
  CHECK(rows[1].at("name") == "small");
  CHECK(rows[1].at("error").is_null());
  CHECK(m.home.run({"mcp", "tools", "place"}).status == 7);
}

TEST_CASE("mcp commands: a server that is not there, and settings that are wrong") {
  const McpHome m;
  const CommandResult near = m.home.run({"mcp", "test", "fils"});
  CHECK(near.status == 5);
  CHECK(says(near.err, "no MCP server named \"fils\", did you mean \"files\"?"));
  CHECK(m.home.run({"mcp", "tools", "nothing"}).status == 5);
  CHECK(m.home.run({"mcp", "test", "-p", "default"}).status == 5);
  m.home.write(m.home.config_file(), "nonsense = 1\n");
  CHECK(m.home.run({"mcp", "test"}).status == 3);
  CHECK(m.home.run({"mcp", "list"}).status == 3);
}

TEST_CASE("mcp commands: projects, keys and agents know the type") {
  const McpHome m;
  CHECK(m.home.run({"projects", "add", "more", "--type", "mcp"}).status == 0);
  CHECK(says(Home::read(m.home.project_file("more")), "#[servers.files]"));
  CHECK(m.home.run({"projects", "add", "odd", "--type", "mcp", "--provider", "echo"}).status == 2);
  CHECK(m.home.run({"config", "check"}).status == 0);
  CHECK(says(m.home.run({"projects", "list"}).out, "tools\tfiles\t"));
  CHECK(says(m.home.run({"projects", "show", "tools"}).out, "servers\tfiles\n"));
  CHECK(Json::parse(m.home.run({"projects", "show", "tools", "--json"}).out).at("servers") == Json::array({"files"}));
  CHECK(says(m.home.run({"keys", "add", "bot", "-p", "tools"}).err, "scopes mcp"));
  CHECK(says(m.home.run({"run", "-p", "tools", "claude-code"}).err, "is of type mcp"));
  CHECK(says(m.home.run({"config", "show", "projects.tools.servers"}).out, "projects.tools.servers.files.command"));
}

TEST_CASE("mcp commands: setup says what adds the servers to an agent, with a key that may use them") {
  const McpHome m;
  const CommandResult claude = m.home.run({"setup", "claude-code", "-p", "tools"});
  CHECK(claude.status == 0);
  CHECK(claude.out.starts_with("claude mcp add --transport http tools http://127.0.0.1:"));
  CHECK(says(claude.out, "/api/tools/mcp --header \"x-pg-key: pg_live_"));
  const Json codex = Json::parse(m.home.run({"setup", "codex", "-p", "tools", "--json"}).out);
  CHECK(says(codex.at("text"), "[mcp_servers.tools]"));
  CHECK(says(codex.at("text"), codex.at("key").get<std::string>()));
  for (const auto& row : Json::parse(m.home.run({"keys", "list", "--json"}).out))
    if (says(row.at("name"), "-mcp")) CHECK(row.at("scopes") == Json::array({"mcp"}));
  CHECK(says(m.home.run({"setup", "cursor", "-p", "tools"}).out, "mcpServers"));
  const CommandResult aider = m.home.run({"setup", "aider", "-p", "tools"});
  CHECK(aider.status != 0);
  CHECK(says(aider.err, "/api/tools/mcp and the header x-pg-key"));
  CHECK(m.home.run({"setup", "codex", "-p", "tools", "--write"}).status == 2);
}

}  // namespace pg::test
