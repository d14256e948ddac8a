// Words in Error::detail that a client is told, too: the code of a refusal where the kind of error alone would name another.
#pragma once

#include <string_view>

namespace pg {

constexpr std::string_view kUnknownUrl = "unknown_url";       // not_found: of the path
constexpr std::string_view kNoProject = "project_not_found";  // not_found: of the project in it

}  // namespace pg
