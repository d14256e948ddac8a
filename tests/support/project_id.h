// The id of the project that most tests make.
#pragma once

#include <string_view>

namespace pg::test {

inline constexpr std::string_view kProjectId = "7b1f0c52-3d0e-4c3e-9a55-0a4f5f1f2b11";

}  // namespace pg::test
