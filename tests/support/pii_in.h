// What the finders of personal data see in a text, in a line that a test can compare.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "core/guard/pii.h"

namespace pg::test {

inline PiiChoice all_kinds() {
  PiiChoice choice;
  choice.wanted.fill(true);
  return choice;
}

/// "email:john@example.com card:4111…", in the order of the text.
inline std::string pii_in(std::string_view text, const PiiChoice& choice = all_kinds()) {
  std::vector<Finding> found;
  find_pii(text, choice, 0, found);
  std::sort(found.begin(), found.end(), [](const Finding& a, const Finding& b) { return a.begin < b.begin; });
  std::string out;
  for (const Finding& f : found) {
    if (!out.empty()) out += ' ';
    out += pii_rules()[f.rule].id + ":" + std::string(text.substr(f.begin, f.end - f.begin));
  }
  return out;
}

}  // namespace pg::test
