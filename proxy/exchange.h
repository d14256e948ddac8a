// Exchange: one HTTP request and its reply through us; handle_exchange() serves it, answers every refusal, and records the row.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/http.h"
#include "core/guard/guard_call.h"
#include "core/guard/vault.h"
#include "core/policy.h"
#include "core/route/agent.h"
#include "core/route/arrival.h"
#include "core/route/routes.h"
#include "core/store/log_store.h"
#include "core/wire/embeddings.h"
#include "core/wire/spans.h"
#include "core/wire/translate.h"
#include "proxy/endpoint_run.h"
#include "proxy/gateway.h"
#include "proxy/mcp_run.h"
#include "proxy/net/client_io.h"
#include "proxy/surfaces.h"

namespace pg {

/// The body guarded once more, for a destination whose rules differ from those of the first.
struct Reguarded {
  GuardedCall call;
  Vault vault;
};

/// Whom the call goes to, and what they are sent.
struct Sending {
  std::shared_ptr<const Provider> provider;
  const Outlet* outlet = nullptr;
  std::string model;                          // as the provider calls it
  bool translate = false;                     // the provider speaks another dialect than the client
  std::optional<ReplyContext> translated;     // the provider speaks another dialect; body is in it
  std::string warnings;                       // what could not cross, as a header and the row have it: "drop:top_k,…"
  std::optional<std::string> body;            // nullopt: the client's bytes with the guards' edits
  std::optional<std::vector<Edit>> edits;     // nullopt: the guards' alone
  std::shared_ptr<Reguarded> again;           // nullptr: x.guarded and x.vault are this one's
  std::optional<EmbeddingContext> embedding;  // the provider has embeddings of another shape; body is in it
  std::string path;                           // below the outlet's base, with its query; "" = the dialect's
  std::shared_ptr<const SecretString> token;  // bought with a service account
};

/// What the guards are at: whatever is thrown then is a fault of theirs, and the exchange ends with it.
enum class GuardStep : std::uint8_t { none, request, reply };

/// Lives in serve_connection's frame; everything below it on the line takes it by reference.
struct Exchange {
  Exchange(LoopParts& loop_parts, ClientIo& client_io, KnownCaller& known_caller)
      : parts(loop_parts), gw(loop_parts.gw), client(client_io), known(known_caller) {}

  LoopParts& parts;
  Gateway& gw;
  ClientIo& client;
  KnownCaller& known;
  std::shared_ptr<const Policy> policy;  // a reload never changes the rules mid-flight
  RequestHead head;
  Surface surface;
  SteadyTime begun;
  LogRow row;  // filled on the way, recorded at the end

  Arrival arrival;                        // only where policy->reads_arrival
  const Project* host_project = nullptr;  // the one that the host name stands for
  const Project* project = nullptr;
  const Service* service = nullptr;  // of service_call
  const Key* caller = nullptr;
  std::unique_ptr<EndpointRun> endpoint;  // nullptr: it is none of an endpoint
  std::unique_ptr<McpRun> mcp;            // nullptr: it is no MCP request, or not known to be one yet
  const Route* route = nullptr;           // the rule that decides where the call goes
  bool forgot_vault = false;              // the history that the provider keeps may hold placeholders nobody can restore
  const PromptPolicy* prompt = nullptr;   // words of the organisation's own, added after the guards
  Buffer received;                        // the body as it came
  std::string decoded;                    // the same without its content coding, when it had one
  std::string_view body;                  // what the guards read
  RequestView view;
  std::unique_ptr<SlowGuardCall> reading;  // only of a large body, until it is decided upon
  GuardedCall guarded;                     // for the first destination; guarded_of() and vault_of() know of others
  Vault vault;
  const Guards* guarded_by = nullptr;
  GuardStep guarding = GuardStep::none;
  Sending to;

  bool request_sent = false;  // whole, to whom was asked last
  bool head_sent = false;     // to the client: from here on errors are stream events
  bool head_is_stream = false;
  bool close_after = false;                         // the connection cannot be used again
  std::uint64_t stream_sequence = 0;                // of a Responses stream, for the error event
  std::uint32_t retry_after = 0;                    // seconds, for a refusal that says when to come again
  std::string budget_note;                          // x-pg-budget: what is nearly spent, or not counted; mostly empty
  bool revoked = false;                             // the key was taken away while the call was under way,
  std::string_view revoked_how = "was revoked";     // and how: revoked_error() says it
  std::uint64_t keys_seen = 0;                      // the policy whose keys were looked at last for that
  Millis queued{0};                                 // how long it waited for places
  Permit key_place, process_place, provider_place;  // given back before policy, which their limits belong to
};

/// What was found in the body, and the originals behind its placeholders, as they were sent to x.to.
inline const GuardedCall& guarded_of(const Exchange& x) {
  return x.to.again ? x.to.again->call : x.guarded;
}
inline const Vault& vault_of(const Exchange& x) {
  return x.to.again ? x.to.again->vault : x.vault;
}

/// Notes when a request came and from where.
void begin_row(Exchange& x);

/// Serves the request whose head is in x.client's buffer: never throws, always answers unless the client left, records one row.
Task<void> handle_exchange(Exchange& x);

}  // namespace pg
