// MatcherFilter: which of many regular expressions can match in a text at all, told in one pass by the words that each of them
// needs. Immutable after build(); safe to share between threads then.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace pg {

class MatcherFilter {
 public:
  MatcherFilter();
  ~MatcherFilter();
  MatcherFilter(const MatcherFilter&) = delete;
  MatcherFilter& operator=(const MatcherFilter&) = delete;

  /// Expressions over UTF-8, well-formed ones; they are numbered 0, 1, 2, … in the order they come.
  void add(const std::string& regex);
  void build();

  /// The numbers, in order, of all that can match in `text`: what is not among them does not. May name some that do not, either.
  std::vector<int> candidates(std::string_view text) const;

 private:
  std::vector<int> allowed_by(const std::vector<int>& words) const;

  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pg
