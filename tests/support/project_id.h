// The id of the project that most tests make.
#pragma once

#include <string_view>

namespace pg::test {

inline constexpr std::string_view kProjectId = "0f1e2d3c-4b5a-4968-8776-a5b4c3d2e1f0";

}  // namespace pg::test
