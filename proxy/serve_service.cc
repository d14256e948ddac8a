// The page of the API gateway, and the steps that are short. What is allowed comes before what is read: nobody can make us scan a
// body for a path that is denied.
#include "proxy/serve_service.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/base/text.h"
#include "core/route/service.h"
#include "core/route/service_path.h"
#include "core/wire/error_details.h"
#include "core/wire/form_text.h"
#include "proxy/keep_limits.h"
#include "proxy/serve_model.h"
#include "proxy/take_place.h"

namespace pg {
namespace {

/// x.service is the one that the path names. not_found, with those there are.
Status find_service(Exchange& x) {
  const auto& services = x.project->services;
  const auto found = services.find(x.surface.service);
  if (found == services.end()) {
    std::string names;
    for (const auto& [name, service] : services) names += (names.empty() ? "" : ", ") + name;
    return make_error(Code::not_found, fmt::format("this project has no such service; it has {}", names.empty() ? "none" : names),
                      std::string(kUnknownUrl));
  }
  x.service = found->second.get();
  x.row.provider = x.service->name;
  return {};
}

// The parameter that carries the credential is ours: whoever sends it, too, would be believed by some servers.
Status check_query(const Exchange& x) {
  const std::string_view query = x.surface.query.substr(std::min<std::size_t>(1, x.surface.query.size()));
  for (const char c : query)
    if (c <= ' ' || c >= 0x7f || c == '\\' || c == '#')
      return make_error(Code::bad_request, "the query holds a byte that must be escaped");
  if (x.service->auth != ServiceAuth::query) return {};
  for (const FormPiece& piece : read_form(query))
    if (piece.is_name &&
        equals_ignore_case(decode_form(query.substr(piece.begin, piece.end - piece.begin)), x.service->auth_name))
      return make_error(Code::forbidden, fmt::format("the parameter {} is where pg puts the credential", x.service->auth_name));
  return {};
}

/// The path as it was matched. method_not_allowed, forbidden, bad_request.
Result<std::string> check_call(const Exchange& x) {
  PG_TRY(std::string path, read_service_path(x.surface.rest));
  PG_TRY_STATUS(check_service_call(*x.service, x.head.method, path));
  PG_TRY_STATUS(check_query(x));
  return path;
}

Status check_credential(const Exchange& x) {
  const std::string& problem = x.service->provider->credential_problem;
  if (problem.empty()) return {};
  return make_error(Code::unavailable, fmt::format("the service {} has no credential: {}", x.service->name, problem));
}

void choose_destination(Exchange& x) {
  x.to.provider = x.service->provider;
  x.to.outlet = &x.service->provider->outlets.front();
}

// What may come twice (RFC 9110 §9.2.2).
bool is_idempotent(std::string_view method) {
  return method != "POST" && method != "PATCH";
}

Task<Status> add_token(Exchange& x) {
  if (x.service->oauth == nullptr) co_return Status{};
  const Provider& place = *x.service->provider;
  const TokenErrand errand{x.parts.loop, x.gw.tls, x.gw.clock, place.ca_file, place.connect_timeout, place.public_only};
  const OAuthClient& client = *x.service->oauth;
  Result<AccessTokens::Token> token = co_await find_token(x.gw.tokens, client, errand);
  if (!token) co_return token.error();
  x.to.token = std::move(token).value();
  co_return Status{};
}

Task<Result<Upstream>> send_once(Exchange& x) {
  std::string head = write_service_head(x, outgoing_size(x));
  return send_written(x, std::move(head), is_idempotent(x.head.method));
}

// A token may be withdrawn before its end: then one more, once, and the call again. Nothing of the refusal has gone to the
// caller.
Task<Result<Upstream>> forward(Exchange& x) {
  const Status bought = co_await add_token(x);
  if (!bought) co_return bought.error();
  Result<Upstream> first = co_await send_once(x);
  const bool refused = x.to.token != nullptr && first && first.value().head.status == 401;
  if (!refused || !x.gw.tokens.discard(x.service->oauth->id, x.to.token, x.gw.clock.steady())) co_return first;
  const Status again = co_await add_token(x);
  if (!again) co_return first;
  first.value().connection.reset();
  Result<Upstream> second = co_await send_once(x);
  co_return second;
}

// The words of those who send speak of providers.
Result<Upstream> in_own_words(Result<Upstream> sent) {
  constexpr std::string_view kTheirs = "the provider";
  if (sent || !sent.error().message.starts_with(kTheirs)) return sent;
  Error error = sent.error();
  error.message.replace(0, kTheirs.size(), "the service");
  return error;
}

}  // namespace

bool asks_for_service(Exchange& x) {
  if (!x.policy->has_services) return false;
  const Project* project = x.policy->find_project(project_of_target(x.head.target));
  const bool by_host = project == nullptr && x.host_project != nullptr && project_of_target(x.head.target).empty();
  if (by_host) project = x.host_project;
  if (project == nullptr || project->type != "api" || !find_service_surface(x.head.target, by_host, x.surface)) return false;
  if (by_host) x.surface.project = project->id;
  return true;
}

Task<void> serve_service_call(Exchange& x) {
  authenticate(x, scope_proxy).value();      // 404, 401, 403: before a byte of body is buffered
  check_log(x).value();                      // 503
  find_service(x).value();                   // 404
  std::string path = check_call(x).value();  // 400, 403, 405
  check_credential(x).value();               // 503
  if (!x.client.take_body(x.head, x.policy->limits, x.received)) {
    const Status read = co_await x.client.read_body(x.head, x.policy->limits, x.received);  // 413, 408, 400
    read.value();
    if (is_revoked(x)) throw Refusal(revoked_error(x));  // 401
  }
  if (has_limits(x)) check_limits(x).value();  // 429
  if (must_admit(x)) {
    const Status admitted = co_await admit(x);  // 429, 503
    admitted.value();
  }
  const Status guarded = co_await guard_service_call(x, std::move(path));  // 422, 415; from here on it is safe to send
  guarded.value();
  choose_destination(x);
  Result<Upstream> sent = co_await forward(x);
  Upstream upstream = in_own_words(std::move(sent)).value();  // 403, 502, 503, 504
  co_await relay_service_reply(x, upstream);
}

}  // namespace pg
