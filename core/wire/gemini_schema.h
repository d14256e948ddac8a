// JSON Schema as Gemini takes it: a subset without references, with `nullable` instead of null types.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pg {

/// The schemas of one request. What references stand for is written out where they are, and all of that together is bounded: a
/// few hundred bytes of references can stand for gigabytes.
class GeminiSchemas {
 public:
  static constexpr std::size_t kMostInlined = 128u << 10;  // bytes, about

  /// The schema in Gemini's subset; "" for one that describes no members (Gemini wants no parameters at all then) and for one
  /// that is no JSON object.
  std::string write(std::string_view schema);
  /// A constraint had to go.
  bool lost() const { return lost_; }

 private:
  std::size_t left_ = kMostInlined;
  bool lost_ = false;
};

}  // namespace pg
