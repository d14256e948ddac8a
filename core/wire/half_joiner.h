// HalfJoiner: characters that a provider cut in two, half a surrogate pair in each of two pieces of a stream, made whole again.
#pragma once

#include <string>
#include <string_view>

namespace pg {

/// Pieces come from unescape_json_piece(), with halves as three bytes. One for each text.
class HalfJoiner {
 public:
  /// What can be said now: `piece`, behind what was held back of the last one, without a high half at its end.
  std::string push(std::string_view piece);
  /// The high half whose other half never came, or "".
  std::string finish();
  /// True when nothing is held and `piece` has no halves: it may go on as it is.
  bool passes(std::string_view piece) const { return held_.empty() && piece.find('\xED') == std::string_view::npos; }

 private:
  std::string held_;
};

}  // namespace pg
