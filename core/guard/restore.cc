// Finding tokens in all the spellings models give them.
#include "core/guard/restore.h"

#include <algorithm>
#include <cstring>

#include "core/base/ascii.h"
#include "core/base/encode.h"

namespace pg {
namespace {

constexpr std::size_t kMaxSlashes = 8;  // Markdown's \[ in JSON in a JSON string in the SSE string: 2^3
constexpr std::size_t kMaxBlanks = 3;   // inside the brackets, on each side
constexpr std::size_t kAnySlashes = kMaxSlashes + 1;

enum class Step : std::uint8_t { no, yes, more };

// Whether `part` (lower case) stands at text[at], in any case; `more` when the text ends inside it.
Step find_part(std::string_view text, std::size_t at, std::string_view part) {
  for (std::size_t i = 0; i < part.size(); ++i) {
    if (at + i == text.size()) return Step::more;
    char c = text[at + i];
    if (to_lower(c) != part[i]) return Step::no;
  }
  return Step::yes;
}

std::size_t slash_run(std::string_view text, std::size_t at) {
  std::size_t n = 0;
  while (at + n < text.size() && n <= kMaxSlashes && text[at + n] == '\\') ++n;
  return n;
}

// The two kinds of brackets, ASCII's and the full-width ones, as they are and as \u escapes.
struct Spelling {
  std::string_view open, close;
  std::string_view escaped_open, escaped_close;
};
constexpr Spelling kSpellings[] = {{"[", "]", "u005b", "u005d"}, {"\xef\xbc\xbb", "\xef\xbc\xbd", "uff3b", "uff3d"}};

struct Bracket {
  const Spelling* spelling = nullptr;  // unknown before the first
  std::size_t slashes = kAnySlashes;   // Markdown's and JSON's, before each that is no \u escape
  std::size_t escape = kAnySlashes;    // before each \u escape of the token

  // Whether so many may stand before one more; a token is spelled at one depth.
  bool takes(bool escaped, std::size_t n) const {
    const std::size_t seen = escaped ? escape : slashes;
    return (seen == kAnySlashes || seen == n) && (!escaped || n > 0);
  }
};

// Reads a bracket of the kind that `bracket` has seen so far; on yes `at` is behind it. Each may be escaped or not.
Step read_bracket(std::string_view text, std::size_t& at, Bracket& bracket, bool closing) {
  const std::size_t slashes = slash_run(text, at);
  if (slashes > kMaxSlashes) return Step::no;
  const std::size_t begin = at + slashes;
  if (begin == text.size()) return Step::more;
  bool cut = false;
  for (const Spelling& spelling : kSpellings) {
    if (bracket.spelling != nullptr && bracket.spelling != &spelling) continue;
    for (const bool escaped : {false, true}) {
      if (!bracket.takes(escaped, slashes)) continue;
      const std::string_view part = escaped   ? (closing ? spelling.escaped_close : spelling.escaped_open)
                                    : closing ? spelling.close
                                              : spelling.open;
      const Step step = find_part(text, begin, part);
      cut = cut || step == Step::more;
      if (step != Step::yes) continue;
      bracket.spelling = &spelling;
      (escaped ? bracket.escape : bracket.slashes) = slashes;
      at = begin + part.size();
      return step;
    }
  }
  return cut ? Step::more : Step::no;
}

// Reads a space, a no-break space, or a JSON escape of one.
Step read_blank(std::string_view text, std::size_t& at) {
  if (at == text.size()) return Step::more;
  std::size_t size = 1;
  Step step = text[at] == ' ' ? Step::yes : Step::no;
  if (text[at] == '\xc2') {
    step = find_part(text, at, "\xc2\xa0");
    size = 2;
  } else if (text[at] == '\\') {
    const std::size_t slashes = slash_run(text, at);
    size = slashes + 5;
    for (const std::string_view escape : {"u00a0", "u0020"})
      if (slashes <= kMaxSlashes && step == Step::no) step = find_part(text, at + slashes, escape);
  }
  if (step == Step::yes) at += size;
  return step;
}

Step skip_token_blanks(std::string_view text, std::size_t& at, bool& any) {
  for (std::size_t n = 0; n < kMaxBlanks; ++n) {
    Step step = read_blank(text, at);
    if (step != Step::yes) return step == Step::more ? step : Step::yes;
    any = true;
  }
  return Step::yes;
}

struct Name {
  std::string text;  // upper case
  bool changed = false;
};

// Reads the byte of a word that `u` and four hexadecimal digits at text[at] stand for; no for anything else.
Step read_escaped_word(std::string_view text, std::size_t at, char& c) {
  constexpr std::size_t kSize = 5;
  unsigned code = 0;
  for (std::size_t i = 0; i < kSize; ++i) {
    if (at + i == text.size()) return Step::more;
    const char digit = text[at + i];
    if (i == 0 ? digit != 'u' : !is_hex(digit)) return Step::no;
    if (i > 0) code = code << 4 | static_cast<unsigned>(is_digit(digit) ? digit - '0' : to_lower(digit) - 'a' + 10);
  }
  c = static_cast<char>(code & 0x7f);
  return code < 0x80 && is_word(c) ? Step::yes : Step::no;
}

// Reads word bytes, as they are or as \u escapes, with Markdown's `\_` for `_`; `more` when the text ends inside. A word longer
// than `limit` is no.
Step read_name(std::string_view text, std::size_t& at, std::size_t limit, Bracket& bracket, Name& name) {
  for (;;) {
    if (at == text.size()) return Step::more;
    const std::size_t slashes = text[at] == '\\' ? slash_run(text, at) : 0;
    if (at + slashes == text.size()) return Step::more;
    char c = text[at + slashes];
    std::size_t size = 1;
    if (slashes > 0 && c != '_') {
      const Step step = read_escaped_word(text, at + slashes, c);
      if (step != Step::yes) return step == Step::more ? step : Step::yes;
      if (!bracket.takes(true, slashes)) return Step::no;
      bracket.escape = slashes;
      size = 5;
    }
    if (!is_word(c)) return Step::yes;
    if (slashes > kMaxSlashes || name.text.size() == limit) return Step::no;
    name.changed = name.changed || slashes > 0 || is_lower(c);
    name.text.push_back(to_upper(c));
    at += slashes + size;
  }
}

TokenMatch none() {
  return {};
}
TokenMatch partial() {
  return {TokenMatch::Kind::partial, false, true, 0, nullptr};
}

}  // namespace

TokenIndex::TokenIndex(const Vault& vault) {
  for (const Vault::Entry& entry : vault.entries()) {
    std::string_view name = std::string_view(entry.token).substr(2, entry.token.size() - 4);
    by_name_.emplace(name, &entry);
    names_.push_back(name);
    longest_name_ = std::max(longest_name_, name.size());
    starts_[static_cast<unsigned char>(name.front())] = true;
  }
  std::sort(names_.begin(), names_.end());
  if (names_.empty()) return;
  for (char c : {'[', '\\', '\xef'}) starts_[static_cast<unsigned char>(c)] = true;
  longest_form_ = (4 + 2 * kMaxBlanks + longest_name_) * (kMaxSlashes + 5);
}

bool TokenIndex::begins_name(std::string_view prefix) const {
  auto next = std::lower_bound(names_.begin(), names_.end(), prefix);
  return next != names_.end() && next->starts_with(prefix);
}

bool TokenIndex::begins_longer_name(std::string_view name) const {
  auto next = std::upper_bound(names_.begin(), names_.end(), name);
  return next != names_.end() && next->starts_with(name);
}

const Vault::Entry* TokenIndex::find_name(std::string_view name) const {
  auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

TokenMatch TokenIndex::match_brackets(std::string_view text, std::size_t at) const {
  const std::size_t begin = at;
  Bracket bracket;
  if (Step step = read_bracket(text, at, bracket, false); step != Step::yes) return step == Step::more ? partial() : none();
  Step twice = read_bracket(text, at, bracket, false);
  if (twice == Step::more) return partial();
  bool blanks = false;
  if (skip_token_blanks(text, at, blanks) == Step::more) return partial();
  Name name;
  Step step = read_name(text, at, longest_name_, bracket, name);
  if (step == Step::no) return none();
  if (step == Step::more) return begins_name(name.text) ? partial() : none();
  const Vault::Entry* entry = find_name(name.text);
  if (entry == nullptr) return none();
  if (skip_token_blanks(text, at, blanks) == Step::more) return partial();
  for (int n = twice == Step::yes ? 2 : 1; n > 0; --n) {
    Step close = read_bracket(text, at, bracket, true);
    if (close != Step::yes) return close == Step::more ? partial() : none();
  }
  const bool plain = bracket.slashes == 0 && bracket.escape == kAnySlashes && bracket.spelling == kSpellings;
  bool exact = plain && twice == Step::yes && !blanks && !name.changed;
  return {TokenMatch::Kind::whole, exact, true, at - begin, entry};
}

TokenMatch TokenIndex::match_word(std::string_view text, std::size_t at, TextEnd end) const {
  std::size_t size = 0;
  while (at + size < text.size() && is_word(text[at + size])) {
    if (size == longest_name_ || is_lower(text[at + size])) return none();
    ++size;
  }
  std::string_view name = text.substr(at, size);
  if (at + size == text.size()) {
    if (end == TextEnd::open) return begins_name(name) ? TokenMatch{TokenMatch::Kind::partial, false, false, 0, nullptr} : none();
    if (end == TextEnd::cut || begins_longer_name(name)) return none();
  }
  const Vault::Entry* entry = find_name(name);
  if (entry == nullptr) return none();
  return {TokenMatch::Kind::whole, false, false, size, entry};
}

TokenMatch TokenIndex::match_at(std::string_view text, std::size_t at, bool word_before, TextEnd end) const {
  if (is_upper(text[at])) return word_before ? none() : match_word(text, at, end);
  return match_brackets(text, at);
}

bool is_word_before(std::string_view text, std::size_t at) {
  if (at == 0 || !is_word(text[at - 1])) return false;
  if (at >= 2 && text[at - 2] == '\\' && std::strchr("ntrbf", text[at - 1]) != nullptr) return false;
  if (at < 6 || text[at - 6] != '\\' || text[at - 5] != 'u') return true;
  return false;
}

LiteralCounter::State LiteralCounter::step(char c) {
  switch (state_) {
    case State::idle:
      return c == '[' ? State::one : State::idle;
    case State::one:
      return c == '[' ? State::two : State::idle;
    case State::two:
      if (c == '[') return State::two;
      kind_ = false;
      digits_ = 99;
      return is_upper(c) ? State::name : State::idle;
    case State::name:
      if (c == '_') {
        kind_ = true;
        digits_ = 0;
      } else if (is_digit(c)) {
        digits_ = std::min<std::uint32_t>(digits_ + 1, 99);
      } else if (is_upper(c)) {
        digits_ = 99;
      } else {
        if (c == ']' && kind_ && digits_ >= 3 && digits_ <= 9) return State::closing;
        return c == '[' ? State::one : State::idle;
      }
      return State::name;
    case State::closing:
      if (c == ']') ++count_;
      return c == '[' ? State::one : State::idle;
  }
  return State::idle;
}

void LiteralCounter::pass(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (state_ == State::idle) {
      at = std::min(text.find('[', at), text.size());
      if (at == text.size()) return;
    }
    state_ = step(text[at]);
  }
}

void append_escaped_times(std::string& out, std::string_view original, int times) {
  if (times <= 1) {
    times == 1 ? append_json_escaped(out, original) : void(out.append(original));
    return;
  }
  std::string inner = json_escaped(original);
  for (int n = 2; n < times; ++n) {
    std::string outer = json_escaped(inner);
    wipe(inner.data(), inner.size());
    inner = std::move(outer);
  }
  append_json_escaped(out, inner);
  wipe(inner.data(), inner.size());
}

}  // namespace pg
