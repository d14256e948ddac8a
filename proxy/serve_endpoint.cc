// The page of a gateway's endpoints: the way of every model call, with a request that pg writes and an answer that it checks.
#include <fmt/format.h>

#include <utility>

#include "core/base/text.h"
#include "core/wire/error_details.h"
#include "core/wire/json_out.h"
#include "proxy/ask_targets.h"
#include "proxy/keep_limits.h"
#include "proxy/posture.h"
#include "proxy/relay_reply.h"
#include "proxy/reply_head.h"
#include "proxy/send_upstream.h"
#include "proxy/serve_mcp.h"
#include "proxy/serve_model.h"
#include "proxy/take_place.h"
#include "proxy/write_refusal.h"

namespace pg {
namespace {

Error no_such_endpoint(const Exchange& x) {
  std::vector<std::string_view> names;
  for (const auto& row : x.project->endpoints) names.push_back(row.first);
  if (x.project->type != "gateway")
    return make_error(Code::not_found, fmt::format("project {} is no gateway, and has no endpoints", x.project->name),
                      std::string(kUnknownUrl));
  const auto near = find_nearest(x.surface.model, names);
  return make_error(Code::not_found,
                    near ? fmt::format("there is no such endpoint; did you mean {}?", *near)
                         : "there is no such endpoint; GET /v1/endpoints lists them",
                    std::string(kUnknownUrl));
}

// Another key's session of the same name is another one.
std::string session_key(const Exchange& x) {
  const std::int64_t caller = x.caller == nullptr ? 0 : x.caller->id;
  return fmt::format("{}\n{}\n{}\n{}", x.project->id, x.endpoint->is.name, caller, x.endpoint->call.session);
}

Status open_session(Exchange& x) {
  EndpointRun& run = *x.endpoint;
  if (run.call.session.empty()) return {};
  x.row.session = run.call.session;
  PG_TRY(run.session, x.gw.sessions.begin(session_key(x), x.gw.clock.steady()));
  run.turns = run.session.take_earlier();
  run.turn = run.turns.size() + 1;
  return {};
}

/// From here on x.body is the request to the model.
Status write_request(Exchange& x) {
  EndpointRun& run = *x.endpoint;
  const bool streams = run.call.stream && run.is.output == nullptr;
  PG_TRY(x.decoded, write_endpoint_request(run.is, run.call, run.turns, run.says, streams));
  x.body = x.decoded;
  PG_TRY_STATUS(read_call(x));
  x.row.model = run.is.name;  // what was asked for; which model it is stands beside it
  return {};
}

Status open_call(Exchange& x) {
  EndpointRun& run = *x.endpoint;
  PG_TRY(run.call, read_endpoint_call(run.is, x.body));
  PG_TRY(run.prompt, write_endpoint_prompt(run.is, run.call));
  run.says = run.prompt;
  PG_TRY_STATUS(open_session(x));
  return write_request(x);
}

EndpointReplyFacts facts_of(const Exchange& x) {
  const EndpointRun& run = *x.endpoint;
  return {x.row.id, run.call.session, run.turn, run.tries};
}

Usage sum_of(const Usage& a, const Usage& b) {
  const auto add = [](std::int64_t one, std::int64_t other) { return one < 0 ? other : other < 0 ? one : one + other; };
  Usage sum = b;
  sum.input_tokens = add(a.input_tokens, b.input_tokens);
  sum.output_tokens = add(a.output_tokens, b.output_tokens);
  sum.cached_tokens = add(a.cached_tokens, b.cached_tokens);
  sum.cache_write_tokens = add(a.cache_write_tokens, b.cache_write_tokens);
  sum.cache_write_1h_tokens = add(a.cache_write_1h_tokens, b.cache_write_1h_tokens);
  sum.reasoning_tokens = add(a.reasoning_tokens, b.reasoning_tokens);
  sum.doubtful = a.doubtful || b.doubtful;
  sum.unfinished = a.unfinished || b.unfinished;
  sum.estimated = a.estimated || b.estimated;
  return sum;
}

/// What was answered in vain is paid for, too, however the call ends.
class TriesPaid {
 public:
  explicit TriesPaid(Exchange& x) : x_(x) {}
  TriesPaid(const TriesPaid&) = delete;
  TriesPaid& operator=(const TriesPaid&) = delete;
  ~TriesPaid() { x_.row.usage = total(); }

  Usage total() const { return sum_of(before_, x_.row.usage); }
  void next() { before_ = sum_of(before_, std::exchange(x_.row.usage, {})); }

 private:
  Exchange& x_;
  Usage before_;
};

/// The same conversation with the answer that does not fit, and what is wrong with it: guarded anew, with the same placeholders,
/// since nothing in front of it has changed.
Status ask_again(Exchange& x, const Answer& answer, const std::string& flaw) {
  EndpointRun& run = *x.endpoint;
  run.turns.push_back({std::exchange(run.says, write_correction(flaw)), answer.text});
  ++run.tries;
  x.view = RequestView();
  x.guarded = GuardedCall();
  x.vault = Vault();
  x.guarded_by = nullptr;
  return write_request(x);
}

Error misfit(const Answer& answer, const std::string& flaw) {
  if (answer.stop == "length")
    return make_error(Code::upstream_failed, "the model's answer was cut off before it was whole; raise max_output_tokens");
  return make_error(Code::upstream_failed, fmt::format("the model's answer does not fit the endpoint's output: {}", flaw));
}

// Only what pg adds: what a provider says in its head is about a request that the client never wrote.
std::string extra_lines(const Exchange& x, const Upstream& upstream) {
  std::string out;
  if (!x.to.warnings.empty()) append_field(out, "x-pg-warnings", x.to.warnings);
  if (!x.budget_note.empty()) append_field(out, "x-pg-budget", x.budget_note);
  if (x.to.provider->echo && upstream.local != nullptr) append_field(out, "x-echo-saw", upstream.local->saw);
  return out;
}

Task<void> write_answer(Exchange& x, std::string body, std::string extra) {
  if (x.mcp != nullptr) {
    co_await write_endpoint_to_mcp(x, std::move(body), std::move(extra));
    co_return;
  }
  const bool streams = x.endpoint->call.stream;  // of one event, where the answer had to be checked first
  if (streams) body = "data: {\"result\":" + body + "}\n\n";
  x.row.stream = streams;
  x.row.bytes_out = static_cast<std::int64_t>(body.size());
  const std::string head = local_head(x, 200, streams ? "text/event-stream" : "application/json", body.size(), extra);
  x.head_sent = true;
  const IoEnd sent = co_await x.client.write(piece_of(head), piece_of(body), x.policy->limits.stall_timeout);
  if (sent == IoEnd::ok) co_return;
  x.row.status = 499;
  x.row.outcome = "canceled";
  x.close_after = true;
}

// Guards it for whoever will see it, and sends it there.
Task<Upstream> ask_model(Exchange& x) {
  choose_provider(x).value();  // 404, 503
  if (is_long_to_read(x, *x.to.provider)) {
    const Status read_through = co_await read_ahead(x, *x.to.provider);
    read_through.value();
  }
  guard_body(x).value();  // 422; from here on, what is sent is safe
  write_call(x).value();  // 400, 422
  Task<Result<Upstream>> asked = has_one_target(x) ? send_upstream(x) : ask_targets(x);
  Result<Upstream> sent = co_await std::move(asked);
  co_return std::move(sent).value();  // 502, 503, 504, 429
}

// A provider that failed inside its answer.
Task<void> answer_fault(Exchange& x, int status, std::string fault) {
  x.row.outcome = "error";
  if (x.row.error.empty()) x.row.error = "upstream_failed: the provider answered with an error";
  x.endpoint->drop_turn();
  if (x.mcp != nullptr) throw Refusal(make_error(Code::upstream_failed, "the provider answered with an error"));
  std::string body = "{\"error\":" + fault + "}";
  co_await answer_json(x, status >= 400 ? status : 502, std::move(body));
}

/// Whether the model must be asked once more.
Task<bool> answer_whole(Exchange& x, Upstream& upstream, TriesPaid& paid) {
  EndpointRun& run = *x.endpoint;
  Collected collected = co_await collect_reply(x, upstream);
  if (x.row.status == 499) co_return false;
  AnswerReader reader;
  reader.read_whole(collected.body);
  Answer answer = reader.answer();
  if (!answer.fault.empty()) {
    co_await answer_fault(x, collected.status, answer.fault);
    co_return false;
  }
  if (run.is.output != nullptr) {
    const RestoreCounts counts = restore_answer(vault_of(x), answer);
    x.row.restored += counts.exact + counts.lenient;
    x.row.unknown_tokens += counts.unknown;
  }
  const std::string flaw = find_answer_flaw(run.is, answer);
  if (!flaw.empty()) {
    if (run.tries > run.is.output_retries || answer.stop == "length") throw Refusal(misfit(answer, flaw));  // 502
    paid.next();
    ask_again(x, answer, flaw).value();
    co_return true;
  }
  answer.usage = paid.total();
  std::string body = write_endpoint_reply(run.is, answer, facts_of(x));
  std::string extra = extra_lines(x, upstream);
  run.end_turn(answer, x.gw.clock.steady());
  co_await write_answer(x, std::move(body), std::move(extra));
  co_return false;
}

Task<bool> try_endpoint(Exchange& x, TriesPaid& paid) {
  Upstream upstream = co_await ask_model(x);
  const bool refused = upstream.head.status >= 400;
  const bool runs = x.view.stream && is_event_stream(upstream);
  if (!refused && !runs) {
    const bool again = co_await answer_whole(x, upstream, paid);
    co_return again;
  }
  // What a provider says to an HTTP client is none of MCP's.
  if (refused && x.mcp != nullptr)
    throw Refusal(
        make_error(Code::upstream_failed, fmt::format("the provider refused the call (HTTP {})", upstream.head.status)));
  if (refused)
    x.endpoint->drop_turn();
  else
    x.endpoint->stream.emplace(x.endpoint->is, facts_of(x));
  co_await relay_reply(x, upstream);
  co_return false;
}

}  // namespace

Status find_endpoint(Exchange& x) {
  const auto found = x.project->endpoints.find(x.surface.model);
  if (found == x.project->endpoints.end()) return no_such_endpoint(x);
  x.endpoint = std::make_unique<EndpointRun>(found->second);
  x.row.endpoint = fmt::format("{}/{}", x.project->name, found->first);
  return {};
}

Task<void> serve_endpoint(Exchange& x) {
  authenticate(x, scope_chat).value();  // 404, 401, 403
  find_endpoint(x).value();             // 404
  check_log(x).value();                 // 503
  check_json_type(x.head).value();      // 415
  if (!x.client.take_body(x.head, x.policy->limits, x.received)) {
    const Status read = co_await x.client.read_body(x.head, x.policy->limits, x.received);  // 413, 408, 400
    read.value();
    if (is_revoked(x)) throw Refusal(revoked_error(x));  // 401
  }
  unfold_body(x).value();  // 415, 400
  co_await run_endpoint(x);
}

Task<void> run_endpoint(Exchange& x) {
  open_call(x).value();                        // 400, 409
  if (has_limits(x)) check_limits(x).value();  // 429, 422
  if (must_admit(x)) {
    const Status admitted = co_await admit(x);  // 429, 503
    admitted.value();
  }
  TriesPaid paid(x);
  bool again = true;
  while (again) again = co_await try_endpoint(x, paid);
}

Task<void> serve_endpoints(Exchange& x) {
  authenticate(x, scope_models).value();
  std::string body;
  if (!x.surface.model.empty()) {
    find_endpoint(x).value();
    body = write_endpoint(x.endpoint->is);
  } else {
    if (x.project->type != "gateway") throw Refusal(no_such_endpoint(x));
    JsonOut json(body);
    json.open_object().field("object", "list").open_array("data");
    for (const auto& [name, endpoint] : x.project->endpoints) json.raw(write_endpoint(endpoint));
    json.close_array().close_object();
  }
  co_await answer_json(x, 200, std::move(body));
}

}  // namespace pg
