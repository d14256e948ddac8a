// Values that look like personal data and credentials, made at run time from parts; and the placeholders that stand for them.
#include <algorithm>
#include <array>
#include <cstdint>
#include <random>

#include "tests/support/model_wire.h"

namespace pg::test {
namespace {

std::string pick(std::mt19937& random, std::string_view alphabet, std::size_t count) {
  std::string out;
  while (out.size() < count) out += alphabet[random() % alphabet.size()];
  return out;
}

std::uint32_t crc32_of(std::string_view text) {
  std::uint32_t crc = 0xFFFFFFFFu;
  for (const char c : text) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1u) != 0 ? 0xEDB88320u : 0u);
  }
  return ~crc;
}

constexpr std::string_view kLettersAndDigits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

}  // namespace

std::string make_email(std::string_view name) {
  return std::string(name) + "@" + "example.com";
}

std::string make_card() {
  const std::string digits = std::string("40") + "1288888888188";  // the check digit is computed below
  int sum = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    int digit = digits[digits.size() - 1 - i] - '0';
    if (i % 2 == 0) digit = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
    sum += digit;
  }
  return digits + static_cast<char>('0' + (10 - sum % 10) % 10);
}

std::string make_iban() {
  const std::string account = "500105175407324931";  // bank and account number
  const std::string shifted = account + "131400";    // DE00 with letters as numbers
  int rest = 0;
  for (const char c : shifted) rest = (rest * 10 + (c - '0')) % 97;
  const std::string check = std::to_string(98 - rest);
  return "DE" + std::string(check.size() < 2 ? "0" : "") + check + account;
}

std::string make_github_token(unsigned seed) {
  std::mt19937 random(seed);
  const std::string body = pick(random, kLettersAndDigits, 30);
  std::uint32_t crc = crc32_of(body);
  std::string check(6, '0');
  for (std::size_t i = 6; i-- > 0; crc /= 62) check[i] = kLettersAndDigits[crc % 62];
  return std::string("gh") + "p_" + body + check;
}

std::string make_aws_key_id(unsigned seed) {
  std::mt19937 random(seed + 77);
  return std::string("AK") + "IA" + pick(random, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16);
}

std::string make_private_key(unsigned seed) {
  std::mt19937 random(seed + 4711);
  const std::string alphabet = std::string(kLettersAndDigits) + "+/";
  std::string key = std::string("-----BEGIN RSA ") + "PRIVATE KEY-----\n";
  key += "MII" + pick(random, alphabet, 61) + "\n";
  for (int line = 0; line < 5; ++line) key += pick(random, alphabet, 64) + "\n";
  return key + "-----END RSA " + "PRIVATE KEY-----";
}

std::vector<std::string> placeholders_in(std::string_view text) {
  std::vector<std::string> out;
  for (std::size_t at = text.find("[["); at != std::string_view::npos; at = text.find("[[", at + 1)) {
    const std::size_t end = text.find("]]", at);
    if (end == std::string_view::npos) break;
    const std::string token(text.substr(at, end + 2 - at));
    const std::size_t line = token.rfind('_');
    if (line == std::string::npos || line < 3 || token.size() - line < 6) continue;
    const bool kind = std::all_of(token.begin() + 2, token.begin() + static_cast<std::ptrdiff_t>(line),
                                  [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; });
    const bool number = std::all_of(token.begin() + static_cast<std::ptrdiff_t>(line) + 1, token.end() - 2,
                                    [](char c) { return c >= '0' && c <= '9'; });
    if (kind && number && std::find(out.begin(), out.end(), token) == out.end()) out.push_back(token);
  }
  return out;
}

std::string replace_all(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

}  // namespace pg::test
