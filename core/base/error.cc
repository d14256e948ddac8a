// kCodes: the rows of error.h, in the order of Code.
#include "core/base/error.h"

#include <array>
#include <cstddef>
#include <utility>

namespace pg {
namespace {

constexpr std::string_view kInvalid = "invalid_request_error";  // both vendors spell it so
constexpr std::string_view kAuthentication = "authentication_error";
constexpr std::string_view kPermission = "permission_error";
constexpr std::string_view kApi = "api_error";        // Anthropic's 5xx
constexpr std::string_view kServer = "server_error";  // OpenAI's 5xx

constexpr std::array kCodes = {
    CodeRow{Code::bad_request, 400, "bad_request", kInvalid, kInvalid, "bad_request"},
    CodeRow{Code::unauthenticated, 401, "unauthenticated", kAuthentication, kAuthentication, "invalid_api_key"},
    CodeRow{Code::forbidden, 403, "forbidden", kPermission, kPermission, "forbidden"},
    CodeRow{Code::host_not_allowed, 403, "host_not_allowed", kPermission, kPermission, "host_not_allowed"},
    CodeRow{Code::not_found, 404, "not_found", "not_found_error", kInvalid, "model_not_found"},
    CodeRow{Code::method_not_allowed, 405, "method_not_allowed", kInvalid, kInvalid, "method_not_allowed"},
    CodeRow{Code::timeout, 408, "timeout", kInvalid, kInvalid, "timeout"},
    CodeRow{Code::conflict, 409, "conflict", kInvalid, kInvalid, "conflict"},
    CodeRow{Code::too_large, 413, "too_large", "request_too_large", kInvalid, "too_large"},
    CodeRow{Code::uri_too_long, 414, "uri_too_long", kInvalid, kInvalid, "uri_too_long"},
    CodeRow{Code::unsupported_media, 415, "unsupported_media", kInvalid, kInvalid, "unsupported_media"},
    CodeRow{Code::expectation_failed, 417, "expectation_failed", kInvalid, kInvalid, "expectation_failed"},
    CodeRow{Code::misdirected, 421, "misdirected", kInvalid, kInvalid, "misdirected"},
    CodeRow{Code::blocked, 422, "blocked", kInvalid, kInvalid, "content_blocked"},
    CodeRow{Code::too_many_tokens, 422, "too_many_tokens", kInvalid, kInvalid, "too_many_tokens"},
    CodeRow{Code::budget_exceeded, 422, "budget_exceeded", kInvalid, kInvalid, "budget_exceeded"},
    CodeRow{Code::upgrade_required, 426, "upgrade_required", kInvalid, kInvalid, "upgrade_required"},
    CodeRow{Code::rate_limited, 429, "rate_limited", "rate_limit_error", "rate_limit_error", "rate_limit_exceeded"},
    CodeRow{Code::headers_too_large, 431, "headers_too_large", kInvalid, kInvalid, "headers_too_large"},
    CodeRow{Code::internal, 500, "internal", kApi, kServer, "internal"},
    CodeRow{Code::not_implemented, 501, "not_implemented", kApi, kServer, "not_implemented"},
    CodeRow{Code::upstream_failed, 502, "upstream_failed", kApi, kServer, "upstream_failed"},
    CodeRow{Code::unavailable, 503, "unavailable", "overloaded_error", kServer, "unavailable"},
    CodeRow{Code::upstream_timeout, 504, "upstream_timeout", kApi, kServer, "upstream_timeout"},
    CodeRow{Code::version_not_supported, 505, "version_not_supported", kInvalid, kInvalid, "version_not_supported"},
    CodeRow{Code::invalid_config, 500, "invalid_config", kApi, kServer, "invalid_config"},
    CodeRow{Code::io_failed, 500, "io_failed", kApi, kServer, "io_failed"},
};

constexpr bool codes_are_in_order() {
  for (std::size_t i = 0; i < kCodes.size(); ++i) {
    if (kCodes[i].code != static_cast<Code>(i)) return false;
  }
  return true;
}
static_assert(codes_are_in_order() && kCodes.back().code == Code::io_failed, "one row for each Code, in the order of the enum");

// RFC 9110 §15, RFC 6585; 529 is Anthropic's.
constexpr std::pair<int, std::string_view> kReasons[] = {
    {100, "Continue"},
    {101, "Switching Protocols"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {203, "Non-Authoritative Information"},
    {204, "No Content"},
    {205, "Reset Content"},
    {206, "Partial Content"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {407, "Proxy Authentication Required"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Entity"},
    {424, "Failed Dependency"},
    {425, "Too Early"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {451, "Unavailable For Legal Reasons"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {529, "Overloaded"},
};

}  // namespace

const CodeRow& code_row(Code code) {
  return kCodes[static_cast<std::size_t>(code)];
}

std::span<const CodeRow> code_rows() {
  return kCodes;
}

std::string_view reason_phrase(int status) {
  for (const auto& [number, phrase] : kReasons) {
    if (number == status) return phrase;
  }
  return "Unknown";
}

}  // namespace pg
