// Checks of personal data: card issuers and Luhn, IBAN registry and mod 97, social security numbers, top-level domains.
#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <unordered_set>

#include "core/base/shipped.h"
#include "core/guard/byte_set.h"
#include "core/guard/validators.h"

namespace pg {
namespace {

/// Numbers whose first four digits lie in [low, high], with the lengths issued (bit n: n digits).
struct Issuer {
  int low, high;
  unsigned lengths;
};
constexpr unsigned len(int n) {
  return 1U << n;
}
constexpr Issuer kIssuers[] = {
    {4000, 4999, len(16) | len(19)},  // Visa; its 13 digits went out of use and are timestamps today
    {5100, 5599, len(16)},            // Mastercard
    {2221, 2720, len(16)},            // Mastercard, second range
    {3400, 3499, len(15)},
    {3700, 3799, len(15)},  // American Express
    {6011, 6011, len(16) | len(19)},
    {6440, 6599, len(16) | len(19)},  // Discover
    {3528, 3589, len(16) | len(19)},  // JCB
    {3000, 3059, len(14)},
    {3095, 3095, len(14)},
    {3600, 3699, len(14)},
    {3800, 3999, len(14)},                                // Diners Club
    {6200, 6299, len(16) | len(17) | len(18) | len(19)},  // UnionPay
    {2200, 2204, len(16)},                                // Mir
    {5018, 5018, len(16)},
    {5020, 5020, len(16)},
    {5038, 5038, len(16)},
    {5893, 5893, len(16)},
    {6304, 6304, len(16)},
    {6759, 6759, len(16)},
    {6761, 6763, len(16)},  // Maestro
};

/// A country of the SWIFT registry: length of the whole, and the national part as runs of n (digits), a (letters), c (either).
struct IbanCountry {
  std::string_view code;
  std::size_t length;
  std::string_view shape;
};
constexpr IbanCountry kIbans[] = {
    {"AD", 24, "8n12c"},    {"AE", 23, "19n"},      {"AL", 28, "8n16c"},   {"AT", 20, "16n"},     {"AZ", 28, "4a20c"},
    {"BA", 20, "16n"},      {"BE", 16, "12n"},      {"BG", 22, "4a6n8c"},  {"BH", 22, "4a14c"},   {"BI", 27, "23n"},
    {"BR", 29, "23n1a1c"},  {"BY", 28, "4c4n16c"},  {"CH", 21, "5n12c"},   {"CR", 22, "18n"},     {"CY", 28, "8n16c"},
    {"CZ", 24, "20n"},      {"DE", 22, "18n"},      {"DJ", 27, "23n"},     {"DK", 18, "14n"},     {"DO", 28, "4c20n"},
    {"EE", 20, "16n"},      {"EG", 29, "25n"},      {"ES", 24, "20n"},     {"FI", 18, "14n"},     {"FK", 18, "2a12n"},
    {"FO", 18, "14n"},      {"FR", 27, "10n11c2n"}, {"GB", 22, "4a14n"},   {"GE", 22, "2a16n"},   {"GI", 23, "4a15c"},
    {"GL", 18, "14n"},      {"GR", 27, "7n16c"},    {"GT", 28, "24c"},     {"HR", 21, "17n"},     {"HU", 28, "24n"},
    {"IE", 22, "4a14n"},    {"IL", 23, "19n"},      {"IQ", 23, "4a15n"},   {"IS", 26, "22n"},     {"IT", 27, "1a10n12c"},
    {"JO", 30, "4a4n18c"},  {"KW", 30, "4a22c"},    {"KZ", 20, "3n13c"},   {"LB", 28, "4n20c"},   {"LC", 32, "4a24c"},
    {"LI", 21, "5n12c"},    {"LT", 20, "16n"},      {"LU", 20, "3n13c"},   {"LV", 21, "4a13c"},   {"LY", 25, "21n"},
    {"MC", 27, "10n11c2n"}, {"MD", 24, "20c"},      {"ME", 22, "18n"},     {"MK", 19, "3n10c2n"}, {"MN", 20, "16n"},
    {"MR", 27, "23n"},      {"MT", 31, "4a5n18c"},  {"MU", 30, "4a19n3a"}, {"NI", 28, "4a20n"},   {"NL", 18, "4a10n"},
    {"NO", 15, "11n"},      {"OM", 23, "3n16c"},    {"PK", 24, "4a16c"},   {"PL", 28, "24n"},     {"PS", 29, "4a21c"},
    {"PT", 25, "21n"},      {"QA", 29, "4a21c"},    {"RO", 24, "4a16c"},   {"RS", 22, "18n"},     {"RU", 33, "14n15c"},
    {"SA", 24, "2n18c"},    {"SC", 31, "4a20n3a"},  {"SD", 18, "14n"},     {"SE", 24, "20n"},     {"SI", 19, "15n"},
    {"SK", 24, "20n"},      {"SM", 27, "1a10n12c"}, {"SO", 23, "19n"},     {"ST", 25, "21n"},     {"SV", 28, "4a20n"},
    {"TL", 23, "19n"},      {"TN", 24, "20n"},      {"TR", 26, "6n16c"},   {"UA", 29, "6n19c"},   {"VA", 22, "18n"},
    {"VG", 24, "4a16n"},    {"XK", 20, "16n"},      {"YE", 30, "4a4n18c"},
};

const IbanCountry* find_country(std::string_view code) {
  for (const IbanCountry& country : kIbans)
    if (country.code == code) return &country;
  return nullptr;
}

bool has_shape(std::string_view national, std::string_view shape) {
  std::size_t at = 0;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    std::size_t count = 0;
    for (; kDigits.has(shape[i]); ++i) count = count * 10 + static_cast<std::size_t>(shape[i] - '0');
    for (; count > 0; --count, ++at) {
      if (at >= national.size()) return false;
      const bool digit = kDigits.has(national[at]);
      const bool letter = kUpper.has(national[at]);
      if (shape[i] == 'n' ? !digit : shape[i] == 'a' ? !letter : !digit && !letter) return false;
    }
  }
  return at == national.size();
}

int number(std::string_view digits) {
  int value = 0;
  for (const char d : digits) value = value * 10 + (d - '0');
  return value;
}

}  // namespace

bool luhn_valid(std::string_view digits) {
  int sum = 0;
  bool doubled = false;
  for (auto it = digits.rbegin(); it != digits.rend(); ++it, doubled = !doubled) {
    int d = *it - '0';
    if (doubled) d = d > 4 ? 2 * d - 9 : 2 * d;
    sum += d;
  }
  return !digits.empty() && sum % 10 == 0;
}

bool card_number_issued(std::string_view digits) {
  if (digits.size() < 14 || digits.size() > 19) return false;
  const int head = number(digits.substr(0, 4));
  return std::any_of(std::begin(kIssuers), std::end(kIssuers), [&](const Issuer& issuer) {
    return head >= issuer.low && head <= issuer.high && (issuer.lengths >> digits.size() & 1) != 0;
  });
}

std::size_t iban_length(std::string_view country) {
  const IbanCountry* found = find_country(country);
  return found == nullptr ? 0 : found->length;
}

bool iban_valid(std::string_view iban) {
  if (iban.size() < 15) return false;
  const IbanCountry* country = find_country(iban.substr(0, 2));
  if (country == nullptr || iban.size() != country->length || !kDigits.has(iban[2]) || !kDigits.has(iban[3])) return false;
  if (!has_shape(iban.substr(4), country->shape)) return false;
  // ISO 7064 gives 02 to 98; the others leave the same rest and are never issued.
  const int check = number(iban.substr(2, 2));
  if (check < 2 || check > 98) return false;
  unsigned rest = 0;
  for (std::size_t i = 0; i < iban.size(); ++i) {
    const char c = iban[(i + 4) % iban.size()];
    rest = kDigits.has(c) ? (rest * 10 + static_cast<unsigned>(c - '0')) % 97
                          : (rest * 100 + static_cast<unsigned>(c - 'A') + 10) % 97;
  }
  return rest == 1;
}

bool ssn_issued(std::string_view area, std::string_view group, std::string_view serial) {
  if (area == "000" || area == "666" || area[0] == '9' || group == "00" || serial == "0000") return false;
  // Two numbers that were printed on sample cards and in advertisements, and are void.
  return !(area == "078" && group == "05" && serial == "1120") && !(area == "219" && group == "09" && serial == "9999");
}

bool is_tld(std::string_view label) {
  static const auto kTlds = [] {
    std::unordered_set<std::string_view> tlds;
    std::string_view rest = shipped("tlds.txt");
    while (!rest.empty()) {
      const std::size_t end = rest.find('\n');
      tlds.insert(rest.substr(0, end));
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
    return tlds;
  }();
  if (label.size() < 2 || label.size() > 63) return false;
  std::string lower(label);
  for (char& c : lower) c = kUpper.has(c) ? static_cast<char>(c + 32) : c;
  return kTlds.contains(lower);
}

}  // namespace pg
