// A quote opens a JSON string only where one can be: behind a bracket, behind a key's colon, behind a comma inside of brackets.
// In prose, CSV and shell commands quotes are quotes.
#include "core/guard/escape_depth.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/base/ascii.h"

namespace pg {
namespace {

constexpr int kDeepestFound = 7;  // bits of FoundDepths

bool is_one_of(char c, const char* set) {
  return c != '\0' && std::strchr(set, c) != nullptr;
}

// Blanks apart, what may stand before the first word of a line that is a key: a list's or a diff's mark, a line number and the
// arrow behind it.
bool is_line_lead(char c) {
  return is_digit(c) || is_one_of(c, "-+|\xe2\x86\x92");
}

enum class InString : std::uint8_t { never, same, escaped };

// Whether a text could stand between the quotes of a JSON string as it is, and says something there that it does not say outside.
InString in_string(std::string_view text) {
  InString how = InString::same;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (static_cast<unsigned char>(text[at]) < 0x20 || text[at] == '"') return InString::never;
    if (text[at] != '\\') continue;
    ++at;
    if (at == text.size() || !is_one_of(text[at], "\"\\/bfnrtu")) return InString::never;
    how = InString::escaped;
  }
  return how;
}

}  // namespace

EscapeDepth::EscapeDepth(TextForm form)
    : form_(form), base_(form == TextForm::json_text ? 2 : 1), floor_(form == TextForm::document ? 0 : 1), level_(floor_) {}

// A newline of the text itself, spelled as an escape; one of the strings in it has more backslashes.
bool EscapeDepth::is_newline(char c, std::uint32_t slashes) const {
  if (c != 'n' && c != 'r') return false;
  return base_ == 1 ? slashes % 2 == 1 : slashes % 4 == 2;
}

// JSON strings hold no newlines: whatever was taken for one ends here.
void EscapeDepth::end_line() {
  level_ = std::min(level_, base_);
  line_start_ = true;
  in_quotes_ = false;
}

// A newline that is none of an escape: no string of JSON goes on behind it.
void EscapeDepth::leave_line() {
  end_line();
  level_ = floor_;
}

bool EscapeDepth::opens() const {
  if (last_ == '{' || last_ == '[') return true;
  if (last_ == ',') return brackets_[static_cast<std::size_t>(level_)] > 0;
  return last_ == ':' && after_key_;
}

void EscapeDepth::quote(std::uint32_t slashes) {
  // A backslash run of odd length makes the quote a character of this level and half the run an escape of the next.
  in_word_ = line_start_ = false;
  int level = 1;
  for (std::uint32_t run = slashes; run % 2 == 1; run = (run - 1) / 2) ++level;
  if (level == base_ + 1) in_quotes_ = !in_quotes_;
  const bool certain = level_ == 1 && (form_ == TextForm::json_text || form_ == TextForm::structured);
  const bool closes = level <= level_;
  if (closes) {
    level_ = std::max(floor_, level - 1);
  } else if (level == level_ + 1 && level <= kMaxLevel && (certain || opens())) {
    level_ = level;
    brackets_[static_cast<std::size_t>(level)] = 0;
    if (level <= base_) in_quotes_ = false;
    last_ = '\0';
    line_start_ = true;
    return;
  }
  last_ = '"';
}

void EscapeDepth::begin(char c) {
  begun_ = true;
  if (form_ == TextForm::structured && c != '{' && c != '[') form_ = TextForm::plain;
  if (form_ == TextForm::document && c == '"') last_ = '[';  // JSON that is nothing but a string
}

void EscapeDepth::see(char c) {
  std::uint16_t& brackets = brackets_[static_cast<std::size_t>(level_)];
  if (is_word(c) || (in_word_ && is_one_of(c, "-./$"))) {
    if (!in_word_) key_word_ = line_start_ || last_ == '{' || (last_ == ',' && brackets > 0);
    in_word_ = true;
  } else {
    if (c == ':') after_key_ = in_word_ ? key_word_ : last_ == '"' || last_ == '\'';
    if (c == '{' || c == '[') brackets = static_cast<std::uint16_t>(std::min(brackets + 1, 0xffff));
    if ((c == '}' || c == ']') && brackets > 0) --brackets;
    in_word_ = false;
  }
  line_start_ = line_start_ && is_line_lead(c);
  last_ = c;
}

void EscapeDepth::pass(std::string_view text) {
  for (const char c : text) {
    if (form_ == TextForm::plain) return;
    if (c == '\\') {
      ++slashes_;
      continue;
    }
    const std::uint32_t slashes = std::exchange(slashes_, 0);
    if (form_ == TextForm::document && (c == '\n' || c == '\r' || c == '\t')) {
      in_word_ = false;
      if (c != '\t') leave_line();
      continue;
    }
    if (c == ' ' || (slashes > 0 && (c == 'n' || c == 't' || c == 'r'))) {
      in_word_ = false;
      if (is_newline(c, slashes)) end_line();
      continue;
    }
    if (!begun_) begin(c);
    c == '"' ? quote(slashes) : see(c);
  }
}

void EscapeDepth::pass_token() {
  if (!begun_) begin('x');
  last_ = 'x';
  slashes_ = 0;
  in_word_ = line_start_ = key_word_ = false;
}

int EscapeDepth::level_for(FoundDepths depths) const {
  const int here = std::min(depth(), kDeepestFound);
  for (int found = here; found >= 0; --found)
    if ((depths >> found & 1) != 0) return level_ - found;
  return level_ - here;  // found deeper: its spelling is kept
}

FoundDepths EscapeDepth::found(std::string_view value) const {
  const int here = std::min(depth(), kDeepestFound);
  const bool may_be_inside = here == 0 && in_quotes_ && in_string(value) == InString::escaped;
  return static_cast<FoundDepths>(may_be_inside ? 3u : 1u << here);
}

bool fits_json_string(std::string_view text) {
  return in_string(text) != InString::never;
}

}  // namespace pg
