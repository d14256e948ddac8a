// The verdict cache and its keyed hash (XXH3 with a random secret: 80 us per MB, against 700 for SHA-256).
#include "core/guard/verdict_cache.h"

#include <string>
#include <utility>

#include "core/base/crypto.h"
#include "core/guard/wide_hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace pg {
namespace {

constexpr std::size_t kWideFrom = 241;  // below it xxHash multiplies and has no use for wide registers

const std::string& hash_secret() {
  static const std::string secret = random_bytes(XXH3_SECRET_SIZE_MIN + 56);
  return secret;
}

}  // namespace

VerdictKey hash_text(std::string_view raw) {
  const std::string& secret = hash_secret();
#ifdef PG_AVX2
  if (raw.size() >= kWideFrom && has_avx2()) {
    const auto [low, high] = hash_wide(raw, secret);
    return {low, high};
  }
#endif
  const XXH128_hash_t hash = XXH3_128bits_withSecret(raw.data(), raw.size(), secret.data(), secret.size());
  return {hash.low64, hash.high64};
}

VerdictCache::VerdictCache(std::size_t budget) : budget_(budget) {}

// A node of the table with its place in the buckets; behind it, where something was found, the verdict and its lists, each in a
// block of the allocator's. The kinds of literals are short enough to stand in their strings.
std::size_t VerdictCache::cost_of(const Stored& verdict) {
  constexpr std::size_t kEntry = 64, kBlock = 16;
  if (!verdict) return kEntry;
  return kEntry + sizeof(Verdict) + kBlock + verdict->findings.capacity() * sizeof(Finding) + kBlock +
         verdict->literals.capacity() * sizeof(TokenLiteral) + kBlock;
}

bool VerdictCache::fits(std::size_t cost) const {
  return cost <= budget_ / 2;
}

const Verdict* VerdictCache::find(const VerdictKey& key) {
  static const Verdict kClean;
  const auto said = [](const Stored& verdict) { return verdict ? verdict.get() : &kClean; };
  if (const auto it = young_.map.find(key); it != young_.map.end()) return said(it->second);
  const auto it = old_.map.find(key);
  if (it == old_.map.end()) return nullptr;
  const std::size_t cost = cost_of(it->second);
  if (!fits(cost)) return said(it->second);  // the budget was lowered: it goes with its generation
  Stored verdict = std::move(it->second);
  old_.bytes -= cost;
  old_.map.erase(it);
  return said(keep(key, std::move(verdict), cost));
}

void VerdictCache::put(const VerdictKey& key, const Verdict& verdict) {
  Stored stored = verdict.empty() ? nullptr : std::make_unique<const Verdict>(verdict);
  const std::size_t cost = cost_of(stored);
  if (fits(cost) && find(key) == nullptr) keep(key, std::move(stored), cost);
}

const VerdictCache::Stored& VerdictCache::keep(const VerdictKey& key, Stored verdict, std::size_t cost) {
  if (young_.bytes + cost > budget_ / 2) old_ = std::exchange(young_, Generation());
  young_.bytes += cost;
  return young_.map.insert_or_assign(key, std::move(verdict)).first->second;
}

}  // namespace pg
