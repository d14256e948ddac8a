// Field lookup by name; heads have few fields, so a walk beats an index.
#include "core/base/http.h"

#include "core/base/text.h"

namespace pg {
namespace {

std::optional<std::string_view> find_field(const std::vector<Field>& fields, std::string_view name) {
  for (const Field& field : fields) {
    if (equals_ignore_case(field.name, name)) return field.value;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string_view> RequestHead::find(std::string_view name) const {
  return find_field(fields, name);
}

std::optional<std::string_view> ReplyHead::find(std::string_view name) const {
  return find_field(fields, name);
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
