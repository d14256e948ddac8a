// Which revision a request is of, and that head and body must agree.
#include "core/mcp/revision.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

namespace pg {
namespace {

constexpr std::string_view kCall =
    R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"files__read","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}})";

McpEraFound find(std::string_view text, FieldList fields) {
  RpcMessage message;
  REQUIRE(!message.read(text));
  RequestHead head;
  head.fields = std::move(fields);
  return find_era(head, message);
}

int code_of(const McpEraFound& found) {
  return found.fault ? found.fault->code : 0;
}

}  // namespace

TEST_CASE("a client of the years before says nothing, or the revision that was agreed on") {
  const std::string_view ping = R"({"jsonrpc":"2.0","id":1,"method":"ping"})";
  CHECK(find(ping, {}).era == McpEra::sessions);
  for (const std::string_view revision : kSessionRevisions) {
    const McpEraFound found = find(ping, {{"MCP-Protocol-Version", revision}});
    CHECK(found.era == McpEra::sessions);
    CHECK(code_of(found) == 0);
  }
  CHECK(code_of(find(ping, {{"MCP-Protocol-Version", "1999-01-01"}})) == kRpcBadRevision);
  // initialize may name any: it is what settles on one.
  CHECK(code_of(find(R"({"jsonrpc":"2.0","id":1,"method":"initialize"})", {{"MCP-Protocol-Version", "2031-01-01"}})) == 0);
}

TEST_CASE("a request without a session says everything twice, and the same") {
  const FieldList good = {{"MCP-Protocol-Version", "2026-07-28"}, {"Mcp-Method", "tools/call"}, {"Mcp-Name", "files__read"}};
  CHECK(find(kCall, good).era == McpEra::stateless);
  CHECK(code_of(find(kCall, good)) == 0);
  CHECK(code_of(find(kCall, {{"Mcp-Method", "tools/call"}, {"Mcp-Name", "files__read"}})) == kRpcHeaders);
  CHECK(
      code_of(find(kCall, {{"MCP-Protocol-Version", "2025-11-25"}, {"Mcp-Method", "tools/call"}, {"Mcp-Name", "files__read"}})) ==
      kRpcHeaders);
  CHECK(code_of(find(kCall, {{"MCP-Protocol-Version", "2026-07-28"}, {"Mcp-Name", "files__read"}})) == kRpcHeaders);
  CHECK(
      code_of(find(kCall, {{"MCP-Protocol-Version", "2026-07-28"}, {"Mcp-Method", "tools/list"}, {"Mcp-Name", "files__read"}})) ==
      kRpcHeaders);
  CHECK(code_of(find(kCall, {{"MCP-Protocol-Version", "2026-07-28"}, {"Mcp-Method", "tools/call"}})) == kRpcHeaders);
  CHECK(code_of(find(kCall, {{"MCP-Protocol-Version", "2026-07-28"}, {"Mcp-Method", "tools/call"}, {"Mcp-Name", "other"}})) ==
        kRpcHeaders);
  // Of two that differ, something in between may have read the other.
  CHECK(code_of(find(kCall, {{"MCP-Protocol-Version", "2026-07-28"},
                             {"Mcp-Method", "tools/call"},
                             {"mcp-method", "tools/list"},
                             {"Mcp-Name", "files__read"}})) == kRpcHeaders);
  // A name as a header may have to spell it.
  CHECK(code_of(find(kCall, {{"MCP-Protocol-Version", "2026-07-28"},
                             {"Mcp-Method", "tools/call"},
                             {"Mcp-Name", "=?base64?ZmlsZXNfX3JlYWQ=?="}})) == 0);
}

TEST_CASE("a revision nobody speaks is answered with those that are spoken") {
  const McpEraFound found = find(
      R"({"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2030-01-01"}}})",
      {{"MCP-Protocol-Version", "2030-01-01"}});
  REQUIRE(code_of(found) == kRpcBadRevision);
  const auto data = nlohmann::json::parse(found.fault->data);
  CHECK(data["requested"] == "2030-01-01");
  CHECK(data["supported"][0] == "2026-07-28");
  CHECK(data["supported"].size() == 1 + kSessionRevisions.size());
}

TEST_CASE("initialize is answered with what was asked for, or with our newest") {
  CHECK(settle_revision("2025-03-26") == "2025-03-26");
  CHECK(settle_revision("2031-01-01") == kSessionRevisions.front());
  CHECK(settle_revision(kStatelessRevision) == kSessionRevisions.front());
}

TEST_CASE("names go through headers and back") {
  for (const std::string name : {"plain", "with space inside", " at the edge", "Grüße", "a\r\nX: 1", "=?base64?eA==?=", ""})
    CHECK(read_mcp_header(write_mcp_header(name)) == name);
  CHECK(write_mcp_header("a\nb").find('\n') == std::string::npos);
  CHECK_FALSE(read_mcp_header("=?base64?***?="));
}

}  // namespace pg
