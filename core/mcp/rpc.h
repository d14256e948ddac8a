// JSON-RPC 2.0 messages as MCP has them: no batches, no id of null. What is not understood keeps its bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/error.h"
#include "core/wire/json_doc.h"

namespace pg {

/// Error codes of JSON-RPC and MCP.
inline constexpr int kRpcParse = -32700, kRpcInvalid = -32600, kRpcNoMethod = -32601, kRpcParams = -32602, kRpcInternal = -32603;
inline constexpr int kRpcRefused = -32000;      // by pg: limits, guards, an unknown key
inline constexpr int kRpcHeaders = -32020;      // MCP 2026-07-28: head and body disagree
inline constexpr int kRpcBadRevision = -32022;  // MCP 2026-07-28: a revision that we do not speak
inline constexpr int kRpcCanceled = -32800;     // the caller has withdrawn the request

struct RpcFault {
  int code = kRpcInvalid;
  std::string message;
  std::string data;  // JSON, or ""
};

enum class RpcKind : std::uint8_t { request, notification, result, error };

/// One message. The text outlives it; it is neither copied nor moved, since views point into it.
class RpcMessage {
 public:
  RpcMessage() = default;
  RpcMessage(const RpcMessage&) = delete;
  RpcMessage& operator=(const RpcMessage&) = delete;

  /// What is wrong with `text`, or nullopt. `id` is there even then, when it could be read.
  std::optional<RpcFault> read(std::string_view text);

  RpcKind kind = RpcKind::notification;
  std::string_view id;  // raw: a string with its quotes, or an integer; "" = none
  std::string method;
  JsonView params, result, error;

 private:
  JsonDoc doc_;
};

/// The number that `id` is, as we give them out; nullopt for others'.
std::optional<std::uint64_t> own_rpc_id(std::string_view id);

std::string write_rpc_request(std::uint64_t id, std::string_view method, std::string_view params);
std::string write_rpc_notification(std::string_view method, std::string_view params);
std::string write_rpc_result(std::string_view id, std::string_view result);
/// `id` "" = null.
std::string write_rpc_error(std::string_view id, const RpcFault& fault);

/// The same message without line breaks: one line is one message over stdin, and one data line of an event. JSON has them outside
/// of strings alone.
std::string one_line(std::string json);

/// The same JSON with printable ASCII as itself where it was spelled \\u00XX: what is looked for is found however it is written.
std::string with_plain_ascii(std::string_view json);

/// An error of pg's as a fault; `request_id` for whoever asks about it.
RpcFault rpc_fault_of(const Error& error, std::string_view request_id);

}  // namespace pg
