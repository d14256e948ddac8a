// Identifiers: time-sortable exchange ids and project UUIDs.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "core/base/clock.h"

namespace pg {

/// A 26-character id in Crockford base32 whose text order is creation order (ULID layout): `now` in 48 bits, then 80 random bits;
/// strictly rising within one thread even inside one millisecond.
std::string make_exchange_id(UnixMillis now);

/// When exchanges began whose id begins so, in upper case: the first millisecond, and the one after the last. {0, 0}: at any
/// time.
std::pair<UnixMillis, UnixMillis> times_of_id(std::string_view prefix);

/// A random UUID, version 4, lower case with dashes (RFC 9562 §5.4).
std::string make_uuid();

/// True for the 36-character dashed form, any version, either case.
bool is_uuid(std::string_view text);

}  // namespace pg
