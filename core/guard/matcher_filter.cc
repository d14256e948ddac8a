// RE2 tells which words each expression needs; AnchorTable finds them, in either case. Where it is not certain that bytes of
// ASCII stand in every match, an expression is always tried.
#include "core/guard/matcher_filter.h"

#include <re2/filtered_re2.h>
#include <re2/re2.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "core/base/ascii.h"
#include "core/guard/anchors.h"

namespace pg {
namespace {

constexpr int kLeastWord = static_cast<int>(AnchorTable::kWindow);
// With (?i), these stand for k and s: U+212A (Kelvin) and U+017F (long s).
constexpr std::string_view kKelvin = "\xE2\x84\xAA", kLongS = "\xC5\xBF";

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// An escape could name a character beyond ASCII whose small letter is one of ASCII's: only those that cannot are known here.
bool is_plain(std::string_view regex) {
  static constexpr ByteSet kKnown("dDsSwWbBAznrtfva.,;:!?/\\|()[]{}<>*+^$#@%&=~_'\"` -");
  if (!is_ascii(regex)) return false;
  for (std::size_t at = regex.find('\\'); at != std::string_view::npos; at = regex.find('\\', at + 2))
    if (at + 1 >= regex.size() || !kKnown.has(regex[at + 1])) return false;
  return true;
}

// Whether a group may set the flag i; also says so of some that do not.
bool may_fold_case(std::string_view regex) {
  for (std::size_t at = regex.find("(?"); at != std::string_view::npos; at = regex.find("(?", at + 2))
    if (regex.substr(at + 2, regex.find_first_of(":)", at + 2) - at - 2).find('i') != std::string_view::npos) return true;
  return false;
}

ByteSet either_case(char c) {
  ByteSet both;
  both.add(c);
  both.add(to_upper(c));
  return both;
}

}  // namespace

struct MatcherFilter::State {
  re2::FilteredRE2 words{kLeastWord};
  std::vector<int> number_of;  // by RE2's own
  std::vector<int> always;     // numbers of those that are always tried
  std::vector<int> certain;    // words that are taken for found everywhere
  std::vector<int> at_least;   // numbers of those that are tried when no other word is found
  std::size_t word_count = 0;
  AnchorTable table;
  int added = 0;
  bool folds_case = false;
};

MatcherFilter::MatcherFilter() : state_(std::make_unique<State>()) {}
MatcherFilter::~MatcherFilter() = default;

// What may match where these words are, and no others.
std::vector<int> MatcherFilter::allowed_by(const std::vector<int>& words) const {
  std::vector<int> found = state_->always;
  std::vector<int> own;
  state_->words.AllPotentials(words, &own);
  for (const int number : own) found.push_back(state_->number_of[static_cast<std::size_t>(number)]);
  std::sort(found.begin(), found.end());
  return found;
}

void MatcherFilter::add(const std::string& regex) {
  State& s = *state_;
  const int number = s.added++;
  re2::RE2::Options options;
  options.set_log_errors(false);
  int own = 0;
  if (!is_plain(regex) || s.words.Add(regex, options, &own) != re2::RE2::NoError) {
    s.always.push_back(number);
    return;
  }
  s.number_of.push_back(number);
  s.folds_case = s.folds_case || may_fold_case(regex);
}

void MatcherFilter::build() {
  State& s = *state_;
  if (s.number_of.empty()) return;
  std::vector<std::string> words;
  s.words.Compile(&words);
  s.word_count = words.size();
  for (std::size_t i = 0; i < words.size(); ++i) {
    Anchor anchor;
    for (const char c : words[i]) anchor.push_back(either_case(c));
    const bool fits = is_ascii(words[i]) && i <= std::numeric_limits<std::uint16_t>::max();
    if (!fits || !s.table.add(anchor, static_cast<std::uint16_t>(i))) s.certain.push_back(static_cast<int>(i));
  }
  s.table.build();
  s.at_least = allowed_by(s.certain);
}

std::vector<int> MatcherFilter::candidates(std::string_view text) const {
  const State& s = *state_;
  if (s.number_of.empty()) return s.always;
  if (s.folds_case && (text.find(kKelvin) != std::string_view::npos || text.find(kLongS) != std::string_view::npos)) {
    std::vector<int> all(static_cast<std::size_t>(s.added));
    std::iota(all.begin(), all.end(), 0);
    return all;
  }
  AnchorTable::Scan scan(s.table, text);
  AnchorTable::Hit hit;
  if (!scan.next(hit)) return s.at_least;
  std::vector<bool> seen(s.word_count);
  for (const int word : s.certain) seen[static_cast<std::size_t>(word)] = true;
  do {
    seen[hit.owner] = true;
  } while (scan.next(hit));
  std::vector<int> words;
  for (std::size_t i = 0; i < seen.size(); ++i)
    if (seen[i]) words.push_back(static_cast<int>(i));
  return allowed_by(words);
}

}  // namespace pg
