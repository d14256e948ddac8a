// OpenSSL's primitives behind plain values. A failure of a primitive itself is a broken library, not bad input: it throws.
#include "core/base/crypto.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <memory>
#include <stdexcept>

namespace pg {
namespace {

constexpr std::size_t kKeySize = 32;
constexpr std::size_t kNonceSize = 12;
constexpr std::size_t kTagSize = 16;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes_of(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

void expect(bool good) {
  if (!good) throw std::runtime_error("OpenSSL refused a primitive");
}

int length_of(std::string_view text) {
  if (text.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) throw std::length_error("too long to seal");
  return static_cast<int>(text.size());
}

// Fetched once: an implicit fetch costs more than hashing a short key.
const EVP_MD* sha256_method() {
  static EVP_MD* const method = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  expect(method != nullptr);
  return method;
}

using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

CipherContext make_cipher_context() {
  CipherContext context(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  expect(context != nullptr);
  return context;
}

}  // namespace

Sha256 sha256(std::string_view bytes) {
  Sha256 digest{};
  expect(EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, sha256_method(), nullptr) == 1);
  return digest;
}

Sha256 slow_hash(std::string_view value, std::string_view salt) {
  constexpr std::uint64_t kCost = 1U << 12, kBlock = 8, kParallel = 1, kMemory = 16U << 20;
  Sha256 digest{};
  if (::EVP_PBE_scrypt(value.data(), value.size(), reinterpret_cast<const unsigned char*>(salt.data()), salt.size(), kCost,
                       kBlock, kParallel, kMemory, digest.data(), digest.size()) != 1)
    throw std::runtime_error("scrypt failed");
  return digest;
}

Sha256 hmac_sha256(std::string_view key, std::string_view bytes) {
  Sha256 digest{};
  unsigned int size = 0;
  // An empty key needs a real pointer: HMAC() takes null for "the key of last time".
  const void* key_data = key.empty() ? "" : key.data();
  expect(HMAC(sha256_method(), key_data, length_of(key), bytes_of(bytes), bytes.size(), digest.data(), &size) != nullptr);
  return digest;
}

std::string random_bytes(std::size_t size) {
  constexpr std::size_t kMost = 256;  // getentropy(3) gives no more at once
  std::string out(size, '\0');
  for (std::size_t at = 0; at < size; at += kMost) {
    if (::getentropy(out.data() + at, std::min(kMost, size - at)) != 0) {
      std::fputs("pg: the operating system gives no random bytes\n", stderr);
      std::abort();
    }
  }
  return out;
}

bool equal_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string seal(std::string_view key, std::string_view plain, std::string_view context) {
  if (key.size() != kKeySize) throw std::logic_error("seal() wants a key of 32 bytes");
  std::string out = random_bytes(kNonceSize);
  out.resize(kNonceSize + plain.size() + kTagSize);
  unsigned char* const nonce = bytes_of(out);
  unsigned char* const cipher = nonce + kNonceSize;
  unsigned char* const tag = cipher + plain.size();
  const CipherContext box = make_cipher_context();
  int done = 0;
  expect(EVP_EncryptInit_ex(box.get(), EVP_aes_256_gcm(), nullptr, bytes_of(key), nonce) == 1);
  expect(EVP_EncryptUpdate(box.get(), nullptr, &done, bytes_of(context), length_of(context)) == 1);
  expect(EVP_EncryptUpdate(box.get(), cipher, &done, bytes_of(plain), length_of(plain)) == 1);
  expect(EVP_EncryptFinal_ex(box.get(), tag, &done) == 1);
  expect(EVP_CIPHER_CTX_ctrl(box.get(), EVP_CTRL_GCM_GET_TAG, static_cast<int>(kTagSize), tag) == 1);
  return out;
}

Result<SecretString> unseal(std::string_view key, std::string_view sealed, std::string_view context) {
  const Error refused = make_error(Code::io_failed, "a sealed value cannot be opened: wrong key or changed bytes");
  if (key.size() != kKeySize || sealed.size() < kNonceSize + kTagSize) return refused;
  const std::string_view cipher = sealed.substr(kNonceSize, sealed.size() - kNonceSize - kTagSize);
  std::string tag(sealed.substr(sealed.size() - kTagSize));
  std::string plain(cipher.size(), '\0');
  const CipherContext box = make_cipher_context();
  int done = 0;
  expect(EVP_DecryptInit_ex(box.get(), EVP_aes_256_gcm(), nullptr, bytes_of(key), bytes_of(sealed)) == 1);
  expect(EVP_CIPHER_CTX_ctrl(box.get(), EVP_CTRL_GCM_SET_TAG, static_cast<int>(kTagSize), tag.data()) == 1);
  expect(EVP_DecryptUpdate(box.get(), nullptr, &done, bytes_of(context), length_of(context)) == 1);
  expect(EVP_DecryptUpdate(box.get(), bytes_of(plain), &done, bytes_of(cipher), length_of(cipher)) == 1);
  std::string rest(kTagSize, '\0');
  const bool genuine = EVP_DecryptFinal_ex(box.get(), bytes_of(rest), &done) == 1;
  SecretString out(genuine ? std::string_view(plain) : std::string_view());
  wipe(plain.data(), plain.size());
  if (!genuine) return refused;
  return out;
}

Result<std::string> sign_rs256(std::string_view pem, std::string_view bytes) {
  const Error refused = make_error(Code::bad_request, "the private key cannot sign: it is no RSA key in PEM");
  const std::unique_ptr<BIO, decltype(&BIO_free)> source(BIO_new_mem_buf(pem.data(), length_of(pem)), &BIO_free);
  expect(source != nullptr);
  // An encrypted key is refused instead of asked for on the terminal.
  const auto no_password = [](char*, int, int, void*) { return -1; };
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      PEM_read_bio_PrivateKey(source.get(), nullptr, no_password, nullptr), &EVP_PKEY_free);
  ERR_clear_error();
  if (key == nullptr || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA) return refused;
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> signer(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  expect(signer != nullptr);
  std::size_t size = 0;
  bool good = EVP_DigestSignInit(signer.get(), nullptr, sha256_method(), nullptr, key.get()) == 1 &&
              EVP_DigestSign(signer.get(), nullptr, &size, bytes_of(bytes), bytes.size()) == 1;
  std::string signature(size, '\0');
  good = good && EVP_DigestSign(signer.get(), bytes_of(signature), &size, bytes_of(bytes), bytes.size()) == 1;
  ERR_clear_error();
  if (!good) return refused;
  signature.resize(size);
  return signature;
}

}  // namespace pg
