// Checksums and structure of secrets: CRC32 in base 62, hashes in base 32, JWT headers, PyPI macaroons.
#include "core/guard/validators.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "core/base/crypto.h"
#include "core/base/encode.h"
#include "core/base/text.h"
#include "core/guard/byte_set.h"
#include "core/guard/login_forms.h"
#include "core/guard/pem.h"
#include "core/guard/stand_ins.h"
#include "core/guard/url_password.h"

namespace pg {
namespace {

/// prefix_BODYcccccc: the last six are the checksum of what stands between the first '_' and them.
Judgement check_crc32_base62(Candidate& c) {
  const std::string_view token = c.value_text();
  const std::size_t underscore = token.find('_');
  if (underscore == std::string_view::npos || token.size() < underscore + 8) return Judgement::no;
  const std::string_view body = token.substr(underscore + 1, token.size() - underscore - 7);
  return base62_6(crc32(body)) == token.substr(token.size() - 6) ? Judgement::certain : Judgement::weak;
}

Judgement check_github_pat(Candidate& c) {
  const std::string_view token = c.value_text();
  if (token.size() < 32) return Judgement::no;
  return base32_sha256_8(token.substr(0, token.size() - 16)) == token.substr(token.size() - 16, 8) ? Judgement::certain
                                                                                                   : Judgement::weak;
}

std::optional<nlohmann::json> decoded_object(std::string_view part) {
  const auto bytes = from_base64url(part);
  if (!bytes) return std::nullopt;
  auto value = nlohmann::json::parse(*bytes, nullptr, false);
  if (!value.is_object()) return std::nullopt;
  return value;
}

/// RFC 7519 §7.2: the header is an object with `alg`, the payload an object. jwt.io's own sample is nobody's secret.
Judgement check_jwt(Candidate& c) {
  const std::string_view token = c.value_text();
  const std::size_t start = token.substr(0, 4) == "ghs_" ? token.rfind('_', token.find('.')) + 1 : 0;
  const std::size_t first = token.find('.');
  const std::size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos) return Judgement::no;
  const auto header = decoded_object(token.substr(start, first - start));
  if (!header || !header->contains("alg")) return Judgement::no;
  const auto payload = decoded_object(token.substr(first + 1, second - first - 1));
  if (!payload) return Judgement::no;
  const auto text = [&](const char* key) {
    const auto it = payload->find(key);
    return it != payload->end() && it->is_string() ? it->get<std::string>() : std::string();
  };
  if (text("name") == "John Doe" && text("sub") == "1234567890") return Judgement::no;
  return Judgement::possible;
}

/// A version 2 macaroon (libmacaroons format): version byte, then the location field, which names the index.
Judgement check_macaroon(Candidate& c) {
  const std::string_view token = c.value_text();
  const auto bytes = from_base64url(token.substr(token.find('-') + 1));
  if (!bytes || bytes->size() < 40) return Judgement::no;
  const std::string_view m = *bytes;
  const auto length = static_cast<std::size_t>(static_cast<unsigned char>(m[2]));
  if (m[0] != '\x02' || m[1] != '\x01' || m.size() < 3 + length) return Judgement::no;
  const std::string_view location = m.substr(3, length);
  return location == "pypi.org" || location == "test.pypi.org" ? Judgement::possible : Judgement::no;
}

/// base64 of "user:password", as in .docker/config.json and Authorization headers; not of prose, nor of what is filled in later.
Judgement check_basic_auth(Candidate& c) {
  const auto bytes = from_base64(c.value_text());
  if (!bytes) return Judgement::no;
  const std::size_t colon = bytes->find(':');
  if (colon == std::string::npos || bytes->size() - colon < 5) return Judgement::no;
  // Without a user it is a token, as Azure DevOps takes it.
  constexpr std::size_t kShortestToken = 20;
  if (colon == 0 && (bytes->size() <= kShortestToken || !is_no_word(std::string_view(*bytes).substr(1)))) return Judgement::no;
  if (std::any_of(bytes->begin(), bytes->end(), [](char byte) { return byte <= ' ' || byte > '~'; })) return Judgement::no;
  const Login login{std::string_view(*bytes).substr(0, colon), std::string_view(*bytes).substr(colon + 1), {}};
  return is_filled_in_later(login.password) || is_stand_in(login) ? Judgement::no : Judgement::possible;
}

/// An identifier of capitals, such as a constant that happens to begin like a key, has few of the letters that words seldom have.
Judgement check_no_name(Candidate& c) {
  const std::string_view value = c.value_text();
  static constexpr ByteSet kSeldom("JKQVXYZ2-7");
  const auto seldom = std::count_if(value.begin() + 4, value.end(), [](char byte) { return kSeldom.has(byte); });
  return value.substr(0, 4) == "AKIA" || seldom >= 2 ? Judgement::possible : Judgement::no;
}

/// Lower case, upper case and digits, all three: what random letters have and identifiers seldom do.
Judgement check_mixed(Candidate& c) {
  bool lower = false, upper = false, digit = false;
  for (const char byte : c.value_text()) {
    lower |= kLower.has(byte);
    upper |= kUpper.has(byte);
    digit |= kDigits.has(byte);
  }
  return lower && upper && digit ? Judgement::possible : Judgement::no;
}

/// What people assign to a password or token, and no name, date or version: letters and digits that change places often, or hex.
Judgement check_assigned(Candidate& c) {
  // A token of these names says where a list goes on, or which public key signed.
  constexpr std::array<std::string_view, 5> kPlaces = {"next", "continuation", "page", "cursor", "publickey"};
  std::string_view before = c.text.substr(0, c.whole.begin);
  if (!before.empty() && (before.back() == '_' || before.back() == '-')) before.remove_suffix(1);
  for (const std::string_view place : kPlaces)
    if (before.size() >= place.size() && equals_ignore_case(before.substr(before.size() - place.size()), place))
      return Judgement::no;
  const std::string_view value = c.value_text();
  // CURLOPTTYPE_STRINGPOINT+174: a sum of a constant
  const bool constant = value.find('_') != std::string_view::npos && value.find_first_of("+*") != std::string_view::npos &&
                        std::none_of(value.begin(), value.end(), [](char byte) { return kLower.has(byte); });
  if (constant) return Judgement::no;
  std::size_t changes = 0, words = 1;
  for (std::size_t i = 1; i < value.size(); ++i) {
    changes += kDigits.has(value[i]) != kDigits.has(value[i - 1]) || kUpper.has(value[i]) != kUpper.has(value[i - 1]) ? 1 : 0;
    words += value[i] == '-' || value[i] == '_' || value[i] == '/' ? 1 : 0;
  }
  return changes >= 4 && words <= 1 + value.size() / 12 ? Judgement::possible : Judgement::no;
}

constexpr std::array<std::pair<std::string_view, Validator>, 20> kValidators = {{
    {"crc32_base62", check_crc32_base62},
    {"github_pat", check_github_pat},
    {"jwt", check_jwt},
    {"macaroon", check_macaroon},
    {"pem", check_pem},
    {"pem_base64", check_pem_base64},
    {"ppk", check_ppk},
    {"url_password", check_url_password},
    {"web_password", check_web_password},
    {"basic_auth", check_basic_auth},
    {"mixed", check_mixed},
    {"assigned", check_assigned},
    {"no_name", check_no_name},
    {"dsn_password", check_dsn_password},
    {"pgpass_password", check_pgpass_password},
    {"netrc_password", check_netrc_password},
    {"connection_password", check_connection_password},
    {"curl_password", check_curl_password},
    {"azure_sas", check_azure_sas},
    {"jwk", check_jwk},
}};

}  // namespace

Validator find_validator(std::string_view name) {
  for (const auto& [known, validator] : kValidators)
    if (known == name) return validator;
  return nullptr;
}

std::string base62_6(std::uint32_t value) {
  static constexpr std::string_view kSymbols = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  std::string out(6, '0');
  for (std::size_t i = out.size(); i-- > 0; value /= 62) out[i] = kSymbols[value % 62];
  return out;
}

std::string base32_sha256_8(std::string_view bytes) {
  static constexpr std::string_view kSymbols = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const Sha256 digest = sha256(bytes);
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < 5; ++i) bits = bits << 8 | digest[i];
  std::string out;
  for (int shift = 35; shift >= 0; shift -= 5) out += kSymbols[(bits >> shift) & 31];
  return out;
}

double entropy(std::string_view bytes) {
  if (bytes.empty()) return 0;
  std::array<unsigned, 256> counts{};
  for (const char byte : bytes) ++counts[static_cast<unsigned char>(byte)];
  double bits = 0;
  const auto size = static_cast<double>(bytes.size());
  for (const unsigned count : counts)
    if (count > 0) bits -= count / size * std::log2(count / size);
  return bits;
}

}  // namespace pg
