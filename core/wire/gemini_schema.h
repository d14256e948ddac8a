// JSON Schema as Gemini takes it: a subset without references, with `nullable` instead of null types.
#pragma once

#include <string>
#include <string_view>

namespace pg {

/// The schema in Gemini's subset; "" for one that describes no members (Gemini wants no parameters at all then) and for one that
/// is no JSON object. `lost` is set when a constraint had to go.
std::string gemini_schema(std::string_view schema, bool& lost);

}  // namespace pg
