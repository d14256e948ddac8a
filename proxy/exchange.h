// Exchange: one HTTP request and its reply through us; handle_exchange() serves it, answers every refusal, and records the row.
#pragma once

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
#include "core/store/log_store.h"
#include "core/wire/spans.h"
#include "core/wire/translate.h"
#include "proxy/gateway.h"
#include "proxy/net/client_io.h"
#include "proxy/surfaces.h"

namespace pg {

/// Whom the call goes to, and what they are sent.
struct Sending {
  std::shared_ptr<const Provider> provider;
  const Outlet* outlet = nullptr;
  std::string model;                       // as the provider calls it
  std::optional<ReplyContext> translated;  // the provider speaks another dialect; body is in it
  std::string warnings;                    // what could not cross, as a header and the row have it: "drop:top_k,…"
  std::optional<std::string> body;         // nullopt: the client's bytes with the guards' edits
  std::optional<std::vector<Edit>> edits;  // nullopt: the guards' alone
};

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

  const Project* project = nullptr;
  const Key* caller = nullptr;
  Buffer received;        // the body as it came
  std::string decoded;    // the same without its content coding, when it had one
  std::string_view body;  // what the guards read
  RequestView view;
  GuardedCall guarded;
  Vault vault;
  Sending to;

  bool head_sent = false;  // to the client: from here on errors are stream events
  bool head_is_stream = false;
  bool close_after = false;           // the connection cannot be used again
  std::uint64_t stream_sequence = 0;  // of a Responses stream, for the error event
};

/// Serves the request whose head is in x.client's buffer: never throws, always answers unless the client left, records one row.
Task<void> handle_exchange(Exchange& x);

}  // namespace pg
