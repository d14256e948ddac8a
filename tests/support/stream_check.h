// What the official SDKs' stream helpers demand of a reply, checked event by event and apart from the code that writes it: order,
// indexes, ids, and that every copy of a text agrees with its deltas.
#pragma once

#include <string>
#include <string_view>

#include "core/wire/call.h"

namespace pg::test {

/// "" for a stream that a client of that dialect reads without a complaint, errors at its end included; else the first complaint.
std::string check_stream(Wire client, std::string_view bytes);
/// The same for a whole reply or an error document.
std::string check_whole(Wire client, std::string_view body);

}  // namespace pg::test
