// THE pipeline: chat, responses, messages, token counts and embeddings.
#include "proxy/serve_model.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/compress.h"
#include "core/base/text.h"
#include "core/wire/error_details.h"
#include "proxy/ask_targets.h"
#include "proxy/keep_limits.h"
#include "proxy/posture.h"
#include "proxy/relay_reply.h"
#include "proxy/send_upstream.h"
#include "proxy/take_place.h"

namespace pg {
namespace {

// Conversations repeat themselves, but not so often: what unfolds to more than this is made to fill memory.
constexpr std::size_t kFreeSize = 10u << 20, kMostRatio = 100;

// Of a short body nothing is worth remembering in parts.
PartMemory* memory_for(Exchange& x) {
  constexpr std::size_t kLong = 16u << 10;
  const std::uint64_t bytes = x.policy->limits.remembered_verdict_bytes;
  if (bytes == 0 || x.body.size() < kLong) return nullptr;
  x.parts.known.set_budget(bytes / x.gw.loops.size() / 4);
  return &x.parts.known;
}

/// From here on x.view says what the body holds.
Status read_call(Exchange& x) {
  PG_TRY_STATUS(read_spans(x.body, x.surface.dialect, x.view, memory_for(x)));
  if (x.view.model.empty()) return make_error(Code::bad_request, "the model is missing");
  x.row.model = x.view.model.substr(0, 200);
  x.row.stream = x.view.stream;
  if (x.row.agent.empty() || x.row.agent.ends_with("-sdk") || x.row.agent == "vercel-ai")
    if (const std::string_view agent = identify_agent_by_text(x.body, x.view); !agent.empty()) x.row.agent = agent;
  return {};
}

std::string_view presented_key(const Exchange& x) {
  if (const auto own = x.head.find("x-pg-key")) return trim(*own);
  if (!x.surface.key.empty()) return x.surface.key;
  if (const auto bearer = x.head.find("authorization"); bearer && starts_with_ignore_case(*bearer, "bearer "))
    if (const std::string_view text = trim(bearer->substr(7)); is_key_text(text)) return text;
  if (const auto key = x.head.find("x-api-key"); key && is_key_text(trim(*key))) return trim(*key);
  return "";
}

// Names of projects that the key may use, and the nearest to what was asked for.
std::string nearest_project(const Policy& policy, const Key& key, std::string_view wanted) {
  std::vector<std::string_view> names;
  for (const auto& [name, project] : policy.projects)
    if (name == project->name && (key.project.empty() || key.project == project->id)) names.push_back(name);
  if (names.size() == 1 && wanted.empty()) return std::string(names.front());
  if (wanted.empty()) return "";
  const auto near = find_nearest(wanted, names);
  return near ? std::string(*near) : names.size() == 1 ? std::string(names.front()) : "";
}

Error no_such_project(const Exchange& x, const Key* key) {
  const std::string near = key == nullptr ? "" : nearest_project(*x.policy, *key, x.surface.project);
  // It is there, and this host's name leads to another one alone.
  if (!near.empty() && near == x.surface.project)
    return make_error(Code::not_found, "this host name leads to one project, and to no other; it answers at /v1/…",
                      std::string(kNoProject));
  return make_error(Code::not_found,
                    near.empty() ? "there is no such project; the path is /api/PROJECT/v1/…, and 'pg projects list' names them"
                                 : fmt::format("there is no such project; did you mean /api/{}/v1/…?", near),
                    std::string(kNoProject));
}

bool sends_credential(const Exchange& x) {
  if (!x.surface.key.empty()) return true;
  for (const std::string_view name : {"x-pg-key", "authorization", "x-api-key"})
    if (const auto field = x.head.find(name); field && !trim(*field).empty()) return true;
  return false;
}

// One who forgot the key is told how to send it, in the words of the dialect; nothing of who may come in.
Error no_key(DialectId dialect) {
  return make_error(
      Code::unauthenticated,
      fmt::format("no API key was sent: make one with 'pg keys add NAME' and send it as {}; beside a login of your own "
                  "as x-pg-key: KEY",
                  dialect == DialectId::anthropic ? "x-api-key: KEY" : "Authorization: Bearer KEY"));
}

}  // namespace

// What is refused for it is a row, too: it waits with the others, and as soon as they are written calls are served again.
Status check_log(const Exchange& x) {
  if (!x.policy->refuse_unlogged || !x.gw.journal.is_failing()) return {};
  return make_error(Code::unavailable, "the log of calls cannot be written, and none is served without it (logs.on_failure)");
}

Status authenticate(Exchange& x, std::uint32_t needed) {
  const std::string_view text = presented_key(x);
  x.project = x.policy->find_project(x.surface.project);
  // A host name of its own leads to its own project only.
  if (x.host_project != nullptr && x.project != x.host_project) x.project = nullptr;
  const bool open = x.project != nullptr && !x.project->require_key && text.empty() && is_from_here(x.arrival);
  if (!open) {
    if (text.empty() && !sends_credential(x)) return no_key(x.surface.dialect);
    PG_TRY(x.caller, x.known.authenticate(x.policy->keys, text, x.gw.clock.wall()));
    x.row.key = x.caller->name;
  }
  // Strangers learn nothing about which projects exist.
  if (x.project == nullptr) return no_such_project(x, x.caller);
  x.row.project = x.project->name;
  x.row.project_id = x.project->id;
  if (x.caller != nullptr) PG_TRY_STATUS(authorize(*x.caller, needed, x.project->id));
  return {};
}

Status unfold_body(Exchange& x) {
  x.body = x.received.view();
  x.row.bytes_in = static_cast<std::int64_t>(x.body.size());
  const auto coding_name = x.head.find("content-encoding");
  if (!coding_name) return {};
  const auto coding = find_coding(*coding_name);
  // A body that cannot be read is never passed on.
  if (!coding) return make_error(Code::unsupported_media, "this content encoding is not understood; send gzip, zstd or none");
  PG_TRY(x.decoded,
         decompress(x.body, *coding, std::min(x.policy->limits.max_body, std::max(kFreeSize, x.body.size() * kMostRatio))));
  x.body = x.decoded;
  return {};
}

Error name_project(Exchange& x, Error error) {
  if (error.detail != kUnknownUrl || !x.surface.project.empty()) return error;
  const auto caller = x.known.authenticate(x.policy->keys, presented_key(x), x.gw.clock.wall());
  if (!caller) return error;
  if (const std::string name = nearest_project(*x.policy, *caller.value(), ""); !name.empty())
    error.message += fmt::format("; the project of this key is {}", name);
  return error;
}

Task<void> serve_model_call(Exchange& x) {
  authenticate(x, scope_chat).value();  // 404, 401, 403: before a byte of body is buffered
  check_log(x).value();                 // 503
  check_json_type(x.head).value();      // 415
  if (!x.client.take_body(x.head, x.policy->limits, x.received)) {
    const Status read = co_await x.client.read_body(x.head, x.policy->limits, x.received);  // 413, 408, 400
    read.value();
    if (is_revoked(x)) throw Refusal(revoked_error(x));  // 401: a long body takes time enough for that
  }
  unfold_body(x).value();                      // 415, 400
  read_call(x).value();                        // 400
  if (has_limits(x)) check_limits(x).value();  // 429, 422
  if (must_admit(x)) {
    const Status admitted = co_await admit(x);  // 429, 503
    admitted.value();
  }
  choose_provider(x).value();  // 404, 503
  if (is_long_to_read(x, *x.to.provider)) {
    const Status read_through = co_await read_ahead(x, *x.to.provider);  // while the streams of others go on
    read_through.value();
  }
  guard_body(x).value();  // 422; from here on, the body with its edits is safe to send to that provider
  write_call(x).value();  // 400, 422
  Task<Result<Upstream>> answer = has_one_target(x) ? send_upstream(x) : ask_targets(x);
  Result<Upstream> sent = co_await std::move(answer);
  if (x.surface.operation == Operation::count_tokens) estimate_uncounted(x, sent);
  Upstream upstream = std::move(sent).value();  // 502, 503, 504, 429
  co_await relay_reply(x, upstream);            // restore, count, write
}

}  // namespace pg
