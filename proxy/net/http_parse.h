// Request and reply heads, parsed strictly: what two readers could understand differently is refused (RFC 9112 §11.2).
#pragma once

#include <cstddef>
#include <string_view>

#include "core/base/http.h"
#include "core/base/result.h"

namespace pg {

inline constexpr std::size_t kMaxTarget = 8 * 1024;
inline constexpr std::size_t kMaxFieldLine = 16 * 1024;
inline constexpr std::size_t kMaxFields = 100;
inline constexpr std::size_t kMaxMethod = 32;

/// The length of the head at the front of `bytes`, blank line included; 0 when it is not complete yet.
std::size_t find_head_end(std::string_view bytes);

/// bad_request for anything ambiguous; uri_too_long, headers_too_large, not_implemented (transfer coding, method length),
/// version_not_supported, expectation_failed, misdirected (absolute-form elsewhere). `raw` ends with the blank line; the views
/// in the result point into it.
Result<RequestHead> parse_request_head(std::string_view raw);

/// upstream_failed for a head that is not HTTP/1.x. 1xx heads parse like any other.
Result<ReplyHead> parse_reply_head(std::string_view raw);

}  // namespace pg
