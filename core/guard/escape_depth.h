// EscapeDepth: how many JSON strings deep a place in a text is. Asked where an original is found and where its placeholder comes
// back, so that a value whose own spelling holds escapes is never escaped once more than it was.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pg {

/// What a string of a reply is. All but the last are the raw insides of JSON strings.
enum class TextForm : std::uint8_t {
  plain,       // a user's text: originals are escaped once, for the JSON string they stand in
  json_text,   // JSON inside the string (tool arguments): once more, and more again in JSON strings that hold JSON
  value,       // a string of JSON that was sent parsed (tool_use.input): as plain, deeper where it holds JSON itself
  checked,     // as value, in JSON that must stay JSON: what cannot stand in a string is escaped, wherever it was found
  structured,  // a text of which JSON was asked for: like json_text when it is, like plain when it begins with other words
  document,    // no inside of a string but a whole body: as they are outside of its strings, as value in them
};

/// At which depths of a text's own JSON strings a value was found; bit n = depth n. The last bit stands for all that are deeper.
using FoundDepths = std::uint8_t;
inline constexpr FoundDepths kFoundOutside = 1;  // in no string of the text

/// Counts from the quotes, the backslashes before them, and what stands before a quote; any cut of the text gives the same.
class EscapeDepth {
 public:
  explicit EscapeDepth(TextForm form);
  void pass(std::string_view text);
  /// A token was replaced here; its bytes are neither quotes nor backslashes to the text around.
  void pass_token();
  /// How often what is put here is escaped, if it is spelled as outside of all strings.
  int level() const { return level_; }
  /// The same for a value that was found at `depths`: no more than its own spelling asks for.
  int level_for(FoundDepths depths) const;
  /// The depths that `value`, decoded, has by being found here. In quotes that need not be those of JSON (`key = "…"`), a value
  /// that could stand in a JSON string as it is counts for both.
  FoundDepths found(std::string_view value) const;

 private:
  static constexpr int kMaxLevel = 7;  // each level may double a value's length

  int depth() const { return level_ > base_ ? level_ - base_ : 0; }
  bool is_newline(char c, std::uint32_t slashes) const;
  void quote(std::uint32_t slashes);
  bool opens() const;
  void begin(char c);
  void end_line();
  void leave_line();
  void see(char c);

  TextForm form_;
  int base_ = 1;   // level of the text itself
  int floor_ = 1;  // outside of all strings
  int level_ = 1;
  std::uint32_t slashes_ = 0;
  char last_ = '\0';                                     // last byte that is neither blank nor escape; \0 before the first
  bool begun_ = false;                                   // there was more than blanks
  bool line_start_ = true;                               // only blanks, list marks and line numbers since the line began
  bool in_word_ = false;                                 // the last byte belongs to a word
  bool key_word_ = false;                                // the last word stands where a key without quotes does
  bool after_key_ = false;                               // the last byte but blanks is the colon of a key
  bool in_quotes_ = false;                               // an odd number of quotes since the line began
  std::array<std::uint16_t, kMaxLevel + 1> brackets_{};  // open ones, by level
};

/// Whether a text could stand between the quotes of a JSON string as it is.
bool fits_json_string(std::string_view text);

}  // namespace pg
