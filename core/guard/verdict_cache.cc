// The verdict cache and its keyed hash (XXH3 with a random secret: 80 us per MB, against 700 for SHA-256).
#include "core/guard/verdict_cache.h"

#include <algorithm>
#include <string>
#include <utility>

#include "core/base/crypto.h"
#include "core/guard/wide_hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace pg {
namespace {

// Marks in a key's `high`: 126 bits are left to tell texts apart.
constexpr std::uint64_t kTaken = 1, kFound = 2, kMarks = kTaken | kFound;
constexpr std::size_t kWideFrom = 241;  // below it xxHash multiplies and has no use for wide registers

const Verdict kClean;

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

const VerdictKey* VerdictCache::Generation::find(const VerdictKey& key) const {
  if (places.empty()) return nullptr;
  const std::size_t mask = places.size() - 1;
  for (std::size_t at = first_place(key, mask); places[at].high != 0; at = (at + 1) & mask)
    if (places[at].low == key.low && ((places[at].high ^ key.high) & ~kMarks) == 0) return &places[at];
  return nullptr;
}

void VerdictCache::Generation::add(const VerdictKey& key, bool has_findings) {
  if (taken * 4 >= places.size() * 3) grow();
  const std::size_t mask = places.size() - 1;
  std::size_t at = first_place(key, mask);
  while (places[at].high != 0) at = (at + 1) & mask;
  places[at] = {key.low, (key.high & ~kMarks) | kTaken | (has_findings ? kFound : 0)};
  ++taken;
}

void VerdictCache::Generation::grow() {
  const std::vector<VerdictKey> before =
      std::exchange(places, std::vector<VerdictKey>(std::max<std::size_t>(8, places.size() * 2)));
  taken = 0;
  for (const VerdictKey& key : before)
    if (key.high != 0) add(key, (key.high & kFound) != 0);
}

void VerdictCache::Generation::clear(std::size_t most_bytes) {
  if (places.size() * sizeof(VerdictKey) > most_bytes)
    places = std::vector<VerdictKey>();
  else
    std::fill(places.begin(), places.end(), VerdictKey());
  found.clear();
  taken = count = bytes = 0;
}

// A place in a table that is three eighths full at the least; where something was found, a node of the other table with its place
// in the buckets, and the verdict's lists, each in a block of the allocator's. The kinds of literals are short enough to stand in
// their strings.
std::size_t VerdictCache::cost_of(const Verdict& verdict) {
  constexpr std::size_t kEntry = 44, kNode = 40, kBlock = 16;
  if (verdict.empty()) return kEntry;
  return kEntry + kNode + sizeof(Verdict) + kBlock + verdict.findings.capacity() * sizeof(Finding) + kBlock +
         verdict.literals.capacity() * sizeof(TokenLiteral) + kBlock;
}

bool VerdictCache::fits(std::size_t cost) const {
  return cost <= budget_ / 2;
}

const Verdict* VerdictCache::verdict_of(const Generation& generation, const VerdictKey& place, const VerdictKey& key) {
  if ((place.high & kFound) == 0) return &kClean;
  const auto found = generation.found.find(key);
  return found == generation.found.end() ? nullptr : &found->second;
}

const Verdict* VerdictCache::find(const VerdictKey& key) {
  if (const VerdictKey* place = young_.find(key)) return verdict_of(young_, *place, key);
  const VerdictKey* place = old_.find(key);
  const Verdict* known = place == nullptr ? nullptr : verdict_of(old_, *place, key);
  if (known == nullptr) return nullptr;
  const bool has_findings = known != &kClean;
  const std::size_t cost = cost_of(*known);
  if (!fits(cost)) return known;  // the budget was lowered: it goes with its generation
  // Its place stays taken, and is not looked at again: the young generation is asked first.
  --old_.count;
  old_.bytes -= cost;
  return &keep(key, has_findings ? std::move(old_.found.extract(key).mapped()) : Verdict(), cost);
}

void VerdictCache::put(const VerdictKey& key, const Verdict& verdict) {
  Verdict kept = verdict;  // with as much room as it needs
  const std::size_t cost = cost_of(kept);
  if (fits(cost) && find(key) == nullptr) keep(key, std::move(kept), cost);
}

const Verdict& VerdictCache::keep(const VerdictKey& key, Verdict verdict, std::size_t cost) {
  if (young_.bytes + cost > budget_ / 2) {
    std::swap(young_, old_);
    young_.clear(budget_ / 2);
  }
  young_.bytes += cost;
  ++young_.count;
  young_.add(key, !verdict.empty());
  if (verdict.empty()) return kClean;
  return young_.found.insert_or_assign(key, std::move(verdict)).first->second;
}

}  // namespace pg
