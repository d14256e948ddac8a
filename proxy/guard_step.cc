// The guard step: the rules for the provider that was chosen, over the body as the client wrote it.
#include <fmt/format.h>

#include "core/guard/guard_call.h"
#include "core/route/prompt_policy.h"
#include "proxy/serve_model.h"

namespace pg {
namespace {

void recall_vault(Exchange& x) {
  if (!x.project->keep_vaults) return;
  const SteadyTime now = x.gw.clock.steady();
  for (const std::string* id : {&x.view.continues, &x.view.conversation}) {
    if (id->empty()) continue;
    const std::shared_ptr<const Vault> earlier = x.gw.vaults.find(x.project->id, *id, now);
    if (!earlier) continue;
    x.vault.adopt(*earlier);
    return;
  }
}

std::string join_counts(const std::map<std::string, std::uint32_t>& counts) {
  std::string out;
  for (const auto& [kind, count] : counts) out += fmt::format("{}{}:{}", out.empty() ? "" : ",", kind, count);
  return out;
}

}  // namespace

Status guard_body(Exchange& x) {
  recall_vault(x);
  // What the organisation's own text says must not come back as somebody's secret.
  if (x.prompt != nullptr)
    for (const TokenLiteral& literal : x.prompt->literals) x.vault.skip_literal(literal);
  x.guarded = guard_call(x.body, x.view, x.project->guards_at(*x.to.provider), x.vault, &x.parts.verdicts);
  note_guarded(x);
  return x.guarded.blocked.empty() ? Status{} : Status(block_error(x.guarded));
}

void note_guarded(Exchange& x) {
  x.row.redactions = join_counts(x.guarded.redacted);
  x.row.detected = join_counts(x.guarded.detected);
  x.row.places = x.guarded.places;
  x.row.blocked.clear();
  for (const std::string& id : x.guarded.blocked) x.row.blocked += (x.row.blocked.empty() ? "" : ",") + id;
}

}  // namespace pg
