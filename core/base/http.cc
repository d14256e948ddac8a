// Field lines, and what a Connection field says of the others.
#include "core/base/http.h"

#include <fmt/format.h>

#include "core/base/text.h"

namespace pg {
void append_field(std::string& out, std::string_view name, std::string_view value) {
  constexpr std::string_view kColon = ": ";
  out.append(name).append(kColon).append(value).append(kLineEnd);
}

void append_field(std::string& out, std::string_view name, std::uint64_t value) {
  const fmt::format_int digits(value);
  append_field(out, name, std::string_view(digits.data(), digits.size()));
}

bool is_named_by(std::string_view connection, std::string_view name) {
  // The two values that nearly every request has name nothing.
  if (connection.empty() || equals_ignore_case(connection, "keep-alive") || equals_ignore_case(connection, "close")) return false;
  for (const std::string_view piece : Pieces(connection, ',')) {
    if (equals_ignore_case(trim(piece), name)) return true;
  }
  return false;
}

}  // namespace pg
