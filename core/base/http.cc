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

}  // namespace pg
