// JSON Schema as Anthropic takes it where answers or tool inputs are held to it (Structured outputs, "JSON Schema limitations").
#pragma once

#include <string>
#include <string_view>

namespace pg {

/// The schema without the constraints that Anthropic refuses: they stand in the descriptions then, for the model to read. Objects
/// take no other members than theirs. The same text when nothing is to be changed, or when it is no JSON object. `changed` is set
/// when something was.
std::string anthropic_schema(std::string_view schema, bool& changed);

}  // namespace pg
