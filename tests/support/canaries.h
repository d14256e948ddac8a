// Canaries: secrets that are planted by place, and found again by that place in whatever was written.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "tests/support/model_wire.h"

namespace pg::test {

/// Canaries by the place they were put in; each is another value.
class Canaries {
 public:
  std::string operator[](const std::string& place) {
    auto [at, fresh] = values_.try_emplace(place, "");
    if (fresh) at->second = make_github_token(100 + static_cast<unsigned>(values_.size()));
    return at->second;
  }
  /// Where those that stand in `text` were put, whole or by their greater part.
  std::set<std::string> seen_in(std::string_view text) const {
    std::set<std::string> seen;
    for (const auto& [place, value] : values_)
      if (text.find(value) != std::string_view::npos || text.find(value.substr(4, 20)) != std::string_view::npos)
        seen.insert(place);
    return seen;
  }
  std::size_t size() const { return values_.size(); }

 private:
  std::map<std::string, std::string> values_;
};

}  // namespace pg::test
