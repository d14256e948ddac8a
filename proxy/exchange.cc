// The only catch on the request path: whatever happened, the client gets an answer in its own words and the journal a row.
#include "proxy/exchange.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include "core/base/address.h"
#include "core/base/error.h"
#include "core/base/ids.h"
#include "core/base/last_words.h"
#include "core/route/prompt_policy.h"
#include "proxy/keep_body.h"
#include "proxy/net/http_parse.h"
#include "proxy/posture.h"
#include "proxy/price_row.h"
#include "proxy/send_upstream.h"
#include "proxy/serve_mcp.h"
#include "proxy/serve_model.h"
#include "proxy/serve_service.h"
#include "proxy/surfaces.h"
#include "proxy/write_refusal.h"

namespace pg {
namespace {

// The host name that was asked for, and the project behind it.
Status read_host(Exchange& x) {
  if (!x.policy->reads_arrival) return {};
  PG_TRY(x.arrival, read_arrival(x.head, x.client.peer().value_or(Address{}), x.policy->trusted_proxies));
  if (x.arrival.forwarded) x.row.ip = x.arrival.client ? spell_address(*x.arrival.client) : std::string();
  const auto found = x.policy->hosts.find(x.arrival.host);
  if (found != x.policy->hosts.end()) x.host_project = found->second.get();
  return {};
}

Status open_exchange(Exchange& x) {
  Result<RequestHead> head = parse_request_head(x.client.head_bytes());
  if (!head) {
    x.close_after = true;  // framing is in doubt
    guess_surface(x.client.head_bytes(), x.surface);
    x.row.path = take_path(x.surface);
    return head.error();
  }
  x.head = std::move(head).value();
  x.client.expect_body(x.head);
  x.close_after = !x.head.keep_alive || x.head.minor_version == 0;
  Agent agent = identify_agent(x.head);
  x.row.agent = agent.name;
  x.row.agent_version = std::move(agent.version);
  x.row.session = std::move(agent.session);
  x.row.ua = std::move(agent.user_agent);
  x.row.method = x.head.method;
  const Status arrived = read_host(x);
  const std::string_view by_host = x.host_project == nullptr ? std::string_view() : std::string_view(x.host_project->id);
  const Status found =
      asks_for_service(x) ? Status{} : find_surface(x.head.method, x.head.target, x.head.upgrade, x.surface, by_host);
  x.row.path = take_path(x.surface);
  PG_TRY_STATUS(arrived);
  PG_TRY_STATUS(check_posture(x.head, *x.policy, x.gw.serve.host, x.arrival));
  if (!found) return name_project(x, found.error());
  if (x.gw.draining.load(std::memory_order_relaxed)) {
    x.close_after = true;
    if (x.surface.operation == Operation::model_call || x.surface.operation == Operation::endpoint ||
        x.surface.operation == Operation::service_call || x.surface.operation == Operation::mcp)
      return make_error(Code::unavailable, "pg is shutting down");
  }
  return {};
}

// Not a coroutine itself: one less for every call.
Task<void> serve(Exchange& x) {
  open_exchange(x).value();
  switch (x.surface.operation) {
    case Operation::model_call:
    case Operation::count_tokens:
      x.row.dialect = dialect(x.surface.dialect).name;
      return serve_model_call(x);
    case Operation::endpoint:
      x.row.dialect = "endpoint";
      return serve_endpoint(x);
    case Operation::list_models:
      return serve_models(x);
    case Operation::list_endpoints:
      return serve_endpoints(x);
    case Operation::metrics:
      return serve_metrics(x);
    case Operation::service_call:
      x.row.dialect = kServiceDialect;
      return serve_service_call(x);
    case Operation::mcp:
      x.row.dialect = kMcpDialect;
      return serve_mcp(x);
    case Operation::hello:
    case Operation::health:
    case Operation::ready:
      break;
  }
  return serve_hello(x);
}

bool is_worth_a_row(const Exchange& x) {
  if (x.mcp != nullptr && x.row.status == 202) return false;  // a notification
  const Operation asked = x.surface.operation;
  const bool probe =
      asked == Operation::hello || asked == Operation::health || asked == Operation::ready || asked == Operation::metrics;
  return !probe || x.row.status >= 400;
}

// What the provider's prompt cache may know from the turn before. History that the provider keeps is not in the body.
bool is_whole_conversation(const Exchange& x) {
  return x.surface.operation == Operation::model_call && x.view.continues.empty() && x.view.conversation.empty() &&
         x.row.usage.input_tokens >= 0;
}

void keep_prompt(Exchange& x) {
  PromptDigest& prompt = x.to.again ? x.to.again->call.prompt : x.guarded.prompt;
  if (x.prompt != nullptr) prompt.system ^= static_cast<std::uint32_t>(std::hash<std::string>()(x.prompt->text));
  x.row.prompt = std::move(prompt);
}

// What it did cost, at once: its row may wait for a slow disk, and the next call asks now what is left.
void settle_hold(Exchange& x) {
  if (x.row.hold == nullptr || x.policy->prices == nullptr) return;
  PriceFinder finder(*x.policy->prices);
  price_row(x.row, finder, 0);  // for good, and with its version, when it is written
  x.row.hold->resize(std::max<Nanos>(x.row.cost, 0));
}

void record(Exchange& x, bool given_up) {
  x.row.latency_ms = std::chrono::duration_cast<Millis>(x.gw.clock.steady() - x.begun).count();
  // How long it waited stands in front of who was asked: most calls have neither.
  if (x.queued > Millis{0})
    x.row.attempts = fmt::format("queue:{}ms{}{}", x.queued.count(), x.row.attempts.empty() ? "" : ",", x.row.attempts);
  if (x.row.outcome.empty()) x.row.outcome = x.row.status < 400 ? "ok" : "error";
  given_up = given_up || (x.row.status == 499 && x.row.bytes_out == 0);
  settle_usage(x.row, given_up && x.request_sent);
  settle_hold(x);
  if (!is_worth_a_row(x)) return;
  settle_body(x);
  if (is_whole_conversation(x)) keep_prompt(x);
  x.gw.journal.record(std::move(x.row));
}

Error fault_of(const Exchange& x, const std::exception& bug) {
  switch (x.guarding) {
    case GuardStep::request:
      return make_error(Code::internal, "a guard of PromptGate failed; the request went no further", name_bug(bug));
    case GuardStep::reply:
      return make_error(Code::internal, "PromptGate failed to restore the reply, which ends here", name_bug(bug));
    case GuardStep::none:
      break;
  }
  if (dynamic_cast<const std::bad_alloc*>(&bug) != nullptr)  // it may well fit when others are done
    return make_error(Code::unavailable, "there is not enough memory for this request now", name_bug(bug));
  return make_error(Code::internal, "something went wrong inside pg", name_bug(bug));
}

}  // namespace

void begin_row(Exchange& x) {
  x.begun = x.gw.clock.steady();
  x.row.time = x.gw.clock.wall();
  x.row.id = make_exchange_id(x.row.time);
  if (const auto& peer = x.client.peer()) x.row.ip = spell_address(*peer);
}

Task<void> handle_exchange(Exchange& x) {
  begin_row(x);
  std::optional<Error> refused;
  try {
    co_await serve(x);
  } catch (const Refusal& refusal) {
    refused = refusal.error();
  } catch (const std::exception& bug) {
    refused = fault_of(x, bug);
  }
  if (x.endpoint != nullptr) x.endpoint->drop_turn();
  const bool given_up = refused && (is_client_left(*refused) || (x.revoked && !x.head_sent));
  if (refused && is_client_left(*refused)) {
    x.row.status = 499;
    x.row.outcome = "canceled";
    x.close_after = true;
  } else if (refused) {
    co_await write_refusal(x, std::move(*refused));
  }
  record(x, given_up);
}

}  // namespace pg
