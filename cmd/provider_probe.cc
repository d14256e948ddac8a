// From an answer, or the lack of one, to a line that helps.
#include "cmd/provider_probe.h"

#include <algorithm>
#include <optional>
#include <set>

#include "cmd/open.h"
#include "config/app_key.h"
#include "config/build_policy.h"
#include "config/paths.h"
#include "config/providers.h"
#include "core/base/text.h"
#include "core/store/credential_store.h"

namespace pg {
namespace {

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::string login_hint(const std::string& name) {
  return fmt::format("pg providers login {}, or credential = \"env:NAME\" under [providers.{}]", name, name);
}

void judge_error(const Error& error, const Provider& provider, ProbeVerdict& out) {
  out.verdict = "fail";
  out.exit = exit_upstream;
  out.detail = error.message + (error.detail.empty() ? "" : ": " + error.detail);
  const std::string where = fmt::format("under [providers.{}]", out.name);
  if (has(error.message, "token endpoint") || has(error.detail, "invalid_grant")) {
    out.exit = exit_auth;
    out.hint = "the service account's key was revoked, or this machine's clock is wrong; make a new key in the Google console";
  } else if (has(error.detail, "certificate")) {
    out.hint =
        fmt::format("a private authority: ca_file = \"/path/ca.pem\" {}; otherwise check the clock and the host name", where);
  } else if (has(error.detail, "TLS with")) {
    out.hint = "is it https at that port? a proxy in between may break TLS";
  } else if (error.code == Code::upstream_timeout) {
    out.hint = "--timeout allows more; a firewall that drops packets looks like this too";
  } else if (has(error.detail, "refused or unreachable")) {
    const bool local = !provider.outlets.front().base.tls;
    out.hint = local ? "is it running? check the port of its base URL " + where : "check the network, and the base URL " + where;
  } else if (has(error.detail, "resolve") || has(error.detail, "host") || has(error.detail, "name")) {
    out.hint = "check the host of its base URL " + where + ", and DNS";
  } else if (has(error.message, "list of models")) {
    out.verdict = "warn";
    out.exit = exit_ok;
    out.hint = "it answered, so calls may work: its list has a shape that pg does not know";
  } else {
    out.hint = "check the base URL " + where;
  }
}

void judge_status(const ProviderProbe& probe, ProbeVerdict& out) {
  out.verdict = "fail";
  out.exit = exit_upstream;
  if (probe.status == 401 || probe.status == 403) {
    out.exit = exit_auth;
    out.detail = "the provider does not take the credential";
    out.hint = login_hint(out.name);
  } else if (probe.status == 404) {
    out.detail = "nothing there";
    out.hint = fmt::format("the base URL under [providers.{}] must end in the version, such as /v1", out.name);
  } else if (probe.status == 429) {
    out.verdict = "warn";
    out.exit = exit_ok;
    out.detail = "the credential is known, but over its limit for now";
  } else if (probe.status >= 300 && probe.status < 400) {
    out.detail = "it answers with a redirect, which is not followed";
    out.hint = fmt::format("write the address it leads to under [providers.{}]", out.name);
  } else {
    out.detail = probe.status >= 500 ? "the provider has a fault of its own" : "the provider refused the question";
    out.hint = probe.status >= 500 ? "look at its status page, and try again" : "check the base URL and the credential";
  }
}

std::optional<ProbeVerdict> skip(const Provider& provider, ProbeVerdict out) {
  out.verdict = "skip";
  if (provider.echo) {
    out.detail = "lives inside pg";
    return out;
  }
  if (provider.outlets.empty()) {
    out.verdict = "fail";
    out.exit = exit_config;
    out.detail = "leads nowhere yet: it has no base URL";
    out.hint = "pg config check says what to write";
    return out;
  }
  if (provider.credential_problem.empty()) return std::nullopt;
  out.verdict = "fail";
  out.exit = exit_auth;
  out.detail = provider.credential_problem;
  out.hint = login_hint(out.name);
  return out;
}

}  // namespace

Result<SecretString> open_sealed_credential(const Settings& settings, std::string_view provider) {
  PG_TRY(auto app_key, load_app_key(process_environment(), settings.app_key_file));
  PG_TRY(auto db, Db::open(settings.database, DbMode::read_only));
  return CredentialStore(db, wall_clock(), actor_name()).open(provider, app_key);
}

std::shared_ptr<const Provider> open_provider(const Settings& settings, const std::string& name) {
  PolicyParts parts;
  parts.environment = process_environment();
  parts.open_sealed = [&settings](std::string_view provider) { return open_sealed_credential(settings, provider); };
  return build_provider(settings, parts, name);
}

std::string named_provider(const Settings& settings, const std::string& name) {
  const auto names = provider_names(settings);
  if (std::find(names.begin(), names.end(), name) != names.end()) return name;
  const std::vector<std::string_view> views(names.begin(), names.end());
  const auto nearest = find_nearest(name, views);
  throw Refusal(
      make_error(Code::not_found, fmt::format("no provider '{}'{}", escape_controls(name),
                                              nearest ? fmt::format(" (did you mean '{}'?)", *nearest) : std::string{})));
}

std::vector<std::string> used_providers(const Settings& settings) {
  std::set<std::string> names;
  for (const auto& [project_name, project] : settings.projects) {
    names.insert(project.providers.begin(), project.providers.end());
    for (const std::string& target : project.fallback) names.insert(target.substr(0, target.find(':')));
  }
  return {names.begin(), names.end()};
}

ProbeVerdict judge_provider(const Settings& settings, const std::string& name, Millis timeout) {
  ProbeVerdict out;
  out.name = name;
  const auto provider = open_provider(settings, name);
  if (provider == nullptr) throw Refusal(make_error(Code::not_found, fmt::format("no provider '{}'", escape_controls(name))));
  if (auto skipped = skip(*provider, out)) return *skipped;
  const ProviderProbe probe = probe_provider(*provider, timeout);
  out.asked = probe.asked;
  out.status = probe.status;
  out.took_ms = probe.took.count();
  if (probe.error) {
    judge_error(*probe.error, *provider, out);
  } else if (!probe.has_list) {
    out.verdict = "ok";
    out.detail = provider->google != nullptr
                     ? "reached, and the service account got a token; there is no list of models to ask for"
                     : "reached; there is no free question that would try the credential, so it was not tried";
  } else if (probe.status != 200) {
    judge_status(probe, out);
  } else {
    out.verdict = "ok";
    out.models = probe.models;
    const bool open = provider->auth == AuthStyle::client;
    out.detail = fmt::format("{} models{}", probe.models.size(), open ? ", without a credential: it is the caller's" : "");
  }
  // Nobody's credential was sent, so its absence is no fault.
  if (provider->auth == AuthStyle::client && out.exit == exit_auth) {
    out.verdict = "ok";
    out.exit = exit_ok;
    out.detail = "reached; the credential is each caller's own, so none was tried";
    out.hint.clear();
  }
  return out;
}

}  // namespace pg
