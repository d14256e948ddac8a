// Validators: checksums and structure of values, by the name rules call them. Pure functions; none looks at the network.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/crc32.h"
#include "core/guard/matcher.h"

namespace pg {

/// What a validator says of a value: no such thing; made up (a checksum is wrong); may be; certain (a checksum is right).
enum class Judgement : std::uint8_t { no, weak, possible, certain };

/// A match that is being judged; a validator may move its ends (a private key's head becomes the whole block).
struct Candidate {
  std::string_view text;
  Place whole;
  Place value;
  std::string_view value_text() const { return text.substr(value.begin, value.size()); }
};

using Validator = Judgement (*)(Candidate&);

/// The validator of that name, or nullptr: crc32_base62, github_pat, jwt, macaroon, pem, pem_base64, ppk, url_password,
/// web_password, basic_auth, mixed, assigned, no_name, dsn_password,
/// pgpass_password, netrc_password, connection_password, curl_password, azure_sas, jwk.
Validator find_validator(std::string_view name);

/// Base 62 with the digits 0-9A-Za-z, left-padded with '0' to six: the form of GitHub's and npm's checksums.
std::string base62_6(std::uint32_t value);
/// The first eight letters of base32 (RFC 4648 §6) of SHA-256(bytes): how a fine-grained GitHub PAT vouches for itself.
std::string base32_sha256_8(std::string_view bytes);

/// Luhn checksum (ISO/IEC 7812-1 annex B) over a string of digits only.
bool luhn_valid(std::string_view digits);
/// True when issuer prefix and length belong together (ISO/IEC 7812 ranges of the large card networks).
bool card_number_issued(std::string_view digits);
/// Country, length, structure (SWIFT IBAN registry) and the ISO 7064 mod 97-10 check of an upper-case IBAN without spaces.
bool iban_valid(std::string_view iban);
/// Length of an IBAN of that country, or 0 for a country without.
std::size_t iban_length(std::string_view country);
/// Area, group and serial numbers the Social Security Administration may have issued.
bool ssn_issued(std::string_view area, std::string_view group, std::string_view serial);
/// True for a top-level domain of the shipped list, in any case.
bool is_tld(std::string_view label);

/// Shannon entropy in bits per byte.
double entropy(std::string_view bytes);

}  // namespace pg
