// The data files built into the binary (config/*.toml, schema.sql), by file name.
#pragma once

#include <string_view>

namespace pg {

struct ShippedFile {
  std::string_view name;
  std::string_view bytes;
};

/// The bytes of a shipped file such as "providers.toml"; empty when there is none of that name.
std::string_view shipped(std::string_view name);

}  // namespace pg
