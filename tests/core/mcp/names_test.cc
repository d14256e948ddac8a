// Names of many servers in one list, and back.
#include "core/mcp/names.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "core/mcp/answers.h"

namespace pg {
namespace {

using Json = nlohmann::json;

McpServer server_named(std::string name) {
  McpServer server;
  server.name = std::move(name);
  return server;
}

std::vector<McpItem> items_of(McpList list, std::string_view json) {
  JsonDoc doc;
  REQUIRE(doc.parse(json).has_value());
  std::vector<McpItem> items;
  read_list(list, doc.root(), items);
  return items;
}

}  // namespace

TEST_CASE("a shown name is one that every model and client takes") {
  CHECK(shown_name("github", "search_code") == "github__search_code");
  std::set<std::string> seen;
  for (const std::string& name : {std::string("a.b"), std::string("a b"), std::string("a/b"), std::string("ü"),
                                  std::string(100, 'x'), std::string(101, 'x'), std::string("\x1b[31m"), std::string("a__b")}) {
    const std::string shown = shown_name("files", name);
    CAPTURE(shown);
    CHECK(shown.size() <= 64);
    CHECK(shown.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == std::string::npos);
    CHECK(seen.insert(shown).second);
    const auto split = split_shown_name(shown);
    REQUIRE(split);
    CHECK(split->first == "files");
    const McpServer server = server_named("files");
    const std::vector<McpItem> items = {{"other", "{}"}, {name, "{}"}};
    CHECK(own_name({&server, &items}, shown, true) == name);
    CHECK(own_name({&server, &items}, name, false) == name);
  }
  CHECK_FALSE(split_shown_name("plain"));
  CHECK_FALSE(split_shown_name("__x"));
}

TEST_CASE("the address of a resource is put behind its server's name, and found again") {
  CHECK(shown_uri("files", "file:///a+b") == "files+file:///a+b");
  CHECK(split_shown_uri("files+file:///a+b") == std::pair<std::string_view, std::string_view>("files", "file:///a+b"));
  CHECK_FALSE(split_shown_uri("file:///a+b"));
  CHECK_FALSE(split_shown_uri("+file:///"));
}

TEST_CASE("what is no item of a list is left out") {
  const auto items =
      items_of(McpList::tools, R"({"tools":[{"name":"a","x":1.0},{"name":""},{"name":7},{},"b",null,{"name":"c"}]})");
  REQUIRE(items.size() == 2);
  CHECK(items[0].json == R"({"name":"a","x":1.0})");
  CHECK(items[1].name == "c");
  CHECK(items_of(McpList::templates, R"({"resourceTemplates":[{"uriTemplate":"x:{y}"}]})").size() == 1);
  CHECK(items_of(McpList::tools, R"({"tools":{"name":"a"}})").empty());
}

TEST_CASE("deny is above allow, and both are said in the server's own words") {
  McpServer server = server_named("s");
  CHECK(is_tool_allowed(server, "anything"));
  server.tools = {"read_*"};
  server.deny_tools = {"*_secret"};
  CHECK(is_tool_allowed(server, "read_file"));
  CHECK_FALSE(is_tool_allowed(server, "read_secret"));
  CHECK_FALSE(is_tool_allowed(server, "write_file"));
}

TEST_CASE("a list of many servers: shown names, nothing denied, each once, every other byte as it came") {
  McpServer files = server_named("files"), web = server_named("web");
  web.deny_tools = {"post"};
  const auto of_files = items_of(McpList::tools, R"({"tools":[{"name":"read","inputSchema":{"n": 1.50}},{"name":"read"}]})");
  const auto of_web = items_of(McpList::tools, R"({"tools":[{"description":"\u0041","name":"get"},{"name":"post"}]})");
  const std::vector<McpListed> all = {{&files, &of_files}, {&web, &of_web}};
  const Result<std::string> shown = write_list_result(McpList::tools, all, true, "");
  REQUIRE(shown.has_value());
  CHECK(shown.value() ==
        R"({"tools":[{"name":"files__read","inputSchema":{"n": 1.50}},{"description":"\u0041","name":"web__get"}]})");
  const std::vector<McpListed> one = {{&web, &of_web}};
  CHECK(write_list_result(McpList::tools, one, false, "").value() == R"({"tools":[{"description":"\u0041","name":"get"}]})");
}

TEST_CASE("a long list comes in pages that miss nothing and repeat nothing") {
  McpServer server = server_named("s");
  std::vector<McpItem> items;
  for (int i = 0; i < 2'500; ++i) items.push_back({"t" + std::to_string(i), R"({"name":"t)" + std::to_string(i) + "\"}"});
  const std::vector<McpListed> all = {{&server, &items}};
  std::string cursor;
  std::vector<std::string> names;
  do {
    const Json page = Json::parse(write_list_result(McpList::tools, all, true, cursor).value());
    for (const Json& tool : page["tools"]) names.push_back(tool["name"]);
    cursor = page.value("nextCursor", "");
    REQUIRE(names.size() <= items.size());
  } while (!cursor.empty());
  REQUIRE(names.size() == items.size());
  CHECK(names.front() == "s__t0");
  CHECK(names.back() == "s__t2499");
  for (const char* foreign : {"x", "p", "p7", "p-1000", "p99999999999999999999999", "1000"})
    CHECK_FALSE(write_list_result(McpList::tools, all, true, foreign).has_value());
}

TEST_CASE("addresses in a result can be read through the gateway") {
  const std::string result =
      R"({"content":[{"type":"text","text":"file:///x"},{"type":"resource_link","uri":"file:///a","name":"a"},)"
      R"({"type":"resource","resource":{"uri":"file:///b","text":"uri"}}]})";
  const Json shown = Json::parse(with_shown_uris(result, "files"));
  CHECK(shown["content"][0]["text"] == "file:///x");
  CHECK(shown["content"][1]["uri"] == "files+file:///a");
  CHECK(shown["content"][2]["resource"]["uri"] == "files+file:///b");
  CHECK(Json::parse(with_shown_uris(R"({"contents":[{"uri":"x:1","text":""}]})", "s"))["contents"][0]["uri"] == "s+x:1");
  CHECK(with_shown_uris("{}", "s") == "{}");
  CHECK(with_shown_uris("no JSON", "s") == "no JSON");
}

TEST_CASE("a result says what 2026-07-28 wants of it, once") {
  CHECK(Json::parse(with_stateless_facts("{}", ResultKind::plain)) == Json{{"resultType", "complete"}});
  const Json kept = Json::parse(with_stateless_facts(R"({"tools":[]})", ResultKind::kept));
  CHECK(kept == Json{{"resultType", "complete"}, {"ttlMs", kListTtlMs}, {"cacheScope", "private"}, {"tools", Json::array()}});
  const std::string own = R"({"resultType":"input_required","inputRequests":{},"requestState":"a\u0062"})";
  CHECK(with_stateless_facts(own, ResultKind::plain) == own);
}

TEST_CASE("pg introduces itself in both ways") {
  const std::vector<std::string> servers = {"files", "web"};
  const Json result = Json::parse(write_initialize_result("2025-06-18", servers));
  CHECK(result["protocolVersion"] == "2025-06-18");
  CHECK(result["serverInfo"]["name"] == "promptgate");
  CHECK(result["capabilities"].contains("tools"));
  CHECK(result["instructions"].get<std::string>().find("files, web") != std::string::npos);
  const Json discovered = Json::parse(write_discover_result(servers));
  CHECK(discovered["supportedVersions"][0] == "2026-07-28");
  CHECK(Json::parse(write_tool_refusal("no \"x\""))["isError"] == true);
}

}  // namespace pg
