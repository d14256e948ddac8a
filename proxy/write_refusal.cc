// Clients differ in what they retry and what they hide; the table behind these choices is measured on the real programs.
#include "proxy/write_refusal.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/wire/dialect.h"
#include "proxy/keep_limits.h"
#include "proxy/net/chunks.h"
#include "proxy/serve_mcp.h"

namespace pg {
namespace {

// Claude Code of this kind takes any 400 or 422 as "a beta was refused" and asks six times, taking betas off one by one; it shows
// a 451 once. Without experimental betas 422 does the same.
constexpr std::string_view kRetriedBetas[] = {"context-management-", "advanced-tool-use-", "mid-conversation-tool-changes-"};
constexpr int kUnavailableForLegalReasons = 451;

bool retries_422(const Exchange& x) {
  if (x.row.agent != "claude-code") return false;
  const std::string_view betas = x.head.find("anthropic-beta").value_or("");
  for (const std::string_view beta : kRetriedBetas)
    if (betas.find(beta) != std::string_view::npos) return true;
  return false;
}

// A stream that fails from the start is what Codex shows and does not ask again; Continue takes it for an empty answer.
bool shows_failed_stream(const Exchange& x) {
  return x.surface.dialect == DialectId::openai_responses && x.view.stream && x.row.agent != "continue";
}

// Asking again changes nothing.
bool is_final(Code code) {
  return code == Code::blocked || code == Code::too_many_tokens || code == Code::budget_exceeded;
}

int status_for(const Exchange& x, const Error& error) {
  if (is_final(error.code) && retries_422(x)) return kUnavailableForLegalReasons;
  return http_status(error.code);
}

bool ends_connection(Code code) {
  switch (code) {
    case Code::too_large:
    case Code::timeout:
    case Code::headers_too_large:
    case Code::uri_too_long:
    case Code::not_implemented:
    case Code::version_not_supported:
    case Code::expectation_failed:
    case Code::misdirected:
      return true;
    default:
      return false;
  }
}

std::string extra_fields(const Exchange& x, const Error& error) {
  switch (error.code) {
    case Code::blocked:
    case Code::too_many_tokens:
      return "x-should-retry: false\r\n";
    case Code::budget_exceeded:
      return x.budget_note.empty() ? "x-should-retry: false\r\n"
                                   : fmt::format("x-should-retry: false\r\nx-pg-budget: {}\r\n", x.budget_note);
    case Code::method_not_allowed:
      return fmt::format("Allow: {}\r\n", error.detail);
    case Code::upgrade_required:
      return "Upgrade: HTTP/1.1\r\n";
    case Code::unauthenticated:
      return "WWW-Authenticate: Bearer\r\nx-should-retry: false\r\n";
    case Code::unavailable:
    case Code::rate_limited:
      return fmt::format("Retry-After: {}\r\n", std::max(x.retry_after, 1u));
    default:
      return "";
  }
}

void note_in_row(Exchange& x, const Error& error, int status) {
  x.row.status = status;
  x.row.outcome = error.code == Code::blocked ? "blocked" : "error";
  x.row.error = fmt::format("{}: {}", code_name(error.code), error.message);
  // Over a rate the message says everything; the detail is a sign for ask_targets.
  if (!error.detail.empty() && error.detail != error.message && error.code != Code::blocked && !is_over_rate(error))
    x.row.error += fmt::format(" ({})", error.detail);
}

}  // namespace

std::string local_head(const Exchange& x, int status, std::string_view content_type, std::size_t size, std::string_view extra) {
  return fmt::format(
      "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nx-request-id: {}\r\nrequest-id: {}\r\nX-Content-Type-Options: "
      "nosniff\r\n{}{}\r\n",
      status, reason_phrase(status), content_type, size, x.row.id, x.row.id, extra, x.close_after ? "Connection: close\r\n" : "");
}

Task<void> write_refusal(Exchange& x, Error error) {
  const Millis stall = x.policy->limits.stall_timeout;
  if (x.head_sent) {
    note_in_row(x, error, x.row.status);
    x.close_after = true;
    if (!x.head_is_stream) co_return;  // a cut length is the only honest sign left
    std::string chunk;
    append_chunk(chunk, x.mcp != nullptr ? "event: message\ndata: " + mcp_refusal(x, error).message + "\n\n"
                                         : write_stream_error(x.surface.dialect, error, x.row.id, x.stream_sequence));
    chunk += kLastChunk;
    co_await x.client.write(piece_of(chunk), stall);
    co_return;
  }
  int status = status_for(x, error);
  std::string_view type = "application/json";
  std::string body;
  if (is_final(error.code) && shows_failed_stream(x)) {
    status = 200;
    type = "text/event-stream";
    body = write_refused_response_stream(error, x.row.id, x.view.model);
  } else if (x.surface.operation == Operation::mcp) {
    McpRefusal refusal = mcp_refusal(x, error);
    status = refusal.status;
    body = std::move(refusal.message);
  } else {
    body = write_error_body(x.surface.dialect, error, x.row.id);
  }
  note_in_row(x, error, x.mcp != nullptr && status == 200 ? http_status(error.code) : status);
  x.close_after = x.close_after || ends_connection(error.code) || !x.client.body_is_done() || !x.head.keep_alive;
  const std::string fields = extra_fields(x, error);
  const std::string head = local_head(x, status, type, body.size(), fields);
  const std::string_view sent_body = x.head.method == "HEAD" ? std::string_view() : std::string_view(body);
  x.head_sent = true;
  x.row.bytes_out = static_cast<std::int64_t>(sent_body.size());
  co_await x.client.write(piece_of(head), piece_of(sent_body), stall);
}

}  // namespace pg
