// Most events of a stream are like the one before but for a few words: where things stand in those need not be looked for again.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/wire/reply_places.h"

namespace pg {

class EventShape {
 public:
  /// `json`, whose leaves are `fields`, is what later events are compared with.
  void learn(std::string_view json, const std::vector<PlaceField>& fields);
  void forget() { fields_.clear(); }
  /// True when `json` is the learned one but for pieces of texts, its sequence number and padding. Then `fields` is what
  /// read_places() would say of it; else it is anything.
  bool fits(std::string_view json, std::vector<PlaceField>& fields) const;

 private:
  std::string json_;
  std::vector<PlaceField> fields_;  // none: nothing fits
};

}  // namespace pg
