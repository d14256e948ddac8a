// Identifiers: time-sortable exchange ids and project UUIDs.
#pragma once

#include <string>
#include <string_view>

#include "core/base/clock.h"

namespace pg {

/// A 26-character id in Crockford base32 whose text order is creation order (ULID layout): `now` in 48 bits, then 80 random bits;
/// strictly rising within one thread even inside one millisecond.
std::string make_exchange_id(UnixMillis now);

/// No id of an exchange that began at `time` or later sorts before this.
std::string exchange_id_floor(UnixMillis time);

/// A random UUID, version 4, lower case with dashes (RFC 9562 §5.4).
std::string make_uuid();

/// True for the 36-character dashed form, any version, either case.
bool is_uuid(std::string_view text);

}  // namespace pg
