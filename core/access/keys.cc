// Keys: minted from 256 random bits, found by digest, compared in constant time.
#include "core/access/keys.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "core/base/ascii.h"
#include "core/base/encode.h"
#include "core/base/text.h"

namespace pg {
namespace {

constexpr std::string_view kKeyStart = "pg_live_";
constexpr std::size_t kRandomBytes = 32;
constexpr std::size_t kRandomChars = 43;  // base64url of 32 bytes, unpadded
constexpr std::size_t kShownPrefix = 12;

struct ScopeName {
  Scope scope;
  std::string_view name;
};
constexpr ScopeName kScopes[] = {
    {scope_chat, "chat"}, {scope_models, "models"}, {scope_admin, "admin"}, {scope_proxy, "proxy"}, {scope_mcp, "mcp"}};

std::uint64_t digest_head(const Sha256& digest) {
  std::uint64_t head = 0;
  std::memcpy(&head, digest.data(), sizeof head);
  return head;
}

bool is_base64url(char c) {
  return is_alnum(c) || c == '-' || c == '_';
}

// One text for every refusal, so that a caller cannot tell an unknown key from an expired one.
Error refuse_key(std::string detail) {
  return make_error(Code::unauthenticated, "invalid API key", std::move(detail));
}

}  // namespace

std::string scopes_text(std::uint32_t scopes) {
  std::string text;
  for (const ScopeName& row : kScopes) {
    if ((scopes & row.scope) == 0) continue;
    if (!text.empty()) text += ',';
    text += row.name;
  }
  return text;
}

Result<std::uint32_t> parse_scopes(std::string_view comma_list) {
  std::uint32_t scopes = 0;
  for (std::string_view word : split(comma_list, ',')) {
    word = trim(word);
    if (word.empty()) continue;
    const auto* row = std::find_if(std::begin(kScopes), std::end(kScopes), [&](const ScopeName& s) { return s.name == word; });
    if (row == std::end(kScopes)) {
      std::array<std::string_view, std::size(kScopes)> names;
      std::transform(std::begin(kScopes), std::end(kScopes), names.begin(), [](const ScopeName& s) { return s.name; });
      // What is far too long for a scope may be a credential, and is not said back.
      constexpr std::size_t kLongest = 16;
      std::string message = "unknown scope \"" + (word.size() > kLongest ? "…" : escape_controls(word)) + "\"";
      if (auto near = find_nearest(word, names))
        return make_error(Code::bad_request, message + ", did you mean \"" + std::string(*near) + "\"?");
      return make_error(Code::bad_request, message + "; scopes are chat, models, admin, proxy, mcp");
    }
    scopes |= row->scope;
  }
  if (scopes == 0) return make_error(Code::bad_request, "a key needs at least one scope of chat, models, admin, proxy, mcp");
  return scopes;
}

MintedKey mint_key() {
  std::string random = random_bytes(kRandomBytes);
  std::string encoded = to_base64url(random);
  std::string text = std::string(kKeyStart) + encoded;
  MintedKey minted{SecretString(text), text.substr(0, kShownPrefix), sha256(text)};
  wipe(random.data(), random.size());
  wipe(encoded.data(), encoded.size());
  wipe(text.data(), text.size());
  return minted;
}

bool is_key_text(std::string_view text) {
  if (text.size() != kKeyStart.size() + kRandomChars || text.substr(0, kKeyStart.size()) != kKeyStart) return false;
  return std::all_of(text.begin() + kKeyStart.size(), text.end(), is_base64url);
}

KeyRing::KeyRing(std::vector<Key> keys) : keys_(std::move(keys)) {
  by_digest_head_.reserve(keys_.size());
  for (std::size_t i = 0; i < keys_.size(); ++i) by_digest_head_.emplace(digest_head(keys_[i].digest), i);
}

Result<const Key*> KeyRing::authenticate(std::string_view text, UnixMillis now) const {
  static const Key kNobody;
  const Sha256 digest = sha256(text);
  const Key* found = nullptr;
  // An unknown key costs one compare as a known one does; the bucket only depends on a digest that nobody can steer.
  auto [begin, end] = by_digest_head_.equal_range(digest_head(digest));
  if (begin == end) (void)equal_constant_time(as_bytes(digest), as_bytes(kNobody.digest));
  for (auto it = begin; it != end; ++it) {
    const Key& key = keys_[it->second];
    if (equal_constant_time(as_bytes(digest), as_bytes(key.digest))) found = &key;
  }
  if (found == nullptr) return refuse_key("no key of that text");
  return check_usable(*found, now);
}

Result<const Key*> KeyRing::check_usable(const Key& key, UnixMillis now) const {
  if (key.revoked != 0) return refuse_key("key " + key.name + " is revoked");
  if (!key.enabled) return refuse_key("key " + key.name + " is disabled");
  if (key.expires != 0 && now >= key.expires) return refuse_key("key " + key.name + " expired");
  return &key;
}

Result<const Key*> KnownCaller::authenticate(const std::shared_ptr<const KeyRing>& ring, std::string_view text, UnixMillis now) {
  if (ring_ == ring && key_ != nullptr && equal_constant_time(text, text_.reveal())) return ring->check_usable(*key_, now);
  PG_TRY(const Key* key, ring->authenticate(text, now));
  ring_ = ring;
  text_ = SecretString(text);
  key_ = key;
  return key;
}

Status authorize(const Key& key, std::uint32_t needed, std::string_view project_id) {
  const std::uint32_t missing = needed & ~key.scopes;
  if (missing != 0) return make_error(Code::forbidden, "this key lacks the scope " + scopes_text(missing), "key " + key.name);
  if (!key.project.empty() && key.project != project_id)
    return make_error(Code::forbidden, "this key belongs to another project", "key " + key.name);
  return {};
}

}  // namespace pg
