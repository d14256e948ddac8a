// kDialects, and how each of them says no: a whole reply, the end of a stream, a stream that is nothing but a refusal.
#include "core/wire/dialect.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <iterator>

#include "core/base/clock.h"
#include "core/base/encode.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/wire/error_details.h"
#include "core/wire/translate.h"

namespace pg {
namespace {

constexpr std::string_view kComment = ": ping\n\n";  // WHATWG HTML §9.2.6: lines that begin with a colon are ignored

constexpr Dialect kDialects[] = {
    {DialectId::anthropic, "anthropic", "/messages", "event: ping\ndata: {\"type\": \"ping\"}\n\n"},
    {DialectId::openai_chat, "openai-chat", "/chat/completions", kComment},
    {DialectId::openai_responses, "openai-responses", "/responses", kComment},
    {DialectId::embeddings, "embeddings", "/embeddings", kComment},
    {DialectId::gemini, "gemini", "", kComment},  // the path holds the model: gemini_path()
    {DialectId::cohere, "cohere", "/chat", kComment},
};

constexpr bool dialects_are_in_order() {
  for (std::size_t i = 0; i < std::size(kDialects); ++i) {
    if (kDialects[i].id != static_cast<DialectId>(i)) return false;
  }
  return true;
}
static_assert(dialects_are_in_order());

/// A JSON string of text that may have come from a client: never invalid UTF-8, which parsers of JSON refuse.
std::string safely_quoted(std::string_view text) {
  return is_utf8(text) ? json_quoted(text) : json_quoted(escape_controls(text));
}

std::string anthropic_error(const Error& error, std::string_view request_id) {
  const std::string details =
      error.detail == kThreadUnsupported ? fmt::format(R"(,"details":{{"error_code":"{}"}})", kThreadUnsupported) : "";
  return fmt::format(R"({{"type":"error","error":{{"type":"{}","message":{}{}}},"request_id":{}}})",
                     code_row(error.code).anthropic, safely_quoted(error.message), details, safely_quoted(request_id));
}

/// JSON: what a refused request's message begins with in backticks, up to its value, which is the parameter's name; else null.
std::string param_of(const Error& error) {
  const std::string_view message = error.message;
  if (error.code != Code::bad_request || !message.starts_with('`')) return "null";
  const std::size_t end = message.find_first_of("`: (", 1);
  return end == std::string_view::npos ? "null" : safely_quoted(message.substr(1, end - 1));
}

std::string openai_error(const Error& error) {
  const CodeRow& row = code_row(error.code);
  const bool says_more = error.detail == kUnknownUrl || error.detail == kNoProject;
  return fmt::format(R"({{"error":{{"message":{},"type":"{}","param":{},"code":"{}"}}}})", safely_quoted(error.message),
                     row.openai_type, param_of(error), says_more ? std::string_view(error.detail) : row.openai_code);
}

/// Of the codes that OpenAI Responses names for `response.error.code`, the nearest. Codex retries all but a few of them;
/// `invalid_prompt` is the one it shows at once, so everything that a retry cannot mend becomes that.
std::string_view response_error_code(Code code) {
  if (code == Code::rate_limited) return "rate_limit_exceeded";
  const int status = http_status(code);
  return status >= 400 && status < 500 && code != Code::timeout ? "invalid_prompt" : "server_error";
}

std::string response_error(const Error& error) {
  return fmt::format(R"({{"code":"{}","message":{}}})", response_error_code(error.code), safely_quoted(error.message));
}

/// A Response object with every field that OpenAI marks as required. `error` is JSON.
std::string refusing_response(std::string_view request_id, std::string_view model, std::string_view status,
                              std::string_view error) {
  return fmt::format(
      R"({{"id":{},"object":"response","created_at":{},"status":"{}","background":false,"error":{},"incomplete_details":null,)"
      R"("instructions":null,"max_output_tokens":null,"model":{},"output":[],"parallel_tool_calls":true,)"
      R"("previous_response_id":null,"reasoning":{{"effort":null,"summary":null}},"store":false,"temperature":null,)"
      R"("text":{{"format":{{"type":"text"}}}},"tool_choice":"auto","tools":[],"top_p":null,"truncation":"disabled",)"
      R"("usage":null,"user":null,"metadata":{{}}}})",
      safely_quoted(fmt::format("resp_{}", request_id)), SystemClock().wall() / 1000, status, error, safely_quoted(model));
}

std::string response_event(std::string_view type, std::uint64_t sequence, std::string_view response) {
  return fmt::format("event: {0}\ndata: {{\"type\":\"{0}\",\"sequence_number\":{1},\"response\":{2}}}\n\n", type, sequence,
                     response);
}

}  // namespace

std::span<const Dialect> dialects() {
  return kDialects;
}

std::span<const Dialect> client_dialects() {
  return std::span(kDialects).first(static_cast<std::size_t>(DialectId::embeddings) + 1);
}

const Dialect& dialect(DialectId id) {
  return kDialects[static_cast<std::size_t>(id)];
}

const Dialect* find_dialect(std::string_view name) {
  const auto* row = std::find_if(std::begin(kDialects), std::end(kDialects), [&](const Dialect& d) { return d.name == name; });
  return row == std::end(kDialects) ? nullptr : row;
}

std::string write_error_body(DialectId id, const Error& error, std::string_view request_id) {
  return id == DialectId::anthropic ? anthropic_error(error, request_id) : openai_error(error);
}

std::string write_stream_error(DialectId id, const Error& error, std::string_view request_id, std::uint64_t sequence) {
  switch (id) {
    case DialectId::anthropic:
      return "event: error\ndata: " + anthropic_error(error, request_id) + "\n\n";
    case DialectId::openai_responses:
      return response_event("response.failed", sequence, refusing_response(request_id, "", "failed", response_error(error)));
    case DialectId::openai_chat:
    case DialectId::embeddings:
    case DialectId::gemini:
    case DialectId::cohere:
      break;
  }
  return "data: " + openai_error(error) + "\n\n";
}

std::string write_refused_response_stream(const Error& error, std::string_view request_id, std::string_view model) {
  const std::string refusal = fmt::format(R"({{"code":"invalid_prompt","message":{}}})", safely_quoted(error.message));
  return response_event("response.created", 0, refusing_response(request_id, model, "in_progress", "null")) +
         response_event("response.failed", 1, refusing_response(request_id, model, "failed", refusal));
}

}  // namespace pg
