// A regular expression somebody typed: RE2 syntax, found anywhere in a text, in linear time.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace re2 {
class RE2;
}

namespace pg {

enum class CaseMatters : bool { no, yes };

/// Immutable; threads may share it.
class Regex {
 public:
  /// bad_request with RE2's own words when it is malformed or would need too much memory.
  static Result<Regex> make(std::string_view expression, CaseMatters matters = CaseMatters::no);
  bool is_in(std::string_view text) const;

 private:
  explicit Regex(std::shared_ptr<const re2::RE2> compiled) : compiled_(std::move(compiled)) {}
  std::shared_ptr<const re2::RE2> compiled_;
};

}  // namespace pg
