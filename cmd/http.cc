// pg http: the services of a project, listed and checked; calling one lives in http_call.cc.
#include <CLI/CLI.hpp>
#include <memory>

#include "cmd/command.h"
#include "cmd/http_call.h"
#include "cmd/open.h"
#include "cmd/print.h"
#include "cmd/provider_probe.h"
#include "cmd/step_report.h"
#include "config/app_key.h"
#include "config/build_services.h"
#include "config/validate_services.h"
#include "core/base/text.h"
#include "core/guard/mask_secrets.h"
#include "core/store/credential_store.h"
#include "proxy/probe_service.h"

namespace pg {
namespace {

constexpr Millis kCheckTimeout{15'000};

struct ListedService {
  ProjectSettings project;
  ServiceSettings row;
  std::shared_ptr<const Service> service;

  const std::string& problem() const { return service->provider->credential_problem; }
  std::string credential() const {
    const auto all = pg::credentials_of(row);
    return all.empty() ? "none" : all.front().second;
  }
};

/// Those of the project that --project names, or of all.
std::vector<ListedService> find_services(const Shell& shell, const Settings& settings) {
  std::vector<ProjectSettings> projects;
  if (!shell.project.empty())
    projects.push_back(chosen_project(shell, settings).value());
  else
    for (const auto& [name, project] : settings.projects) projects.push_back(project);
  PolicyParts parts;
  parts.environment = process_environment();
  parts.open_sealed = [&settings](std::string_view name) { return open_sealed_credential(settings, name); };
  std::vector<ListedService> services;
  for (const ProjectSettings& project : projects)
    for (const auto& [name, service] : build_services(project, settings, parts))
      services.push_back({project, project.services.at(name), service});
  return services;
}

std::string service_json(const ListedService& listed) {
  std::string object = "{";
  json_field(object, "project", listed.project.name);
  json_field(object, "service", listed.row.name);
  json_field(object, "base_url", listed.row.base_url);
  json_raw(object, "methods", json_list(listed.row.methods));
  json_raw(object, "paths", json_list(listed.row.paths));
  json_raw(object, "deny_paths", json_list(listed.row.deny_paths));
  json_field(object, "auth", listed.row.auth_word());
  json_field(object, "credential", listed.credential());
  json_bool(object, "ready", listed.problem().empty());
  json_field(object, "problem", listed.problem());
  return object + "}";
}

int list_services(Shell& shell) {
  const Settings settings = open_settings(shell).value();
  Table table({{"PROJECT"},
               {"SERVICE"},
               {"BASE URL", Align::left, 0, 20},
               {"METHODS", Align::left, 2, 10},
               {"PATHS", Align::left, 3, 10},
               {"AUTH", Align::left, 1},
               {"CREDENTIAL", Align::left, 0, 12}});
  std::string objects;
  for (const ListedService& listed : find_services(shell, settings)) {
    table.add({{listed.project.name},
               {listed.row.name, Color::bold},
               {listed.row.base_url},
               {fmt::format("{}", fmt::join(listed.row.methods, ","))},
               {listed.row.paths.empty() ? "every path" : fmt::format("{}", fmt::join(listed.row.paths, ","))},
               {listed.row.auth_word()},
               {listed.problem().empty() ? listed.credential() : listed.problem(),
                listed.problem().empty() ? Color::plain : Color::red}});
    objects += (objects.empty() ? "" : ",\n") + service_json(listed);
  }
  shell.write(without_secrets(shell.json ? "[" + objects + "]\n" : table.empty() ? "" : table.text(shell)));
  if (table.empty()) shell.note("no services; 'pg projects add NAME --type api' makes a project that may have some");
  return exit_ok;
}

// The one before is void: what is not kept now is lost.
void seal_fresh_token(Shell& shell, const Settings& settings, const ServiceProbe& probe) {
  if (probe.rotated.empty()) return;
  const auto app_key = load_app_key(process_environment(), settings.app_key_file);
  auto db = Db::open(settings.database);
  const Status kept =
      !app_key ? Status(app_key.error())
      : !db    ? Status(db.error())
               : CredentialStore(db.value(), wall_clock(), actor_name()).put(probe.rotated, probe.fresh_token, app_key.value());
  if (!kept) shell.warn(fmt::format("the new refresh token could not be sealed: {}", kept.error().message));
}

std::string told(const Error& error) {
  return error.message + (error.detail.empty() ? "" : " (" + error.detail + ")");
}

int check_service(Shell& shell, const Settings& settings, const ListedService& listed, StepReport& report) {
  const std::string& name = listed.row.name;
  const ServiceProbe probe = probe_service(*listed.service, shell.timeout_or(kCheckTimeout).value());
  seal_fresh_token(shell, settings, probe);
  int status = exit_ok;
  const std::string addresses = fmt::format("{}", fmt::join(probe.addresses, ", "));
  if (probe.place_error) {
    report.add(
        "address", "fail", name + ": " + told(*probe.place_error),
        probe.place_error->code == Code::forbidden ? fmt::format("private = true under [services.{}] allows it", name) : "");
    status = exit_upstream;
  } else {
    report.add("address", "ok",
               fmt::format("{}: {} is {}", name, listed.service->provider->outlets.front().base.host, addresses));
  }
  if (!listed.problem().empty()) {
    report.add("credential", "fail", name + ": " + listed.problem(),
               fmt::format("pg providers login {}, with credential = \"sealed\"", name));
    return exit_auth;
  }
  report.add("credential", "ok", name + ": " + (listed.row.auth_word() == "none" ? "none is sent" : listed.credential()));
  if (probe.token_error) {
    report.add("token", "fail", name + ": " + told(*probe.token_error), "check client_id, client_secret and token_url");
    return exit_auth;
  }
  if (probe.asked_token) report.add("token", "ok", name + ": the token endpoint gave one");
  return status;
}

int check_services(Shell& shell, const std::string& wanted) {
  const Settings settings = open_settings(shell).value();
  StepReport report(shell);
  int status = exit_ok;
  bool any = false;
  for (const ListedService& listed : find_services(shell, settings)) {
    if (!wanted.empty() && listed.row.name != wanted) continue;
    any = true;
    status = std::max(status, check_service(shell, settings, listed, report));
  }
  if (!any)
    return shell.fail({.what = wanted.empty() ? "no project has a service" : "no service of that name",
                       .hint = "pg http list",
                       .status = exit_not_found});
  return report.end(status);
}

}  // namespace

void add_http(CLI::App& command, Shell& shell) {
  command.footer("pg http list\npg http check github\npg http call github GET /user --project work");
  auto* lists = command.add_subcommand("list", "List the services of all projects, or of --project");
  lists->footer("pg http list\npg http list --project work --json");
  set_action(*lists, shell, [&shell] { return list_services(shell); });

  auto name = std::make_shared<std::string>();
  auto* checks = command.add_subcommand("check",
                                        "Say whether services could be called\n"
                                        "Looks up the address, whether it may be connected to, and the credential; fetches a\n"
                                        "token where one is used. The API itself is not asked. Exits 7 for an address, 4 for a\n"
                                        "credential.");
  checks->add_option("SERVICE", *name, "Its name; all of them when not given");
  checks->footer("pg http check\npg http check github --project work --json");
  set_action(*checks, shell, [&shell, name] { return check_services(shell, *name); });

  auto call = std::make_shared<HttpCall>();
  auto* calls =
      command.add_subcommand("call",
                             "Call a service through the serve that runs\n"
                             "With a key of its own, which is revoked behind it. Exits 1 for an answer of 400 or more.");
  calls->add_option("SERVICE", call->service, "Its name")->required();
  calls->add_option("METHOD", call->method, "GET, POST, …")->required();
  calls->add_option("PATH", call->path, "Below its base URL, with a query")->required();
  calls->add_option("--data", call->body, "The body; @FILE reads it from a file, @- from standard input")->type_name("BODY");
  calls->add_option("--type", call->type, "Its content type")->type_name("TYPE")->capture_default_str();
  calls->add_option("--header", call->headers, "Another field, 'Name: value'; repeat for more")
      ->type_name("FIELD")
      ->allow_extra_args(false);
  calls->add_flag("--include", call->head, "Print the reply's head, too");
  calls->footer(
      "pg http call github GET /user --project work\n"
      "pg http call github POST /repos/o/r/issues --data '{\"title\":\"Hello\"}'\n"
      "pg http call search GET '/v1/find?q=pg' --include");
  set_action(*calls, shell, [&shell, call] { return call_service(shell, *call); });
}

}  // namespace pg
