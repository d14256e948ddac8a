// Errors, from each vendor's words to each client's: HTTP status is the common tongue.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>
#include <string>

#include "core/base/text.h"
#include "core/wire/json_out.h"
#include "core/wire/reply.h"

namespace pg {
namespace {

struct FaultRow {
  int status;
  std::string_view anthropic;
  std::string_view openai_type;
  std::string_view openai_code;
  std::string_view gemini;
};

// protocols: Errors. The first row of a status is what is written for it; later ones are only read.
constexpr FaultRow kFaults[] = {
    {400, "invalid_request_error", "invalid_request_error", "invalid_request", "INVALID_ARGUMENT"},
    {400, "", "", "context_length_exceeded", "FAILED_PRECONDITION"},
    {401, "authentication_error", "authentication_error", "invalid_api_key", "UNAUTHENTICATED"},
    {402, "billing_error", "insufficient_quota", "insufficient_quota", ""},
    {403, "permission_error", "permission_error", "permission_denied", "PERMISSION_DENIED"},
    {404, "not_found_error", "invalid_request_error", "model_not_found", "NOT_FOUND"},
    {413, "request_too_large", "invalid_request_error", "request_too_large", ""},
    {429, "rate_limit_error", "rate_limit_error", "rate_limit_exceeded", "RESOURCE_EXHAUSTED"},
    {429, "", "tokens", "", ""},
    {429, "", "requests", "", ""},
    {500, "api_error", "server_error", "server_error", "INTERNAL"},
    {503, "overloaded_error", "server_error", "server_is_overloaded", "UNAVAILABLE"},
    {504, "timeout_error", "server_error", "timeout", "DEADLINE_EXCEEDED"},
    {529, "overloaded_error", "server_error", "server_is_overloaded", "UNAVAILABLE"},
};

const FaultRow& row_of_status(int status) {
  const FaultRow* general = nullptr;
  for (const FaultRow& row : kFaults) {
    if (row.status == status) return row;
    if (row.status == (status >= 500 ? 500 : 400) && general == nullptr) general = &row;
  }
  return *general;
}

/// A status for an error that came without one.
int status_of_words(std::string_view type, std::string_view code) {
  for (const std::string_view word : {code, type}) {
    if (word.empty()) continue;
    if (word == "overloaded_error") return 529;
    if (word == "insufficient_quota") return 429;
    for (const FaultRow& row : kFaults) {
      if (word == row.openai_code || word == row.anthropic || word == row.openai_type || word == row.gemini) return row.status;
    }
    if (word == "invalid_prompt") return 400;
  }
  return 502;
}

std::string text_or_number(JsonView value) {
  return value.is_string() ? value.text() : value.is_number() ? std::string(value.raw()) : std::string();
}

/// "37s" or "3.5s", as google.rpc.RetryInfo has it, in whole seconds, rounded up; -1 for anything else.
std::int64_t read_delay(const std::string& text) {
  double seconds = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  const bool whole = fault == std::errc() && end + 1 == text.data() + text.size() && *end == 's';
  return whole && seconds >= 0 && seconds <= 86'400 ? static_cast<std::int64_t>(std::ceil(seconds)) : -1;
}

constexpr std::size_t kMostDetails = 16;

/// {"loc":["body","stream_options"],"msg":"Extra inputs are not permitted"}: both, where the place says more than where all is.
std::string read_flaw(JsonView flaw) {
  std::string place;
  for (JsonView step : flaw["loc"]) {
    const std::string word = text_or_number(step);
    if (!word.empty() && word != "body") place += (place.empty() ? "" : ".") + word;
  }
  const std::string said = flaw["msg"].text();
  return said.empty() || place.empty() ? said : place + ": " + said;
}

// FastAPI's way, which many servers that are merely compatible have: "detail" is a text, or a list of {loc, msg}. Mistral has the
// same inside of "message".
std::string read_detail(JsonView detail) {
  if (detail.is_object()) detail = detail["detail"];
  if (!detail.is_array()) return detail.text();
  std::string text;
  std::size_t count = 0;
  for (JsonView one : detail) {
    const std::string said = read_flaw(one);
    if (!said.empty() && ++count <= kMostDetails) text += (text.empty() ? "" : "; ") + said;
  }
  return text;
}

/// Whether the words say that the conversation is too long for the model, for which OpenAI alone has a code; Codex compacts on
/// it.
bool is_too_long(std::string_view message) {
  constexpr std::string_view kWords[] = {"prompt is too long", "exceed context limit", "maximum context length",
                                         "exceeds the maximum number of tokens allowed"};
  return std::any_of(std::begin(kWords), std::end(kWords),
                     [message](std::string_view words) { return message.find(words) != std::string_view::npos; });
}

std::int64_t read_gemini_delay(JsonView details) {
  for (JsonView detail : details)
    if (detail["retryDelay"].is_string()) return read_delay(detail["retryDelay"].text());
  return -1;
}

}  // namespace

ReplyFault read_fault(Wire wire, JsonView root, int status) {
  // A list holding one error is how Gemini answers a stream that was asked for without alt=sse.
  if (root.is_array()) root = root.first();
  const JsonView response = root["response"]["error"];
  const JsonView error = response.is_object() ? response : root["error"].given() ? root["error"] : root;
  ReplyFault fault;
  fault.message = error.is_string() ? error.text() : text_or_number(error["message"]);
  for (const char* place : {"message", "detail"})
    if (fault.message.empty() && error.is_object()) fault.message = read_detail(error[place]);
  const std::string type = wire == Wire::gemini ? text_or_number(error["status"]) : text_or_number(error["type"]);
  const std::string code = text_or_number(error["code"]);
  const bool number = error["code"].is_number();
  if (!number && wire != Wire::anthropic) fault.code = code;
  fault.status = status >= 400 ? status : 0;
  if (fault.status == 0 && number) fault.status = static_cast<int>(error["code"].number(0));
  if (fault.status < 400 || fault.status > 599) fault.status = status_of_words(type, number ? "" : code);
  const bool is_error = status >= 400 || response.given() || root["error"].given() || !type.empty() || !code.empty();
  if (fault.message.empty())
    fault.message = is_error ? "the provider answered with an error" : "the provider's reply holds no answer";
  if (fault.code.empty() && (fault.status == 400 || fault.status == 413) && is_too_long(fault.message))
    fault.code = "context_length_exceeded";
  if (wire == Wire::gemini) fault.retry_after = read_gemini_delay(error["details"]);
  return fault;
}

ReplyFault read_fault_body(Wire wire, std::string_view body, int status) {
  JsonDoc doc;
  if (doc.parse(body) && (doc.root().is_object() || doc.root().is_array())) return read_fault(wire, doc.root(), status);
  const std::string_view text = trim(body).substr(0, 500);
  const bool words = !text.empty() && text.front() != '<' && is_utf8(text);
  return {status, "", words ? std::string(text) : "the provider answered " + std::to_string(status)};
}

std::string write_fault(Wire wire, const ReplyFault& fault) {
  const FaultRow& row = row_of_status(client_status(wire, fault.status));
  std::string out;
  JsonOut json(out);
  json.open_object();
  if (wire == Wire::anthropic) {
    json.field("type", row.anthropic).field("message", fault.message);
  } else {
    json.field("message", fault.message).field("type", row.openai_type).null("param");
    json.field("code", fault.code.empty() ? row.openai_code : std::string_view(fault.code));
  }
  json.close_object();
  return out;
}

std::string_view response_fault_code(const ReplyFault& fault) {
  if (!fault.code.empty()) return fault.code;
  if (fault.status == 429) return "rate_limit_exceeded";
  return fault.status < 500 && fault.status != 408 ? "invalid_prompt" : "server_error";
}

int client_status(Wire wire, int status) {
  if (wire == Wire::anthropic) return status == 503 ? 529 : status;
  return status == 529 ? 503 : status;
}

}  // namespace pg
