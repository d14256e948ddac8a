// JSON-RPC messages: what is one, whose it is, and that nothing of it changes on the way.
#include "core/mcp/rpc.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

namespace pg {
namespace {

int fault_of(std::string_view text) {
  RpcMessage message;
  const auto fault = message.read(text);
  return fault ? fault->code : 0;
}

}  // namespace

TEST_CASE("a message is a request, a notification, a result or an error") {
  const auto kind_of = [](std::string_view text) {
    RpcMessage message;
    REQUIRE(!message.read(text));
    return message.kind;
  };
  CHECK(kind_of(R"({"jsonrpc":"2.0","id":1,"method":"ping"})") == RpcKind::request);
  CHECK(kind_of(R"({"jsonrpc":"2.0","method":"notifications/initialized"})") == RpcKind::notification);
  CHECK(kind_of(R"({"jsonrpc":"2.0","id":"a","result":{}})") == RpcKind::result);
  CHECK(kind_of(R"({"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"no"}})") == RpcKind::error);
  CHECK(kind_of(R"({"jsonrpc":"2.0","error":{"code":-1,"message":"no"}})") == RpcKind::error);
}

TEST_CASE("the parts of a message keep their bytes") {
  const std::string text =
      R"( {"jsonrpc":"2.0", "id" : "a\u0062" ,"method":"tools/call","params":{ "n": 1.50, "big":12345678901234567890 } } )";
  RpcMessage message;
  REQUIRE(!message.read(text));
  CHECK(message.id == R"("a\u0062")");
  CHECK(message.method == "tools/call");
  CHECK(message.params.raw() == R"({ "n": 1.50, "big":12345678901234567890 })");
  CHECK(message.params["n"].raw() == "1.50");
}

TEST_CASE("what is no message is refused with the code that says how") {
  CHECK(fault_of("") == kRpcParse);
  CHECK(fault_of("{") == kRpcParse);
  CHECK(fault_of("{\"jsonrpc\":\"2.0\",\"method\":\"\xff\"}") == kRpcParse);
  CHECK(fault_of(std::string(100'000, '[')) == kRpcParse);
  CHECK(fault_of(R"([{"jsonrpc":"2.0","id":1,"method":"ping"}])") == kRpcInvalid);  // a batch
  CHECK(fault_of(R"("ping")") == kRpcInvalid);
  CHECK(fault_of(R"({"id":1,"method":"ping"})") == kRpcInvalid);
  CHECK(fault_of(R"({"jsonrpc":2.0,"id":1,"method":"ping"})") == kRpcInvalid);
  CHECK(fault_of(R"({"jsonrpc":"2.0","id":null,"method":"ping"})") == kRpcInvalid);
  CHECK(fault_of(R"({"jsonrpc":"2.0","id":1.5,"method":"ping"})") == kRpcInvalid);
  CHECK(fault_of(R"({"jsonrpc":"2.0","id":[1],"method":"ping"})") == kRpcInvalid);
  CHECK(fault_of(R"({"jsonrpc":"2.0","id":1,"method":7})") == kRpcInvalid);
  CHECK(fault_of(R"({"jsonrpc":"2.0","id":1,"method":"ping","params":[1]})") == kRpcInvalid);
  CHECK(fault_of(R"({"jsonrpc":"2.0","id":1})") == kRpcInvalid);
  CHECK(fault_of(R"({"jsonrpc":"2.0","result":{}})") == kRpcInvalid);
  CHECK(fault_of(R"({"jsonrpc":"2.0","id":")" + std::string(300, 'x') + R"(","method":"ping"})") == kRpcInvalid);
}

TEST_CASE("an id is known even of a message with a flaw, so that the answer reaches who asked") {
  RpcMessage message;
  CHECK(message.read(R"({"id":7,"method":"ping"})"));
  CHECK(message.id == "7");
}

TEST_CASE("only ids that we give out are ours") {
  CHECK(own_rpc_id("7") == 7u);
  for (const char* other : {"", "-1", "7.0", "\"7\"", "7 ", "99999999999999999999"}) CHECK_FALSE(own_rpc_id(other));
}

TEST_CASE("one line stays the same message, and ASCII that was spelled in escapes becomes plain") {
  const std::string text = "{\n\"a\" :\r\n [1,\t\"b\\nc\"]\n}";
  CHECK(one_line(text).find_first_of("\r\n") == std::string::npos);
  CHECK(nlohmann::json::parse(one_line(text)) == nlohmann::json::parse(text));
  CHECK(with_plain_ascii(R"("\u0074ok \u0022 \u005c \u00e9 \\u0074 \u000a \ud83d\ude00 \n")") ==
        R"("tok \u0022 \u005c \u00e9 \\u0074 \u000a \ud83d\ude00 \n")");
  for (const char* odd : {"", "\\", "\\u", "\\u00", "\\uzzzz", "a\\"}) CHECK(with_plain_ascii(odd) == odd);
}

TEST_CASE("what is written is JSON, and says what it should") {
  using Json = nlohmann::json;
  CHECK(Json::parse(write_rpc_request(3, "a\"b", "{\"x\":1}")) ==
        Json{{"jsonrpc", "2.0"}, {"id", 3}, {"method", "a\"b"}, {"params", {{"x", 1}}}});
  CHECK(Json::parse(write_rpc_notification("n", "{}")) == Json{{"jsonrpc", "2.0"}, {"method", "n"}, {"params", Json::object()}});
  CHECK(write_rpc_result("\"i\"", "{\"a\" : 1.0}") == R"({"jsonrpc":"2.0","id":"i","result":{"a" : 1.0}})");
  CHECK(Json::parse(write_rpc_error("", {-32700, "no \"JSON\"", {}})) ==
        Json{{"jsonrpc", "2.0"}, {"id", nullptr}, {"error", {{"code", -32700}, {"message", "no \"JSON\""}}}});
  const RpcFault fault = rpc_fault_of(make_error(Code::rate_limited, "too many"), "req-1");
  CHECK(fault.code == kRpcRefused);
  CHECK(Json::parse(fault.data) == Json{{"code", "rate_limited"}, {"request_id", "req-1"}});
}

}  // namespace pg
