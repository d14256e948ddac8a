// What a Chat Completions reply says in words, whole or streamed: for endpoints, whose own reply is made of it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/wire/usage.h"

namespace pg {

struct Answer {
  std::string model;  // as served
  std::string text;
  std::string refusal;  // what the model says instead of an answer
  std::string stop;     // "end", "length", "refusal"; "" while it goes on, or when it broke off
  std::string fault;    // the `error` object of a reply that failed, as JSON; "" = none
  Usage usage;
};

class AnswerReader {
 public:
  AnswerReader();
  ~AnswerReader();

  /// The next bytes of an event stream; what they add to the text is appended to `words`. upstream_failed for an event beyond all
  /// measure.
  Status push(std::string_view bytes, std::string& words);
  /// The stream has ended: one that broke off has a fault then.
  void finish();
  /// A whole reply instead.
  void read_whole(std::string_view body);
  const Answer& answer() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pg
