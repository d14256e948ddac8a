// Where places in a text are once its tokens are restored: originals are longer or shorter than what stood for them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace pg {

/// Told a text from front to back; places are code points from its beginning.
class TextShifts {
 public:
  /// `raw` (the inside of a JSON string, in whole escapes) stays as it is.
  void pass(std::string_view raw);
  /// `raw` becomes `original`, which is not escaped.
  void replace(std::string_view raw, std::string_view original);
  /// Where `place` is now. One inside a token: before its original, or with `ends` behind it.
  std::int64_t moved(std::int64_t place, bool ends) const;
  bool empty() const { return moves_.empty(); }

 private:
  struct Move {
    std::int64_t begin = 0, end = 0;  // of the token
    std::int64_t by = 0;              // what comes behind it moves by so much
  };
  std::vector<Move> moves_;
  std::int64_t at_ = 0;
};

}  // namespace pg
