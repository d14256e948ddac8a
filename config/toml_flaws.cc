// One pass over the text with just enough TOML in it: strings, comments, brackets, lines. Where the text is malformed the parser
// stops at the same place, so what this misjudges behind that is never built.
#include "config/toml_flaws.h"

#include <algorithm>

#include "core/base/ascii.h"

namespace pg {
namespace {

constexpr int kMaxDotsInLine = 16;
constexpr std::size_t kMaxBrackets = 16;
constexpr const char* kNoNumber = "this is no number";
constexpr const char* kTooDeep = "nested too deeply";

bool is_number_char(char c) {
  return is_alnum(c) || std::string_view("+-._").find(c) != std::string_view::npos;
}

bool is_ascii(char c) {
  return static_cast<unsigned char>(c) < 0x80;
}

bool is_name_start(char c) {
  return is_alnum(c) || std::string_view("_-\"']").find(c) != std::string_view::npos;
}

class FlawFinder {
 public:
  explicit FlawFinder(std::string_view text) : text_(text) {}

  std::optional<TomlFlaw> find() {
    if (text_.substr(0, 3) == "\xef\xbb\xbf") at_ = 3;
    while (!flaw_ && at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"' || c == '\'')
        read_string(c);
      else if (c == '#')
        read_comment();
      else
        judge(c);
    }
    return flaw_;
  }

 private:
  // A byte outside strings and comments.
  void judge(char c) {
    if (!is_ascii(c)) return refuse("only texts in quotes hold characters beyond ASCII");
    if (is_control(at_)) return refuse("a control character");
    if (c == '\n') {
      dots_ = 0;
      if (brackets_ == 0) in_value_ = false;
    }
    if (c == '=') in_value_ = true;
    follow_number(c);
    if (flaw_) return;
    if (c == '.' && ++dots_ > kMaxDotsInLine) return refuse(kTooDeep);
    // The parser assumes, without a check, that a table's name begins as names do.
    if (c == '[' && brackets_ == 0 && !in_value_ && !has_name()) return refuse("the table has no name");
    if (c == '[' || c == '{') {
      if (brackets_ == kMaxBrackets) return refuse(kTooDeep);
      open_[brackets_++] = c;
    }
    if (c == ']' || c == '}') {
      if (brackets_ == 0 || open_[brackets_ - 1] != (c == ']' ? '[' : '{')) return refuse("this bracket closes none");
      --brackets_;
    }
    if (!is_blank(c)) last_ = c;
    ++at_;
  }

  // A number ends where values end; until there the parser reads ahead, past quotes too. Times, which
  // have a colon, are no settings either.
  void follow_number(char c) {
    const bool ends = is_blank(c) || c == ']' || c == '}' || c == ',';
    const bool begins = is_digit(c) || c == '+' || c == '-';
    const bool fresh =
        at_ == 0 || is_blank(text_[at_ - 1]) || std::string_view("=[{,").find(text_[at_ - 1]) != std::string_view::npos;
    in_number_ = !ends && (in_number_ || (begins && fresh && is_value_next()));
    if (in_number_ && !is_number_char(c)) refuse(kNoNumber);
  }

  bool is_value_next() const {
    const bool in_array = brackets_ > 0 && open_[brackets_ - 1] == '[' && in_value_;
    return in_array || last_ == '=';
  }

  void read_comment() {
    in_number_ = false;
    at_ = std::min(text_.find('\n', at_), text_.size());
  }

  void read_string(char quote) {
    if (in_number_) return refuse(kNoNumber);
    last_ = quote;
    skip_string(quote);
  }

  // All but tab, line feed, and a carriage return in front of one.
  bool is_control(std::size_t at) const {
    const char c = text_[at];
    if (c == '\r') return text_.substr(at + 1, 1) != "\n";
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n') || c == 0x7f;
  }

  bool has_name() const {
    std::size_t at = at_ + 1;
    if (text_.substr(at, 1) == "[") ++at;
    at = text_.find_first_not_of(" \t", at);
    return at == std::string_view::npos || is_name_start(text_[at]);  // at the end the parser says what is missing
  }

  // TOML 1.0 "String": from the opening quote to behind the closing one, or to the end of the text.
  void skip_string(char quote) {
    const char three[] = {quote, quote, quote};
    const std::string_view fence(three, 3);
    const bool block = text_.substr(at_, 3) == fence;
    for (at_ += block ? 3 : 1; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '\\' && quote == '"') {
        ++at_;
        if (block && continues_beyond_ascii()) return refuse("behind a backslash the text must go on in ASCII");
      } else if (!block && (c == quote || c == '\n')) {
        ++at_;
        return;
      } else if (block && c == quote && text_.substr(at_, 3) == fence) {
        at_ += 3;
        while (at_ < text_.size() && text_[at_] == quote) ++at_;  // up to two quotes may stand before the closing three
        return;
      }
    }
  }

  // The parser asks of every character behind such a backslash whether it is white space, and has no answer for "é".
  bool continues_beyond_ascii() const {
    const std::size_t next = text_.find_first_not_of(" \t\r\n", at_);
    return next != std::string_view::npos && !is_ascii(text_[next]);
  }

  void refuse(const char* message) { flaw_ = TomlFlaw{std::min(at_, text_.size() - 1), message}; }

  std::string_view text_;
  std::size_t at_ = 0;
  int dots_ = 0;
  std::size_t brackets_ = 0;
  char open_[kMaxBrackets] = {};  // which they are
  bool in_value_ = false;         // behind "=" on this line
  bool in_number_ = false;
  char last_ = '\n';  // byte that is no white space
  std::optional<TomlFlaw> flaw_;
};

}  // namespace

std::optional<TomlFlaw> find_toml_flaw(std::string_view text) {
  return FlawFinder(text).find();
}

}  // namespace pg
