// Card numbers, IBANs and social security numbers around a run of digits.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/base/text.h"
#include "core/guard/byte_set.h"
#include "core/guard/edges.h"
#include "core/guard/pii_finders.h"
#include "core/guard/validators.h"

namespace pg {
namespace {

/// True when the number that begins at `begin` is the tail of something longer: an id, a decimal, a UUID, a signed phone number.
bool is_tail_of_more(std::string_view text, std::size_t begin) {
  if (begin == 0) return false;
  const char before = text[begin - 1];
  if (kWord.has(before)) return escape_before(text, begin) == 0;
  // A diff's sign; behind a digit it may as well be the number's own dash as grep's.
  const bool behind_digit = begin >= 2 && kDigits.has(text[begin - 2]);
  if ((before == '-' || before == '+') && !behind_digit && line_sign_before(text, begin)) return false;
  const bool after_word = begin >= 2 && kWord.has(text[begin - 2]);
  if (before == '.' || before == '-') return after_word;
  return before == '+' || (before == ',' && begin >= 2 && kDigits.has(text[begin - 2]) && begin + 3 < text.size() &&
                           !kDigits.has(byte_at(text, begin + 3)));
}

bool is_head_of_more(std::string_view text, std::size_t end) {
  const char next = byte_at(text, end);
  if (kWord.has(next)) return true;
  const char after = byte_at(text, end + 1);
  // A factor: 4000000000000002*t
  return (next == '.' && kDigits.has(after)) || ((next == '-' || next == '*') && kWord.has(after));
}

/// 5282 5281 5290 5293 and the like: numbers that go on by little are a list of something.
bool is_list(const std::string& digits) {
  int steps = 0, last = 0;
  for (std::size_t i = 0; i + 4 <= digits.size(); i += 4) {
    int value = 0;
    for (std::size_t k = i; k < i + 4; ++k) value = value * 10 + (digits[k] - '0');
    if (i > 0 && value != last && std::abs(value - last) <= 20) ++steps;
    last = value;
  }
  return steps >= 2;
}

/// Fifteen digits from 1 to 5: the strokes of a Chinese character, as lists for sorting have them.
bool is_strokes(const std::string& digits) {
  return digits.size() == 15 && digits.find_first_not_of("12345") == std::string::npos;
}

bool is_card(const std::string& digits) {
  return !is_strokes(digits) && card_number_issued(digits) && luhn_valid(digits) &&
         digits.find_first_not_of(digits[0]) != std::string::npos;
}

/// The groups of digits from `run` on that one separator joins: at most five, none of more than six digits.
struct Groups {
  std::array<std::size_t, 5> sizes{};
  std::array<std::size_t, 5> ends{};
  std::size_t count = 0;
};

Groups read_groups(std::string_view text, Place run) {
  Groups groups;
  const char separator = byte_at(text, run.end);
  std::size_t at = run.begin;
  while (groups.count < groups.sizes.size()) {
    const std::size_t size = digits_at(text, at);
    if (size == 0 || size > 6) break;
    groups.sizes[groups.count] = size;
    groups.ends[groups.count++] = at + size;
    if (byte_at(text, at + size) != separator) break;
    at += size + 1;
  }
  return groups;
}

std::string only_digits(std::string_view text) {
  std::string digits;
  for (const char c : text)
    if (kDigits.has(c)) digits += c;
  return digits;
}

/// 4-4-4-4, 4-4-4-4-3, 4-6-5 and 4-6-4 (American Express, Diners Club) with one separator throughout.
std::optional<Place> grouped_card(std::string_view text, Place run) {
  const Groups groups = read_groups(text, run);
  const auto card_to = [&](std::size_t group) -> std::optional<Place> {
    const Place place{run.begin, groups.ends[group]};
    return is_card(only_digits(text.substr(place.begin, place.size()))) ? std::optional(place) : std::nullopt;
  };
  const auto& sizes = groups.sizes;
  if (groups.count >= 3 && sizes[1] == 6 && (sizes[2] == 5 || sizes[2] == 4)) return card_to(2);
  if (groups.count < 4 || sizes[1] != 4 || sizes[2] != 4 || sizes[3] != 4) return std::nullopt;
  if (groups.count == 5 && sizes[4] == 3) {
    if (const auto long_card = card_to(4)) return long_card;
  }
  // A fifth group of four makes it a row of a table; any other number behind a space is none of the card's.
  if (groups.count == 5 && sizes[4] == 4) return std::nullopt;
  if (is_list(only_digits(text.substr(run.begin, groups.ends[3] - run.begin)))) return std::nullopt;
  return card_to(3);
}

/// A group of four with the same separator stands before: the middle of a longer row.
bool follows_group(std::string_view text, std::size_t begin, char separator) {
  return begin >= 5 && text[begin - 1] == separator && kDigits.has(text[begin - 2]) && kDigits.has(text[begin - 3]) &&
         kDigits.has(text[begin - 4]) && kDigits.has(text[begin - 5]) && (begin == 5 || !kDigits.has(text[begin - 6]));
}

bool is_any_hex(std::string_view group) {
  return group.size() == 4 && std::all_of(group.begin(), group.end(), [](char c) { return kHex.has(c); });
}

/// Four hexadecimal digits, one of them a letter and one a number: what stands around the groups in the dump of a file.
bool is_hex_group(std::string_view group) {
  std::size_t digits = 0;
  for (const char c : group) {
    if (!kHex.has(c)) return false;
    digits += kDigits.has(c) ? 1 : 0;
  }
  return group.size() == 4 && digits > 0 && digits < 4;
}

/// One of the groups of a dump: more than one other stands beside it, or the address at the beginning of the line.
bool is_in_dump(std::string_view text, Place place, char separator) {
  const auto is_group = [&](std::size_t begin, std::size_t end) {
    return end <= text.size() && is_any_hex(text.substr(begin, 4)) && (begin == 0 || !kWord.has(text[begin - 1])) &&
           (end == text.size() || !kWord.has(text[end]));
  };
  std::size_t groups = 0, lettered = 0;
  for (std::size_t at = place.end; byte_at(text, at) == separator && is_group(at + 1, at + 5) && groups < 8; at += 5, ++groups)
    lettered += is_hex_group(text.substr(at + 1, 4)) ? 1 : 0;
  for (std::size_t at = place.begin; at >= 5 && text[at - 1] == separator && is_group(at - 5, at - 1) && groups < 8;
       at -= 5, ++groups)
    lettered += is_hex_group(text.substr(at - 5, 4)) ? 1 : 0;
  if (groups >= 2 && lettered > 0) return true;
  if (place.begin < 5 || text[place.begin - 1] != separator) return false;
  std::size_t end = place.begin - 1;
  while (end > 0 && (text[end - 1] == ' ' || text[end - 1] == ':')) --end;
  std::size_t begin = end;
  while (begin > 0 && end - begin < 16 && kHex.has(text[begin - 1])) --begin;
  return end - begin >= 6 && text[begin] == '0' && (begin == 0 || text[begin - 1] == '\n');
}

constexpr Labels kSsnWords("ssn|social security|social-security|social_security|socialsecurity");

}  // namespace

std::optional<Place> card_at(std::string_view text, Place run) {
  if (is_tail_of_more(text, run.begin)) return std::nullopt;
  if (run.begin > 0 && text[run.begin - 1] == '.') return std::nullopt;  // a decimal without its zero: f(.4111111111111111)
  if (run.size() == 4) {
    const char separator = byte_at(text, run.end);
    if (follows_group(text, run.begin, separator)) return std::nullopt;
    const auto found = grouped_card(text, run);
    return found && !is_head_of_more(text, found->end) && !is_in_dump(text, *found, separator) ? found : std::nullopt;
  }
  if (is_head_of_more(text, run.end) || !is_card(std::string(text.substr(run.begin, run.size())))) return std::nullopt;
  return run;
}

std::optional<Place> iban_at(std::string_view text, Place run) {
  const std::size_t begin = run.begin - 2;
  if (!left_edge(text, begin, kWord)) return std::nullopt;
  const std::size_t length = iban_length(text.substr(begin, 2));
  if (length == 0) return std::nullopt;
  std::string iban;
  const bool spaced = byte_at(text, begin + 4) == ' ';
  std::size_t at = begin;
  for (; iban.size() < length && at < text.size(); ++at) {
    if (spaced && iban.size() % 4 == 0 && !iban.empty()) {
      if (text[at] != ' ') return std::nullopt;
      ++at;
      if (at >= text.size()) return std::nullopt;
    }
    if (!kDigits.has(text[at]) && !kUpper.has(text[at])) return std::nullopt;
    iban += text[at];
  }
  if (iban.size() != length || !right_edge(text, at, kWord) || !iban_valid(iban)) return std::nullopt;
  return Place{begin, at};
}

std::optional<Place> ssn_at(std::string_view text, Place run) {
  if (is_tail_of_more(text, run.begin)) return std::nullopt;
  if (run.size() == 9) {
    if (is_head_of_more(text, run.end)) return std::nullopt;
    if (!ssn_issued(text.substr(run.begin, 3), text.substr(run.begin + 3, 2), text.substr(run.begin + 5, 4))) return std::nullopt;
    return label_before(text, run.begin, 32, kSsnWords) ? std::optional(run) : std::nullopt;
  }
  const char separator = byte_at(text, run.end);
  if (separator != '-' && separator != ' ' && separator != '.') return std::nullopt;
  const std::size_t group = run.end + 1;
  if (digits_at(text, group) != 2 || byte_at(text, group + 2) != separator) return std::nullopt;
  const std::size_t serial = group + 3;
  const std::size_t end = serial + digits_at(text, serial);
  if (end != serial + 4 || is_head_of_more(text, end)) return std::nullopt;
  if (!ssn_issued(text.substr(run.begin, 3), text.substr(group, 2), text.substr(serial, 4))) return std::nullopt;
  if (separator != '-' && !label_before(text, run.begin, 32, kSsnWords)) return std::nullopt;
  return Place{run.begin, end};
}

std::string_view word_before(std::string_view text, std::size_t at, std::size_t reach, const ByteSet& between) {
  static constexpr ByteSet kLetters("A-Za-z");
  std::size_t end = at;
  while (end > 0 && at - end < reach && between.has(text[end - 1])) --end;
  std::size_t begin = end;
  while (begin > 0 && end - begin < 24 && kLetters.has(text[begin - 1])) --begin;
  return text.substr(begin, end - begin);
}

std::size_t digits_at(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end < text.size() && kDigits.has(text[end])) ++end;
  return end - at;
}

bool label_before(std::string_view text, std::size_t at, std::size_t reach, const Labels& labels) {
  const auto lower = [&](std::size_t i) { return kUpper.has(text[i]) ? static_cast<char>(text[i] + 32) : text[i]; };
  const std::size_t stop = at > reach ? at - reach : 0;
  for (std::size_t begin = at; begin > stop && text[begin - 1] != '\n';) {
    --begin;
    if (!labels.firsts.has(lower(begin)) || (begin > stop && kLower.has(lower(begin - 1))))
      continue;  // words begin where letters begin
    for (std::string_view rest = labels.words; !rest.empty();) {
      const std::string_view word = rest.substr(0, rest.find('|'));
      rest.remove_prefix(std::min(rest.size(), word.size() + 1));
      if (begin + word.size() > at || lower(begin) != word[0]) continue;
      std::size_t k = 1;
      while (k < word.size() && lower(begin + k) == word[k]) ++k;
      if (k == word.size()) return true;
    }
  }
  return false;
}

}  // namespace pg
