// What stands between the parts that may differ is compared as bytes, so that no JSON can be taken for another.
#include "core/wire/event_shape.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "core/base/ascii.h"
#include "core/wire/json_walk.h"

namespace pg {
namespace {

bool is_piece(const PlaceField& field) {
  return field.is_string && field.place >= ReplyPlace::piece_text && field.place <= ReplyPlace::piece_any;
}

bool may_differ(const PlaceField& field) {
  return is_piece(field) || (field.is_string ? field.place == ReplyPlace::padding : field.place == ReplyPlace::sequence_number);
}

bool skip_string(std::string_view json, std::size_t& at) {
  StringFacts facts;
  return find_near_quote(json, at, facts) || find_string_end(json, at, facts);
}

bool skip_number(std::string_view json, std::size_t& at) {
  const std::size_t begin = at;
  while (at < json.size() && is_digit(json[at])) ++at;
  return at == begin + 1 || (at > begin && json[begin] != '0');
}

}  // namespace

void EventShape::learn(std::string_view json, const std::vector<PlaceField>& fields) {
  fields_.clear();
  if (std::none_of(fields.begin(), fields.end(), is_piece)) return;
  fields_ = fields;
  json_.assign(json);
}

bool EventShape::fits(std::string_view json, std::vector<PlaceField>& fields) const {
  if (fields_.empty()) return false;
  const std::string_view learned = json_;
  fields.clear();
  std::size_t from = 0, at = 0;  // behind what was compared: of the learned one, and of `json`
  for (const PlaceField& field : fields_) {
    PlaceField& moved = fields.emplace_back(field);
    if (may_differ(field)) {
      const std::string_view between = learned.substr(from, field.begin - from);
      if (json.substr(at, between.size()) != between) return false;
      at += between.size();
      moved.begin = static_cast<std::uint32_t>(at);
      if (!(field.is_string ? skip_string(json, at) : skip_number(json, at))) return false;
      moved.end = static_cast<std::uint32_t>(at);
      from = field.end;
    } else {
      moved.begin = static_cast<std::uint32_t>(field.begin - from + at);
      moved.end = static_cast<std::uint32_t>(field.end - from + at);
    }
  }
  return json.substr(at) == learned.substr(from);
}

}  // namespace pg
