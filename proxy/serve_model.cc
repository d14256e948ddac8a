// THE pipeline: chat, responses, messages, token counts and embeddings.
#include "proxy/serve_model.h"

#include <fmt/format.h>

#include "core/base/compress.h"
#include "core/base/text.h"
#include "core/guard/guard_call.h"
#include "proxy/posture.h"
#include "proxy/relay_reply.h"
#include "proxy/send_upstream.h"

namespace pg {
namespace {

Task<Status> read_body(Exchange& x) {
  const Limits& limits = x.policy->limits;
  const Status read = co_await x.client.read_body(x.head, limits, x.received);
  if (!read) co_return read.error();
  x.body = x.received.view();
  x.row.bytes_in = static_cast<std::int64_t>(x.body.size());
  const auto coding_name = x.head.find("content-encoding");
  if (!coding_name) co_return Status{};
  const auto coding = find_coding(*coding_name);
  // A body that cannot be read is never passed on.
  if (!coding) co_return make_error(Code::unsupported_media, "this content encoding is not understood; send gzip, zstd or none");
  Result<std::string> plain = decompress(x.body, *coding, limits.max_body);
  if (!plain) co_return plain.error();
  x.decoded = std::move(plain).value();
  x.body = x.decoded;
  co_return Status{};
}

/// From here on x.view says what the body holds.
Status read_call(Exchange& x) {
  PG_TRY_STATUS(read_spans(x.body, x.surface.dialect, x.view));
  if (x.view.model.empty()) return make_error(Code::bad_request, "the model is missing");
  x.row.model = x.view.model.substr(0, 200);
  x.row.stream = x.view.stream;
  if (x.row.agent.empty() || x.row.agent.ends_with("-sdk") || x.row.agent == "vercel-ai")
    if (const std::string_view agent = identify_agent_by_text(x.body, x.view); !agent.empty()) x.row.agent = agent;
  return {};
}

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

/// From here on x.guarded.edits make the body safe to send.
Status guard(Exchange& x) {
  recall_vault(x);
  x.guarded = guard_call(x.body, x.view, *x.project->guards, x.vault, &x.parts.verdicts);
  x.row.redactions = join_counts(x.guarded.redacted);
  x.row.detected = join_counts(x.guarded.detected);
  x.row.places = x.guarded.places;
  if (x.guarded.blocked.empty()) return {};
  for (const std::string& id : x.guarded.blocked) x.row.blocked += (x.row.blocked.empty() ? "" : ",") + id;
  return block_error(x.guarded);
}

std::string_view presented_key(const Exchange& x) {
  if (const auto own = x.head.find("x-pg-key")) return trim(*own);
  if (!x.surface.key.empty()) return x.surface.key;
  if (const auto bearer = x.head.find("authorization"); bearer && starts_with_ignore_case(*bearer, "bearer "))
    if (const std::string_view text = trim(bearer->substr(7)); is_key_text(text)) return text;
  if (const auto key = x.head.find("x-api-key"); key && is_key_text(trim(*key))) return trim(*key);
  return "";
}

}  // namespace

Status authenticate(Exchange& x, std::uint32_t needed) {
  const std::string_view text = presented_key(x);
  x.project = x.policy->find_project(x.surface.project);
  const bool open = x.project != nullptr && !x.project->require_key && text.empty();
  if (!open) {
    PG_TRY(x.caller, x.known.authenticate(x.policy->keys, text, x.gw.clock.wall()));
    x.row.key = x.caller->name;
  }
  // Strangers learn nothing about which projects exist.
  if (x.project == nullptr) return make_error(Code::not_found, "there is no such project");
  x.row.project = x.project->name;
  x.row.project_id = x.project->id;
  if (x.caller != nullptr) PG_TRY_STATUS(authorize(*x.caller, needed, x.project->id));
  return {};
}

Task<void> serve_model_call(Exchange& x) {
  authenticate(x, scope_chat).value();        // 404, 401, 403: before a byte of body is buffered
  check_json_type(x.head).value();            // 415
  const Status read = co_await read_body(x);  // 413, 408, 400, 415
  read.value();
  read_call(x).value();        // 400
  guard(x).value();            // 422; from here on, the body with its edits is safe to send
  choose_provider(x).value();  // 404, 503, 400
  Result<Upstream> sent = co_await send_upstream(x);
  if (fall_back(x, sent)) sent = co_await send_upstream(x);
  Upstream upstream = std::move(sent).value();  // 502, 504
  co_await relay_reply(x, upstream);            // restore, count, write
}

}  // namespace pg
