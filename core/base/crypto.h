// The door to OpenSSL's primitives: digests, HMAC, AES-256-GCM, random bytes, constant-time equality.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/base/secret_string.h"

namespace pg {

using Sha256 = std::array<std::uint8_t, 32>;

Sha256 sha256(std::string_view bytes);
Sha256 hmac_sha256(std::string_view key, std::string_view bytes);
inline std::string_view as_bytes(const Sha256& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

/// `size` bytes from the operating system's generator; ends the process if it cannot give any.
std::string random_bytes(std::size_t size);

/// scrypt (RFC 7914) with 4 MiB: some 10 ms for each guess at what the value was.
Sha256 slow_hash(std::string_view value, std::string_view salt);

/// Equality whose time depends on the lengths only.
bool equal_constant_time(std::string_view a, std::string_view b);

/// AES-256-GCM: nonce (12) + ciphertext + tag (16). `key` is 32 bytes; `context` is authenticated, not stored.
std::string seal(std::string_view key, std::string_view plain, std::string_view context);
/// Undoes seal(); io_failed when the key is wrong or a byte was changed.
Result<SecretString> unseal(std::string_view key, std::string_view sealed, std::string_view context);

/// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 §3.3, "RS256") under a private key in PEM; bad_request when it is no RSA key.
Result<std::string> sign_rs256(std::string_view pem, std::string_view bytes);

}  // namespace pg
