// A provider's stream that breaks off, and what its client must make of that.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/wire/dialect.h"
#include "tests/support/model_wire.h"
#include "tests/support/raw_client.h"

namespace pg::test {

/// Half of the stream of "partial answer": what the provider sent before it broke off.
std::vector<std::string> half_stream(DialectId dialect);
/// The words that came stay, an error follows them, and no clean end. Gives back what the client heard.
Heard check_broken_stream(DialectId client, const RawReply& reply, std::string_view words);

}  // namespace pg::test
