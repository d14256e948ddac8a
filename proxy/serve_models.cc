// GET models, one model, and what needs no key: small answers, whole.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "core/wire/models.h"
#include "proxy/address_call.h"
#include "proxy/relay_reply.h"
#include "proxy/send_upstream.h"
#include "proxy/serve_model.h"
#include "proxy/write_refusal.h"

namespace pg {
namespace {

constexpr std::size_t kMaxModelList = 4u << 20;

bool asks_as_codex(const Exchange& x) {
  return x.surface.model.empty() && x.surface.query.find("client_version=") != std::string_view::npos;
}

// The provider whose list needs no rewriting first; otherwise the first that can be asked at all.
Status choose_lister(Exchange& x) {
  for (const bool same_dialect : {true, false}) {
    for (const std::shared_ptr<const Provider>& provider : x.project->providers) {
      if (!provider->credential_problem.empty()) continue;
      for (const Outlet& outlet : provider->outlets) {
        if ((same_dialect && outlet.dialect != x.surface.dialect) || !models_target(outlet)) continue;
        x.to.provider = provider;
        x.to.outlet = &outlet;
        x.row.provider = provider->name;
        return {};
      }
      if (!provider->echo || same_dialect) continue;
      x.to.provider = provider;
      x.row.provider = provider->name;
      return {};
    }
  }
  return make_error(Code::not_found, "no provider of this project can list models");
}

bool is_glob(const std::string& model) {
  return model.find_first_of("*?") != std::string::npos;
}

void add_route_models(const Route& route, std::vector<ListedModel>& models) {
  for (const std::string& model : route.globs(RouteTest::model)) {
    const bool listed = std::any_of(models.begin(), models.end(), [&](const ListedModel& other) { return other.id == model; });
    if (!is_glob(model) && !listed) models.push_back({model, model + " (route " + route.name + ")", 0});
  }
}

void add_provider_models(const Provider& provider, std::vector<ListedModel>& models) {
  for (const std::string& model : provider.models)
    if (!is_glob(model)) models.push_back({provider.name + ":" + model, model + " (" + provider.name + ")", 0});
  for (const auto& [model, called] : provider.model_names)
    if (std::find(provider.models.begin(), provider.models.end(), model) == provider.models.end())
      models.push_back({provider.name + ":" + model, model + " (" + provider.name + ": " + called + ")", 0});
}

// A wrapper's own words for models: its aliases, what its routes answer to, and what its providers' rows name outright.
std::vector<ListedModel> own_models(const Project& project) {
  std::vector<ListedModel> models;
  for (const auto& [alias, model] : project.aliases) models.push_back({alias, alias + " (" + model + ")", 0});
  for (const Route& route : project.routes) add_route_models(route, models);
  for (const std::shared_ptr<const Provider>& provider : project.providers) add_provider_models(*provider, models);
  return models;
}

Error no_such_model() {
  return make_error(Code::not_found, "no model of that name is listed here");
}

/// The list, or the one of it that is asked for. not_found.
Result<std::string> write_list(const Exchange& x, const std::vector<ListedModel>& models) {
  if (!x.surface.model.empty()) {
    for (const ListedModel& model : models)
      if (model.id == x.surface.model) return write_model(x.surface.dialect, model);
    return no_such_model();
  }
  return asks_as_codex(x) ? write_codex_models(models) : write_models(x.surface.dialect, models);
}

// The list that is known without asking anybody: a wrapper's, echo's, or what the rows name where no provider can be asked.
std::optional<std::vector<ListedModel>> find_local(Exchange& x) {
  if (x.project->type == "wrapper") return own_models(*x.project);
  const Status lister = choose_lister(x);
  if (!lister) {
    std::vector<ListedModel> own = own_models(*x.project);
    if (own.empty()) lister.value();
    return own;
  }
  if (!x.to.provider->echo) return std::nullopt;
  return std::vector<ListedModel>{{"echo", "PromptGate echo", 1'735'689'600}};
}

Task<Result<std::string>> read_whole(Upstream& upstream) {
  std::string body;
  IoEnd end = upstream.connection->take_buffered(body);
  while ((end == IoEnd::again || end == IoEnd::ok) && body.size() <= kMaxModelList)
    end = co_await upstream.connection->read_body(body);
  if (end != IoEnd::eof) co_return make_error(Code::upstream_failed, "the provider's list of models was cut short or too long");
  co_return body;
}

// Path and query of the provider's list. Anthropic lists twenty when it is not told how many.
std::string list_target(const Exchange& x) {
  std::string target = models_target(*x.to.outlet).value();
  if (target.find('?') != std::string::npos) return target;
  if (x.surface.model.empty()) return target.append(x.surface.query);
  return target.append(x.to.outlet->dialect == DialectId::anthropic ? "?limit=1000" : "");
}

/// What the client gets of the provider's list: `same` says that it is one of the client's own dialect. not_found,
/// upstream_failed.
Result<std::string> answer_from(const Exchange& x, std::string body, bool same) {
  if (same && !x.surface.model.empty()) {
    PG_TRY(std::string row, find_model_row(body, x.surface.model));
    return row.empty() ? Result<std::string>(no_such_model()) : std::move(row);
  }
  const Result<std::vector<ListedModel>> models = read_models(body);
  if (models) return write_list(x, models.value());
  // A provider that knows Codex answers in Codex's shape already.
  return asks_as_codex(x) ? Result<std::string>(std::move(body)) : models.error();
}

}  // namespace

Task<void> answer_text(Exchange& x, int status, const char* type, std::string body) {
  x.row.status = status;
  if (x.row.outcome.empty()) x.row.outcome = status < 400 ? "ok" : "error";
  x.row.bytes_out = static_cast<std::int64_t>(body.size());
  const std::string head = local_head(x, status, type, body.size(), "");
  const std::string_view sent = x.head.method == "HEAD" ? std::string_view() : std::string_view(body);
  x.head_sent = true;
  co_await x.client.write(piece_of(head), piece_of(sent), x.policy->limits.stall_timeout);
}

Task<void> answer_json(Exchange& x, int status, std::string body) {
  return answer_text(x, status, "application/json", std::move(body));
}

Task<void> serve_models(Exchange& x) {
  if (x.head.find("anthropic-version")) x.surface.dialect = DialectId::anthropic;
  authenticate(x, scope_models).value();
  check_is_no_gateway(x).value();
  const std::optional<std::vector<ListedModel>> local = find_local(x);
  if (local) {
    std::string own = write_list(x, *local).value();
    co_await answer_json(x, 200, std::move(own));
    co_return;
  }
  std::string target = list_target(x);
  Result<Upstream> sent = co_await get_upstream(x, target);
  Upstream upstream = std::move(sent).value();
  const bool same = x.to.outlet->dialect == x.surface.dialect && !asks_as_codex(x);
  if ((same && x.surface.model.empty()) || upstream.head.status != 200) {
    co_await relay_reply(x, upstream);
    co_return;
  }
  Result<std::string> body = co_await read_whole(upstream);
  release_upstream(x, upstream);
  std::string answer = answer_from(x, std::move(body).value(), same).value();
  co_await answer_json(x, 200, std::move(answer));
}

Task<void> serve_hello(Exchange& x) {
  if (x.surface.operation == Operation::ready && x.gw.draining.load()) {
    throw Refusal(make_error(Code::unavailable, "pg is shutting down"));
  }
  if (x.surface.operation == Operation::ready) check_log(x).value();
  std::string body = x.surface.operation == Operation::hello ? R"({"name":"promptgate","status":"ok"})" : R"({"status":"ok"})";
  if (x.surface.operation == Operation::ready && x.gw.journal.is_failing()) body = R"({"status":"ok","log":"failing"})";
  co_await answer_json(x, 200, std::move(body));
}

}  // namespace pg
