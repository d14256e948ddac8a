// The guard step: the rules for the provider that was chosen, over the body as the client wrote it.
#include <fmt/format.h>

#include <cstring>
#include <memory>

#include "core/base/crypto.h"
#include "core/guard/guard_call.h"
#include "core/route/prompt_policy.h"
#include "proxy/scan_on_pool.h"
#include "proxy/serve_model.h"

namespace pg {
namespace {

VerdictCache* cache_of(Exchange& x) {
  const std::uint64_t bytes = x.policy->limits.remembered_verdict_bytes;
  if (bytes == 0) return nullptr;
  x.parts.verdicts.set_budget(bytes / x.gw.loops.size() / 4 * 3);
  return &x.parts.verdicts;
}

KnownParts* parts_of(Exchange& x) {
  return x.view.parts.empty() ? nullptr : &x.parts.known;
}

// A number that the vault of another turn hardly has, and the same whenever this turn is sent again. Of all of it: one
// conversation may be forgotten more than once.
std::uint32_t base_of(std::string_view body) {
  constexpr std::uint32_t kLeast = 100'000'000, kSpread = 800'000'000;  // nine digits, the longest of placeholders
  std::uint32_t number = 0;
  const auto hash = sha256(body);
  std::memcpy(&number, hash.data(), sizeof number);
  return kLeast + number % kSpread;
}

// The history that the provider keeps may hold placeholders whose originals are forgotten (a restart, an hour's rest, another
// project's turn): they stay what they are, and no new one is called like them.
void recall_vault(Exchange& x, Vault& vault) {
  bool continues = false;
  for (const std::string* id : {&x.view.continues, &x.view.conversation}) {
    if (id->empty()) continue;
    continues = true;
    if (!x.project->keep_vaults) continue;
    const std::shared_ptr<const Vault> earlier = x.gw.vaults.find(x.project->id, *id, x.gw.clock.steady());
    if (!earlier) continue;
    vault.adopt(*earlier);
    return;
  }
  if (!continues) return;
  vault.number_from(base_of(x.body));
  x.forgot_vault = !x.view.continues.empty();  // a conversation may be at its first turn
}

std::string join_counts(const std::map<std::string, std::uint32_t>& counts) {
  std::string out;
  for (const auto& [kind, count] : counts) out += fmt::format("{}{}:{}", out.empty() ? "" : ",", kind, count);
  return out;
}

GuardedCall guard_with(Exchange& x, const Guards& guards, Vault& vault) {
  recall_vault(x, vault);
  // What the organisation's own text says must not come back as somebody's secret.
  if (x.prompt != nullptr)
    for (const TokenLiteral& literal : x.prompt->literals) vault.skip_literal(literal);
  if (const std::unique_ptr<SlowGuardCall> reading = std::move(x.reading)) return reading->decide(vault);
  return guard_call(x.body, x.view, guards, vault, cache_of(x), parts_of(x));
}

}  // namespace

bool is_long_to_read(const Exchange& x, const Provider& provider) {
  return x.body.size() > x.policy->limits.scan_on_loop && x.guarded_by != &x.project->guards_at(provider);
}

Task<Status> read_ahead(Exchange& x, const Provider& provider) {
  x.guarding = GuardStep::request;
  const Guards& guards = x.project->guards_at(provider);
  x.reading = std::make_unique<SlowGuardCall>(x.body, x.view, guards, cache_of(x), parts_of(x));
  if (x.reading->unread() > x.policy->limits.scan_on_loop) {
    const Status scanned = co_await scan_on_pool(x, *x.reading);
    x.guarding = GuardStep::none;
    co_return scanned;
  }
  const std::atomic<bool> never{false};
  x.reading->read(never);
  x.guarding = GuardStep::none;
  co_return Status{};
}

Status guard_body(Exchange& x) {
  const Guards& guards = x.project->guards_at(*x.to.provider);
  if (x.guarded_by == &guards) return {};
  x.guarding = GuardStep::request;
  if (x.guarded_by == nullptr) {
    x.guarded_by = &guards;
    x.guarded = guard_with(x, guards, x.vault);
    note_guarded(x);
  } else {
    x.to.again = std::make_shared<Reguarded>();
    x.to.again->call = guard_with(x, guards, x.to.again->vault);
  }
  x.guarding = GuardStep::none;
  const GuardedCall& call = guarded_of(x);
  return call.blocked.empty() ? Status{} : Status(block_error(call));
}

void note_guarded(Exchange& x) {
  const GuardedCall& call = guarded_of(x);
  x.row.redactions = join_counts(call.redacted);
  x.row.detected = join_counts(call.detected);
  x.row.places = call.places;
  x.row.blocked.clear();
  for (const std::string& id : call.blocked) x.row.blocked += (x.row.blocked.empty() ? "" : ",") + id;
}

}  // namespace pg
