// Random model requests with values planted in every place a guard must read, and in places it must leave alone.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/wire/dialect.h"
#include "tests/support/gen.h"

namespace pg::test {

class RequestGen {
 public:
  RequestGen(Gen& gen, DialectId dialect);

  /// One more turn at the end of the conversation.
  void add_turn();
  std::size_t turns() const { return turns_.size(); }
  /// The request with its first `turns` turns; the head stands before or behind them.
  std::string body(std::size_t turns) const;

  const std::set<std::string>& planted() const { return planted_; }  // in texts, arguments, base64
  const std::set<std::string>& kept() const { return kept_; }        // in signed and opaque places only

 private:
  std::string text();                  // a JSON string with one value or none
  std::string words(bool plain);       // the same, not yet a JSON string
  std::string opaque();                // a JSON string with a value that must stay
  std::string arguments(bool nested);  // a JSON object with values, and one more in a string of it
  std::string encoded_text();
  std::string document();  // base64 of text with a value
  std::string anthropic_turn();
  std::string chat_turn();
  std::string responses_turn();

  Gen& gen_;
  DialectId dialect_;
  std::vector<std::string> values_;
  std::vector<std::string> turns_;
  std::string head_;
  bool head_first_;
  std::set<std::string> planted_, kept_;
};

}  // namespace pg::test
