// When to come again, as servers say it (RFC 9110 §10.2.3, and OpenAI's retry-after-ms).
#pragma once

#include <optional>
#include <string_view>

#include "core/base/clock.h"
#include "core/base/http.h"

namespace pg {

/// How long `value` of a Retry-After field says to wait: seconds, or until an HTTP date. nullopt when it is neither; a date in
/// the past is 0. Never more than a day, whatever stands there.
std::optional<Millis> parse_retry_after(std::string_view value, UnixMillis now);

/// The same of a reply: retry-after-ms when it has one, else Retry-After.
std::optional<Millis> find_retry_after(const ReplyHead& head, UnixMillis now);

}  // namespace pg
