// What a peer would send with Content-Encoding: gzip, or zstd.
#pragma once

#include <string>
#include <string_view>

namespace pg::test {

std::string gzip(std::string_view text);
std::string zstd(std::string_view text);

}  // namespace pg::test
