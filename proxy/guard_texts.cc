// Nothing here knows what the text is part of.
#include "proxy/guard_texts.h"

#include <cstring>

#include "core/base/crypto.h"
#include "proxy/scan_on_pool.h"

namespace pg {
namespace {

// Who is called keeps what it is told: were numbers the same in every call, one caller's placeholder in its data would be
// restored as another's value.
std::uint32_t some_number() {
  constexpr std::uint32_t kLeastNumber = 100'000'000, kManyNumbers = 800'000'000;
  std::uint32_t number = 0;
  const std::string bytes = random_bytes(sizeof number);
  std::memcpy(&number, bytes.data(), sizeof number);
  return kLeastNumber + number % kManyNumbers;
}

}  // namespace

Task<Result<GuardedCall>> read_through(Exchange& x, GuardedText text) {
  VerdictCache* cache = x.policy->limits.remembered_verdict_bytes == 0 ? nullptr : &x.parts.verdicts;
  if (text.text.size() <= x.policy->limits.scan_on_loop) co_return guard_call(text.text, text.view, text.guards, x.vault, cache);
  SlowGuardCall reading(text.text, text.view, text.guards, cache);
  const Status scanned = co_await scan_on_pool(x, reading);
  if (!scanned) co_return scanned.error();
  co_return reading.decide(x.vault);
}

void number_apart(Vault& vault) {
  vault.number_from(some_number());
}

}  // namespace pg
