// The verdict cache and its keyed hash (XXH3 with a random secret: 80 us per MB, against 700 for SHA-256).
#include "core/guard/verdict_cache.h"

#include <string>
#include <utility>

#include "core/base/crypto.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace pg {
namespace {

const std::string& hash_secret() {
  static const std::string secret = random_bytes(XXH3_SECRET_SIZE_MIN + 56);
  return secret;
}

}  // namespace

VerdictKey hash_text(std::string_view raw) {
  const std::string& secret = hash_secret();
  const XXH128_hash_t hash = XXH3_128bits_withSecret(raw.data(), raw.size(), secret.data(), secret.size());
  return {hash.low64, hash.high64};
}

VerdictCache::VerdictCache(std::size_t generation) : generation_(generation) {}

const Verdict* VerdictCache::find(const VerdictKey& key) {
  if (const auto it = young_.find(key); it != young_.end()) return &it->second;
  const auto it = old_.find(key);
  if (it == old_.end()) return nullptr;
  Verdict verdict = std::move(it->second);
  old_.erase(it);
  return &put(key, std::move(verdict));
}

const Verdict& VerdictCache::put(const VerdictKey& key, Verdict verdict) {
  if (young_.size() >= generation_) {
    old_ = std::move(young_);
    young_ = Map();
  }
  return young_.insert_or_assign(key, std::move(verdict)).first->second;
}

}  // namespace pg
