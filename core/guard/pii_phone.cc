// Phone numbers: international with '+', North American with separators, bare digits only behind a label.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/guard/byte_set.h"
#include "core/guard/edges.h"
#include "core/guard/pii_finders.h"

namespace pg {
namespace {

constexpr ByteSet kJoiner(" .()-");
constexpr WordSet kLabels(
    "phone|phones|telephone|tel|mobile|cell|cellphone|fax|whatsapp|phonenumber|phoneno|telephonenumber|telno|mobilenumber|"
    "mobileno|mobilephone|cellnumber|faxnumber|faxno");
constexpr WordSet kBetweenLabelAndNumber("number|no|nr|num|is|at|on|home|work|office|private");

bool ends_token(std::string_view text, std::size_t end) {
  const char next = byte_at(text, end);
  const char after = byte_at(text, end + 1);
  if (kWord.has(next) || next == '/' || next == '@' || next == '%') return false;
  return !((next == '.' || next == '-' || next == ':' || next == ',') && kDigits.has(after));
}

bool begins_token(std::string_view text, std::size_t begin) {
  if (begin == 0) return true;
  static constexpr ByteSet kForbidden("A-Za-z0-9_.+/#$@)]-");  // a[1]+38016083 is a sum
  return left_edge(text, begin, kForbidden);
}

/// NANP: area and exchange begin with 2-9, and an area is no service code (N11).
bool is_nanp(std::string_view digits) {
  if (digits.size() != 10) return false;
  const auto high = [](char c) { return c >= '2' && c <= '9'; };
  return high(digits[0]) && high(digits[3]) && !(digits[1] == '1' && digits[2] == '1');
}

struct Digits {
  std::array<char, 16> bytes{};
  std::size_t size = 0;
  std::string_view view() const { return {bytes.data(), size}; }
};

/// Walks digits and up to three joiners between them from `at`, as far as a token ends with at most 15 digits: what stands behind
/// a space may be another number. The end, with the digits up to there, or `at` when no token ends.
std::size_t walk_number(std::string_view text, std::size_t at, Digits& digits) {
  std::size_t best = at, best_size = 0;
  while (at < text.size()) {
    while (kDigits.has(byte_at(text, at)) && digits.size < digits.bytes.size()) digits.bytes[digits.size++] = text[at++];
    if (digits.size == digits.bytes.size()) break;
    if (ends_token(text, at)) {
      best = at;
      best_size = digits.size;
    }
    std::size_t joiners = 0;
    while (kJoiner.has(byte_at(text, at)) && joiners < 3) ++at, ++joiners;
    if (joiners == 0 || !kDigits.has(byte_at(text, at))) break;
  }
  digits.size = best_size;
  return best;
}

/// 2016-10-24 and 2016.10.24.
bool is_date(std::string_view number) {
  return number.size() == 10 && !kDigits.has(number[4]) && number[4] == number[7] && digits_at(number, 0) == 4 &&
         digits_at(number, 5) == 2;
}

/// The word that announces a number: nothing between them but signs and a word such as "number"; telnet and phone_number_id are
/// other words.
bool is_announced(std::string_view text, std::size_t at) {
  static constexpr ByteSet kBetween(" \t:.=\"'\\|>(*`_-");
  for (int words = 0; words < 3; ++words) {
    const std::string_view word = word_before(text, at, 6, kBetween);
    if (word.empty()) return false;
    const auto begin = static_cast<std::size_t>(word.data() - text.data());
    if (kLabels.has(word)) return begin == 0 || (text[begin - 1] != '@' && !kDigits.has(text[begin - 1]));
    if (equals_ignore_case(word, "me")) return equals_ignore_case(word_before(text, begin, 1, kBetween), "call");
    if (!kBetweenLabelAndNumber.has(word)) return false;
    at = begin;
  }
  return false;
}

/// 1697712345678: milliseconds of this age, which some fields named "mobile" hold.
bool is_timestamp(std::string_view number) {
  return number.size() == 13 && number[0] == '1' && digits_at(number, 0) == number.size();
}

/// 20240101, as an added line of a diff has it behind its '+'.
bool is_day(std::string_view digits) {
  if (digits.size() != 8 || (digits.substr(0, 2) != "19" && digits.substr(0, 2) != "20")) return false;
  const int month = (digits[4] - '0') * 10 + (digits[5] - '0'), day = (digits[6] - '0') * 10 + (digits[7] - '0');
  return month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

/// 320 480 768 1024: four numbers that grow are sizes.
bool is_growing(std::string_view number) {
  std::size_t groups = 0;
  long last = -1;
  for (std::size_t at = 0; at < number.size(); ++at) {
    const std::size_t size = digits_at(number, at);
    if (size == 0) continue;
    long value = 0;
    for (std::size_t i = at; i < at + std::min<std::size_t>(size, 9); ++i) value = value * 10 + (number[i] - '0');
    if (value <= last) return false;
    last = value;
    ++groups;
    at += size;
  }
  return groups >= 4;
}

/// A brace or bracket stands in the `reach` bytes before `at`: a label in front of it names the structure, not the number.
bool begins_structure(std::string_view text, std::size_t at, std::size_t reach) {
  const std::size_t begin = at > reach ? at - reach : 0;
  return text.substr(begin, at - begin).find_first_of("{}[]") != std::string_view::npos;
}

/// +5320-00615 and +415000-0705200 (ISO 6709): degrees and minutes north, then three digits of degrees and minutes of a list.
bool is_coordinate(std::string_view text, std::size_t begin) {
  const std::size_t north = digits_at(text, begin), sign = begin + north;
  if ((north != 4 && north != 6) || (byte_at(text, sign) != '-' && byte_at(text, sign) != '+')) return false;
  const std::size_t east = digits_at(text, sign + 1), end = sign + 1 + east;
  if (east != north + 1 || text[begin + 2] > '5' || text[sign + 4] > '5') return false;
  return text[sign + 1] == '0' || byte_at(text, end) == '\t' || byte_at(text, end) == '/';
}

/// +CC…: ITU-T E.164, 8 to 15 digits in all.
std::optional<Place> international(std::string_view text, Place run) {
  const std::size_t begin = run.begin - 1;
  if (!begins_token(text, begin) || text[run.begin] == '0' || is_coordinate(text, run.begin)) return std::nullopt;
  Digits digits;
  const std::size_t end = walk_number(text, run.begin, digits);
  if (digits.size < 8 || (is_day(digits.view()) && end - run.begin == 8)) return std::nullopt;
  if (digits.view() == "2147483647" || digits.view() == "2147483648") return std::nullopt;  // the largest of 32 bits
  if (digits.bytes[0] == '1' && !is_nanp(digits.view().substr(1))) return std::nullopt;
  return Place{begin, end};
}

/// (ddd) ddd-dddd, ddd-ddd-dddd, ddd.ddd.dddd, ddd ddd dddd; `area` is where the three digits of the area are.
std::optional<Place> separated(std::string_view text, std::size_t area, std::size_t begin) {
  if (digits_at(text, area) != 3) return std::nullopt;
  std::size_t at = area + 3;
  const bool paren = area > 0 && text[area - 1] == '(';
  if (paren) {
    if (byte_at(text, at) != ')') return std::nullopt;
    ++at;
    if (byte_at(text, at) == ' ' || byte_at(text, at) == '-') ++at;
  } else {
    if (!kJoiner.has(byte_at(text, at)) || byte_at(text, at) == '(') return std::nullopt;
    ++at;
  }
  if (digits_at(text, at) != 3) return std::nullopt;
  const char joiner = byte_at(text, at + 3);
  if (joiner != '-' && joiner != '.' && joiner != ' ') return std::nullopt;
  if (!paren && joiner != text[area + 3]) return std::nullopt;
  const std::size_t line = at + 4;
  if (digits_at(text, line) != 4 || !ends_token(text, line + 4)) return std::nullopt;
  std::string digits(text.substr(area, 3));
  digits.append(text.substr(at, 3)).append(text.substr(line, 4));
  if (!is_nanp(digits)) return std::nullopt;
  if (joiner == ' ' && !paren) {
    // 750 751 2400: numbers of a list, or a row of more of them
    if (begin == area && area >= 2 && text[area - 1] == ' ' && kDigits.has(text[area - 2])) return std::nullopt;
    const int step = std::atoi(digits.substr(3, 3).c_str()) - std::atoi(digits.substr(0, 3).c_str());
    if (step >= 0 && step <= 20) return std::nullopt;
    if (byte_at(text, line + 4) == ' ' && kDigits.has(byte_at(text, line + 5))) return std::nullopt;
  }
  return Place{begin, line + 4};
}

}  // namespace

std::optional<Place> phone_at(std::string_view text, Place run) {
  if (run.begin > 0 && text[run.begin - 1] == '+') return international(text, run);
  const bool paren = run.begin > 0 && text[run.begin - 1] == '(';
  const std::size_t begin = paren ? run.begin - 1 : run.begin;
  if (!begins_token(text, begin)) return std::nullopt;
  if (run.size() == 3) {
    if (const auto place = separated(text, run.begin, begin)) return place;
  }
  if (run.size() == 1 && text[run.begin] == '1' && kJoiner.has(byte_at(text, run.end))) {
    const std::size_t area = run.end + (byte_at(text, run.end + 1) == '(' ? 2U : 1U);
    if (const auto place = separated(text, area, begin)) return place;
  }
  // Bare digits are timestamps, ids and sums far more often than phones.
  Digits digits;
  const std::size_t end = walk_number(text, run.begin, digits);
  const std::string_view number = text.substr(run.begin, end - run.begin);
  if (digits.size < 7 || is_date(number) || is_timestamp(number) || is_growing(number)) return std::nullopt;
  if (!is_announced(text, begin) || begins_structure(text, run.begin, 8)) return std::nullopt;
  return Place{begin, end};
}

}  // namespace pg
