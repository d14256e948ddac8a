// Takes the text of a freeform tool's input out of the arguments it travelled in, {"input":"…"}, piece by piece.
#pragma once

#include <string>
#include <string_view>

namespace pg {

class InputUnwrapper {
 public:
  /// Appends to `out` what of the input is complete.
  void push(std::string_view arguments, std::string& out);
  /// The arguments are over: what was no such object goes out as it came.
  void finish(std::string& out);

 private:
  bool find_value();
  void decode(std::string& out);

  enum class State { before, inside, after, foreign };
  State state_ = State::before;
  std::string pending_;
};

}  // namespace pg
