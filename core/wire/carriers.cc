// Prefixes hold a colon, which no vendor's base64 does.
#include "core/wire/carriers.h"

#include "core/base/encode.h"

namespace pg {
namespace {

constexpr std::string_view kOurs = "pg:";
constexpr std::string_view kUnsigned = "pg:unsigned:";
constexpr std::string_view kAnthropic = "pg:anthropic:";
constexpr std::string_view kRedacted = "pg:anthropic-redacted:";
constexpr std::string_view kOpenai = "pg:openai:";
constexpr std::string_view kGemini = "pg:gemini:";

struct Carried {
  Proof::Vendor vendor;
  std::string_view prefix;
};
constexpr Carried kCarried[] = {
    {Proof::Vendor::openai, kOpenai}, {Proof::Vendor::gemini, kGemini}, {Proof::Vendor::none, kUnsigned}};

/// openai and gemini, which look the same in both fields.
std::string write_foreign(const Proof& proof) {
  for (const Carried& row : kCarried) {
    if (row.vendor == proof.vendor) return std::string(row.prefix) + proof.value;
  }
  return {};
}
bool read_foreign(std::string_view value, Proof& proof) {
  for (const Carried& row : kCarried) {
    if (!value.starts_with(row.prefix)) continue;
    proof.vendor = row.vendor;
    proof.value = value.substr(row.prefix.size());
    return true;
  }
  return false;
}

}  // namespace

bool is_carrier(std::string_view value) {
  return value.starts_with(kOurs);
}

std::string write_signature(const Proof& proof) {
  return proof.vendor == Proof::Vendor::anthropic ? proof.value : write_foreign(proof);
}

Proof read_signature(std::string_view signature) {
  Proof proof;
  if (signature.empty() || read_foreign(signature, proof) || is_carrier(signature)) return proof;
  proof.vendor = Proof::Vendor::anthropic;
  proof.value = signature;
  return proof;
}

std::string write_encrypted(const Proof& proof, std::string_view thought) {
  if (proof.vendor == Proof::Vendor::openai) return proof.value;
  if (proof.vendor != Proof::Vendor::anthropic) return proof.vendor == Proof::Vendor::none ? std::string() : write_foreign(proof);
  if (proof.redacted) return std::string(kRedacted) + proof.value;
  return std::string(kAnthropic) + to_base64url(thought) + '.' + proof.value;
}

Proof read_encrypted(std::string_view encrypted, std::string& thought) {
  Proof proof;
  if (encrypted.empty() || read_foreign(encrypted, proof)) return proof;
  if (encrypted.starts_with(kRedacted)) {
    proof = {Proof::Vendor::anthropic, std::string(encrypted.substr(kRedacted.size())), true};
  } else if (encrypted.starts_with(kAnthropic)) {
    const std::string_view rest = encrypted.substr(kAnthropic.size());
    const std::size_t dot = rest.find('.');
    auto text = from_base64url(rest.substr(0, dot));
    if (dot == std::string_view::npos || !text) return proof;
    thought = std::move(*text);
    proof = {Proof::Vendor::anthropic, std::string(rest.substr(dot + 1)), false};
  } else if (!is_carrier(encrypted)) {
    proof = {Proof::Vendor::openai, std::string(encrypted), false};
  }
  return proof;
}

}  // namespace pg
