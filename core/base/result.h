// The two ways a function says no: Result<T> for expected refusals, Refusal for the one early exit of a serve_* page.
#pragma once

#include <boost/system/result.hpp>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

namespace pg {

/// Why something was refused. error.h maps each to an HTTP status and to every dialect's error type.
enum class Code {
  bad_request,            // 400 malformed body, parameter or framing
  unauthenticated,        // 401 no key, or one we do not know
  forbidden,              // 403 key known, not allowed
  host_not_allowed,       // 403 browser or DNS-rebinding posture
  not_found,              // 404 path, project, model, row
  method_not_allowed,     // 405
  timeout,                // 408 the client was too slow
  conflict,               // 409 name taken, port in use
  too_large,              // 413
  uri_too_long,           // 414
  unsupported_media,      // 415 content type or coding we cannot read
  expectation_failed,     // 417
  misdirected,            // 421 absolute-form to a foreign authority
  blocked,                // 422 a guard said no
  too_many_tokens,        // 422 more input than a key or a project may send
  budget_exceeded,        // 422 the month's money is spent
  upgrade_required,       // 426 WebSocket
  rate_limited,           // 429
  headers_too_large,      // 431
  internal,               // 500 a bug
  not_implemented,        // 501
  upstream_failed,        // 502 connect, TLS, framing
  unavailable,            // 503 at capacity, shutting down
  upstream_timeout,       // 504
  version_not_supported,  // 505
  invalid_config,         // start-up and command line only
  io_failed,              // disk, database
};

/// `message` may be shown to a client and never holds their data or ours; `detail` goes to the log, never holds a secret.
struct Error {
  Code code = Code::internal;
  std::string message;
  std::string detail;
};

/// Thrown by Result::value() on a serve_* page; caught in handle_exchange and main only.
class Refusal : public std::exception {
 public:
  explicit Refusal(Error error) : error_(std::move(error)) {}
  const char* what() const noexcept override { return error_.message.c_str(); }
  const Error& error() const noexcept { return error_; }

 private:
  Error error_;
};

// Found by boost::system::result through argument-dependent lookup when value() has none.
[[noreturn]] inline void throw_exception_from_error(const Error& error, const boost::source_location&) {
  throw Refusal(error);
}

/// A value or an Error. value() throws Refusal; test with `if (!r) return r.error();` or PG_TRY elsewhere.
template <class T>
class [[nodiscard]] Result : public boost::system::result<T, Error> {
 public:
  using boost::system::result<T, Error>::result;
};

using Status = Result<void>;

inline Error make_error(Code code, std::string message, std::string detail = {}) {
  return Error{code, std::move(message), std::move(detail)};
}

}  // namespace pg

#define PG_TRY_JOIN2(a, b) a##b
#define PG_TRY_JOIN(a, b) PG_TRY_JOIN2(a, b)
#define PG_TRY_IMPL(tmp, decl, ...)        \
  auto tmp = (__VA_ARGS__);                \
  if (!tmp) return std::move(tmp).error(); \
  decl = std::move(tmp).value()
/// `PG_TRY(auto x, f());` binds f()'s value, or returns its Error from the enclosing function.
#define PG_TRY(decl, ...) PG_TRY_IMPL(PG_TRY_JOIN(pg_try_, __LINE__), decl, __VA_ARGS__)
/// The same for a Status, which has no value to bind.
#define PG_TRY_STATUS(...)                                                               \
  do {                                                                                   \
    if (auto pg_status = (__VA_ARGS__); !pg_status) return std::move(pg_status).error(); \
  } while (false)
