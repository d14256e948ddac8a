// pg's own API keys: minting, the in-memory ring, authentication and scopes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/access/budget.h"
#include "core/access/capacity.h"
#include "core/base/clock.h"
#include "core/base/crypto.h"
#include "core/base/result.h"
#include "core/base/secret_string.h"

namespace pg {

enum Scope : std::uint32_t { scope_chat = 1, scope_models = 2, scope_admin = 4, scope_proxy = 8, scope_mcp = 16 };
std::string scopes_text(std::uint32_t scopes);  // "chat,models"
Result<std::uint32_t> parse_scopes(std::string_view comma_list);

/// A key as stored: never the key itself.
struct Key {
  std::int64_t id = 0;
  std::string name;    // unique, for people and the command line
  std::string prefix;  // "pg_live_AbCd": shown in lists and rows
  Sha256 digest{};
  std::string owner;
  std::string project;  // project id it is bound to; empty = any project
  std::uint32_t scopes = scope_chat | scope_models;
  bool enabled = true;
  UnixMillis created = 0;
  UnixMillis expires = 0;              // 0 = never
  UnixMillis revoked = 0;              // 0 = not revoked
  std::uint32_t concurrency = 0;       // calls under way at once; 0 = no limit
  std::shared_ptr<Capacity> capacity;  // what holds it to that; nullptr = nothing
  LimitRules rules;
  std::shared_ptr<const CallLimits> limits;  // what holds it to those; nullptr = nothing
};

struct MintedKey {
  SecretString text;   // "pg_live_" + 43 base64url characters of 256 random bits; shown once
  std::string prefix;  // its first 12 characters
  Sha256 digest;
};
MintedKey mint_key();
bool is_key_text(std::string_view text);  // begins with pg_live_ and has the right length and alphabet

/// An immutable snapshot of all keys; swapped as a whole when the database changes.
class KeyRing {
 public:
  explicit KeyRing(std::vector<Key> keys);
  /// The enabled, unexpired key of that text. unauthenticated otherwise, always with the same message; the digest compare
  /// takes constant time.
  Result<const Key*> authenticate(std::string_view text, UnixMillis now) const;
  /// `key`, which is this ring's, unless it may not be used now.
  Result<const Key*> check_usable(const Key& key, UnixMillis now) const;
  bool empty() const { return keys_.empty(); }
  const std::vector<Key>& keys() const { return keys_; }

 private:
  std::vector<Key> keys_;
  std::unordered_multimap<std::uint64_t, std::size_t> by_digest_head_;
};

/// Who called last on one connection: the same text under the same ring need not be digested again. Not shared between threads.
class KnownCaller {
 public:
  /// As KeyRing::authenticate(); the compare with the last text takes constant time.
  Result<const Key*> authenticate(const std::shared_ptr<const KeyRing>& ring, std::string_view text, UnixMillis now);

 private:
  std::shared_ptr<const KeyRing> ring_;  // holds key_
  SecretString text_;
  const Key* key_ = nullptr;
};

/// forbidden unless `key` has every scope in `needed` and may use `project_id`.
Status authorize(const Key& key, std::uint32_t needed, std::string_view project_id);

}  // namespace pg
