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

struct Spelling {
  std::string_view open, close;
  bool escape;  // needs a backslash before it
};
constexpr Spelling kSpellings[] = {
    {"[", "]", false}, {"\xef\xbc\xbb", "\xef\xbc\xbd", false}, {"u005b", "u005d", true}, {"uff3b", "uff3d", true}};

struct Bracket {
  std::size_t slashes = 0;
  const Spelling* spelling = nullptr;
};

// Reads any opening bracket; on yes `at` is behind it.
Step read_open(std::string_view text, std::size_t& at, Bracket& bracket) {
  bracket.slashes = slash_run(text, at);
  if (bracket.slashes > kMaxSlashes) return Step::no;
  std::size_t begin = at + bracket.slashes;
  bool cut = begin == text.size();
  for (const Spelling& spelling : kSpellings) {
    if (cut || (spelling.escape && bracket.slashes == 0)) continue;
    Step step = find_part(text, begin, spelling.open);
    if (step == Step::yes) {
      bracket.spelling = &spelling;
      at = begin + spelling.open.size();
      return step;
    }
    if (step == Step::more) cut = true;
  }
  return cut ? Step::more : Step::no;
}

// Reads a bracket spelled like `bracket`.
Step read_same(std::string_view text, std::size_t& at, const Bracket& bracket, bool closing) {
  std::size_t slashes = slash_run(text, at);
  if (slashes > bracket.slashes) return Step::no;
  if (slashes < bracket.slashes) return at + slashes == text.size() ? Step::more : Step::no;
  std::string_view part = closing ? bracket.spelling->close : bracket.spelling->open;
  Step step = find_part(text, at + slashes, part);
  if (step == Step::yes) at += slashes + part.size();
  return step;
}

// Reads a space, a no-break space, or its JSON escape.
Step read_blank(std::string_view text, std::size_t& at) {
  if (at == text.size()) return Step::more;
  std::size_t size = 1;
  Step step = text[at] == ' ' ? Step::yes : Step::no;
  if (text[at] == '\xc2') {
    step = find_part(text, at, "\xc2\xa0");
    size = 2;
  } else if (text[at] == '\\') {
    std::size_t slashes = slash_run(text, at);
    step = slashes > kMaxSlashes ? Step::no : find_part(text, at + slashes, "u00a0");
    size = slashes + 5;
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

// Reads word bytes, with Markdown's `\_` for `_`; `more` when the text ends inside. A word longer than `limit` is no.
Step read_name(std::string_view text, std::size_t& at, std::size_t limit, Name& name) {
  for (;;) {
    if (at == text.size()) return Step::more;
    std::size_t slashes = text[at] == '\\' ? slash_run(text, at) : 0;
    if (at + slashes == text.size()) return Step::more;
    char c = text[at + slashes];
    if (slashes > 0 && c != '_') return Step::yes;
    if (!is_word(c)) return Step::yes;
    if (slashes > kMaxSlashes || name.text.size() == limit) return Step::no;
    name.changed = name.changed || slashes > 0 || is_lower(c);
    name.text.push_back(to_upper(c));
    at += slashes + 1;
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
  longest_form_ = (4 + 2 * kMaxBlanks) * (kMaxSlashes + 5) + longest_name_ * (kMaxSlashes + 1);
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
  if (Step step = read_open(text, at, bracket); step != Step::yes) return step == Step::more ? partial() : none();
  Step twice = read_same(text, at, bracket, false);
  if (twice == Step::more) return partial();
  bool blanks = false;
  if (skip_token_blanks(text, at, blanks) == Step::more) return partial();
  Name name;
  Step step = read_name(text, at, longest_name_, name);
  if (step == Step::no) return none();
  if (step == Step::more) return begins_name(name.text) ? partial() : none();
  const Vault::Entry* entry = find_name(name.text);
  if (entry == nullptr) return none();
  if (skip_token_blanks(text, at, blanks) == Step::more) return partial();
  for (int n = twice == Step::yes ? 2 : 1; n > 0; --n) {
    Step close = read_same(text, at, bracket, true);
    if (close != Step::yes) return close == Step::more ? partial() : none();
  }
  bool plain = bracket.slashes == 0 && bracket.spelling == kSpellings;
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
