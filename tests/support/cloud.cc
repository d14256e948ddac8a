// Made at run time, so that no scanner finds a key in the source.
#include "tests/support/cloud.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "core/base/crc32.h"
#include "core/base/encode.h"
#include "tests/support/model_wire.h"

namespace pg::test {
namespace {

using OrderedJson = nlohmann::ordered_json;
using Pkey = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

RsaKey make_rsa_key() {
  const Pkey key(EVP_RSA_gen(2048), &EVP_PKEY_free);
  const Bio secret(BIO_new(BIO_s_mem()), &BIO_free), open(BIO_new(BIO_s_mem()), &BIO_free);
  if (PEM_write_bio_PrivateKey(secret.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1 ||
      PEM_write_bio_PUBKEY(open.get(), key.get()) != 1)
    throw std::runtime_error("no RSA key");
  return {text_of(secret.get()), text_of(open.get())};
}

std::string big_endian(std::size_t value, int size) {
  std::string out;
  for (int shift = 8 * (size - 1); shift >= 0; shift -= 8) out += static_cast<char>((value >> shift) & 0xff);
  return out;
}

}  // namespace

const RsaKey& rsa_key() {
  static const RsaKey kKey = make_rsa_key();
  return kKey;
}

bool is_rs256(const RsaKey& key, std::string_view bytes, std::string_view signature) {
  const Bio source(BIO_new_mem_buf(key.public_pem.data(), static_cast<int>(key.public_pem.size())), &BIO_free);
  const Pkey open(PEM_read_bio_PUBKEY(source.get(), nullptr, nullptr, nullptr), &EVP_PKEY_free);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> check(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  const auto* sign = reinterpret_cast<const unsigned char*>(signature.data());
  return EVP_DigestVerifyInit(check.get(), nullptr, EVP_sha256(), nullptr, open.get()) == 1 &&
         EVP_DigestVerify(check.get(), sign, signature.size(), data, bytes.size()) == 1;
}

std::string service_account_json(std::string_view token_uri) {
  return OrderedJson{{"type", "service_account"},
                     {"project_id", "p-1"},
                     {"private_key_id", "kid-1"},
                     {"private_key", rsa_key().private_pem},
                     {"client_email", "pg@p-1.iam.gserviceaccount.com"},
                     {"token_uri", token_uri}}
      .dump(2);
}

std::string event_frame(const std::vector<std::pair<std::string, std::string>>& headers, std::string_view payload) {
  std::string head;
  for (const auto& [name, value] : headers)
    head += big_endian(name.size(), 1) + name + '\x07' + big_endian(value.size(), 2) + value;
  std::string frame = big_endian(16 + head.size() + payload.size(), 4) + big_endian(head.size(), 4);
  frame += big_endian(crc32(frame), 4);
  frame.append(head).append(payload);
  return frame += big_endian(crc32(frame), 4);
}

std::string bedrock_chunk(std::string_view sse) {
  const std::vector<SseEvent> events = split_sse(sse);
  const OrderedJson payload = {{"bytes", to_base64(events.at(0).data)}, {"p", "abcdef"}};
  return event_frame({{":event-type", "chunk"}, {":content-type", "application/json"}, {":message-type", "event"}},
                     payload.dump());
}

}  // namespace pg::test
