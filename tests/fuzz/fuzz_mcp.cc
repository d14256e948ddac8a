// Messages of MCP clients and servers: what is taken for one is one, and what is written of it is JSON that says the same.
#include "core/mcp/answers.h"
#include "core/mcp/names.h"
#include "core/mcp/revision.h"
#include "core/mcp/rpc.h"
#include "tests/fuzz/harness.h"

namespace pg {
namespace {

bool is_whole_json(std::string_view text) {
  JsonDoc doc;
  return doc.parse(text).has_value();
}

void read_mcp_message(std::string_view text) {
  RpcMessage message;
  const auto fault = message.read(text);
  expect(message.id.empty() || is_whole_json(message.id));
  if (fault) {
    expect(is_whole_json(write_rpc_error(message.id, *fault)));
    return;
  }
  RequestHead head;
  const McpEraFound found = find_era(head, message);
  if (found.fault) expect(is_whole_json(write_rpc_error(message.id, *found.fault)));
  if (message.kind != RpcKind::result) return;
  // What goes back to a caller is the same result under the caller's id.
  const std::string again = write_rpc_result("\"x\"", message.result.raw());
  RpcMessage other;
  expect(!other.read(again) && other.id == "\"x\"" && other.result.raw() == message.result.raw());
}

void read_mcp_result(std::string_view text) {
  const std::string shown = with_shown_uris(text, "server");
  const bool was_json = is_whole_json(text);
  expect(is_whole_json(shown) == was_json);
  for (const ResultKind kind : {ResultKind::plain, ResultKind::kept}) {
    const std::string settled = with_stateless_facts(text, kind);
    expect(is_whole_json(settled) == was_json);
    expect(with_stateless_facts(settled, kind) == settled);
  }
  JsonDoc doc;
  if (!doc.parse(text)) return;
  McpServer server;
  server.name = "server";
  for (const McpList list : kMcpLists) {
    std::vector<McpItem> items;
    read_list(list, doc.root(), items);
    const McpListed listed{&server, &items};
    for (const bool is_shown : {true, false}) {
      const Result<std::string> page = write_list_result(list, {&listed, 1}, is_shown, "");
      expect(page.has_value() && is_whole_json(page.value()));
    }
  }
}

void read_mcp_names(std::string_view text) {
  const std::string shown = shown_name("server", text);
  expect(shown.size() <= 64 && shown.find_first_of("\r\n \"") == std::string::npos);
  const auto split = split_shown_name(shown);
  expect(split && split->first == "server");
  const std::string uri = shown_uri("server", text);
  if (const auto back = split_shown_uri(uri)) expect(back->first == "server" && back->second == text);
  const std::string field = write_mcp_header(text);
  expect(field.find_first_of("\r\n") == std::string::npos);
  expect(read_mcp_header(field) == text);
  (void)read_mcp_header(text);
  (void)own_rpc_id(text);
}

}  // namespace
}  // namespace pg

int fuzz_mcp_one(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (size > 65'536) return 0;
  pg::read_mcp_message(text);
  pg::read_mcp_result(text);
  pg::read_mcp_names(text);
  return 0;
}

#ifndef PG_FUZZ_REPLAY
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz_mcp_one(data, size);
}
#endif
