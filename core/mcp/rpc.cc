// Reading is strict about what decides whom an answer belongs to, and about nothing else.
#include "core/mcp/rpc.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "core/base/ascii.h"
#include "core/base/encode.h"
#include "core/wire/json_out.h"

namespace pg {
namespace {

constexpr std::size_t kLongestId = 256, kLongestMethod = 128;

bool is_integer(std::string_view raw) {
  if (raw.starts_with('-')) raw.remove_prefix(1);
  return !raw.empty() && std::all_of(raw.begin(), raw.end(), is_digit);
}

bool is_usable_id(JsonView id) {
  if (id.raw().size() > kLongestId) return false;
  return id.is_string() || (id.is_number() && is_integer(id.raw()));
}

RpcFault invalid(std::string message) {
  return {kRpcInvalid, std::move(message), {}};
}

int rpc_code_of(Code code) {
  switch (code) {
    case Code::bad_request:
    case Code::forbidden:
    case Code::not_found:
      return kRpcParams;
    case Code::internal:
    case Code::upstream_failed:
    case Code::upstream_timeout:
      return kRpcInternal;
    default:
      return kRpcRefused;
  }
}

}  // namespace

std::optional<RpcFault> RpcMessage::read(std::string_view text) {
  if (const Status parsed = doc_.parse(text); !parsed) return RpcFault{kRpcParse, parsed.error().message, {}};
  const JsonView root = doc_.root();
  if (root.is_array()) return invalid("batches are not part of MCP any more: one message a request");
  if (!root.is_object()) return invalid("a message is a JSON object");
  const JsonView given_id = root["id"], name = root["method"];
  if (given_id && is_usable_id(given_id)) id = given_id.raw();
  if (!root["jsonrpc"].text_is("2.0")) return invalid("jsonrpc must be \"2.0\"");
  if (given_id && id.empty()) return invalid("id must be a string or an integer");
  params = root["params"];
  result = root["result"];
  error = root["error"];
  if (name) {
    if (!name.is_string() || name.raw().size() > kLongestMethod) return invalid("method must be a short string");
    method = name.text();
    kind = given_id ? RpcKind::request : RpcKind::notification;
    if (params && !params.is_object()) return invalid("params must be an object");
    return std::nullopt;
  }
  if (!result && !error) return invalid("a message has a method, a result or an error");
  kind = error ? RpcKind::error : RpcKind::result;
  if (kind == RpcKind::result && id.empty()) return invalid("a result has an id");
  return std::nullopt;
}

std::optional<std::uint64_t> own_rpc_id(std::string_view id) {
  std::uint64_t number = 0;
  const auto [end, failed] = std::from_chars(id.data(), id.data() + id.size(), number);
  if (failed != std::errc() || end != id.data() + id.size()) return std::nullopt;
  return number;
}

std::string write_rpc_request(std::uint64_t id, std::string_view method, std::string_view params) {
  return fmt::format(R"({{"jsonrpc":"2.0","id":{},"method":{},"params":{}}})", id, json_quoted(method), params);
}

std::string write_rpc_notification(std::string_view method, std::string_view params) {
  return fmt::format(R"({{"jsonrpc":"2.0","method":{},"params":{}}})", json_quoted(method), params);
}

std::string write_rpc_result(std::string_view id, std::string_view result) {
  std::string out;
  out.reserve(result.size() + id.size() + 40);
  out.append(R"({"jsonrpc":"2.0","id":)").append(id).append(R"(,"result":)").append(result).append("}");
  return out;
}

std::string write_rpc_error(std::string_view id, const RpcFault& fault) {
  std::string out;
  JsonOut json(out);
  json.open_object().field("jsonrpc", "2.0").raw("id", id.empty() ? "null" : id).open_object("error");
  json.field("code", std::int64_t{fault.code}).field("message", fault.message).raw_if("data", fault.data);
  json.close_object().close_object();
  return out;
}

std::string one_line(std::string json) {
  std::replace_if(
      json.begin(), json.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return json;
}

std::string with_plain_ascii(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  for (std::size_t at = 0; at < json.size();) {
    const std::size_t slash = std::min(json.find('\\', at), json.size());
    out.append(json.substr(at, slash - at));
    if (slash == json.size()) break;
    const std::string_view escape = json.substr(slash, json.substr(slash).starts_with("\\u") ? 6 : 2);
    unsigned code = 0;
    const char* const end = escape.data() + escape.size();
    const bool is_hex = escape.size() == 6 && std::from_chars(escape.data() + 2, end, code, 16).ptr == end;
    if (is_hex && code >= 0x20 && code < 0x7f && code != '"' && code != '\\')
      out += static_cast<char>(code);
    else
      out.append(escape);
    at = slash + escape.size();
  }
  return out;
}

RpcFault rpc_fault_of(const Error& error, std::string_view request_id) {
  RpcFault fault{rpc_code_of(error.code), error.message, {}};
  JsonOut json(fault.data);
  json.open_object().field("code", code_name(error.code)).field("request_id", request_id).close_object();
  return fault;
}

}  // namespace pg
