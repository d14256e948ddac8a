// pg providers: who can be asked, and with whose credential. Credentials are read from standard input or typed unseen, never
// argv.
#include "config/providers.h"

#include <termios.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdlib>

#include "cmd/command.h"
#include "cmd/open.h"
#include "cmd/print.h"
#include "cmd/provider_probe.h"
#include "cmd/test_providers.h"
#include "config/app_key.h"
#include "config/mcp_knobs.h"
#include "config/paths.h"
#include "config/validate_services.h"
#include "core/base/encode.h"
#include "core/base/text.h"
#include "core/guard/mask_secrets.h"
#include "core/store/credential_store.h"
#include "core/store/files.h"

namespace pg {
namespace {

constexpr std::size_t kLongest = 64u << 10;

struct LoginOptions {
  std::string name, from_file, from_env;
  std::vector<std::string> misplaced;  // what should have been standard input
};

struct CredentialState {
  std::string source;  // "env OPENAI_API_KEY", "sealed", "client", "none"
  std::string state;   // "ready", "variable not set", "not stored"
  bool ready = false;
};

CredentialState credential_state(const Settings& settings, const ProviderSettings& row, const std::string& spec,
                                 const std::vector<StoredCredential>& sealed) {
  const std::string name = spec.starts_with("sealed:") ? spec.substr(7) : row.name;
  const bool stored = std::any_of(sealed.begin(), sealed.end(), [&](const auto& c) { return c.provider == name; });
  if (spec == "none") return {"none", "ready", true};
  if (spec == "client") return {"client", "the caller's own", true};
  if (spec.starts_with("sealed")) return {spec, stored ? "ready" : "not stored", stored};
  if (spec.starts_with("env:")) {
    const char* value = std::getenv(spec.c_str() + 4);
    if (value != nullptr && *value != '\0') return {spec, "ready", true};
    if (stored && row.credentials.empty()) return {"sealed", "ready", true};
    return {spec, "not set here", false};
  }
  if (spec.starts_with("file:")) {
    const std::string path = credential_path(spec, settings, find_paths(process_environment()).home);
    const bool there = ::access(path.c_str(), R_OK) == 0;
    return {spec, there ? "ready" : "file missing", there};
  }
  return {spec, "?", false};
}

/// Of all its credentials: ready when one is, as they stand in for each other.
CredentialState credential_state(const Settings& settings, const ProviderSettings& row,
                                 const std::vector<StoredCredential>& sealed) {
  const std::vector<std::string> specs = credentials_of(row);
  if (specs.size() == 1) return credential_state(settings, row, specs.front(), sealed);
  CredentialState all;
  std::size_t ready = 0;
  for (const std::string& spec : specs) {
    const CredentialState one = credential_state(settings, row, spec, sealed);
    all.source += (all.source.empty() ? "" : ", ") + one.source;
    ready += one.ready ? 1 : 0;
    if (!one.ready) all.state += fmt::format(", {} {}", one.source, one.state);
  }
  all.ready = ready > 0;
  all.state = ready == specs.size() ? "ready" : fmt::format("{} of {} ready{}", ready, specs.size(), all.state);
  return all;
}

// Also as a fallback, or by way of a route.
bool uses(const ProjectSettings& project, const std::string& provider) {
  const auto leads_there = [&](const std::string& target) { return target.substr(0, target.find(':')) == provider; };
  return std::find(project.providers.begin(), project.providers.end(), provider) != project.providers.end() ||
         std::any_of(project.fallback.begin(), project.fallback.end(), leads_there) ||
         std::any_of(project.routes.begin(), project.routes.end(), [&](const RouteSettings& route) {
           return route.provider == provider || (!route.fallback.empty() && leads_there(route.fallback));
         });
}

std::vector<std::string> projects_using(const Settings& settings, const std::string& provider) {
  std::vector<std::string> names;
  for (const auto& [name, project] : settings.projects)
    if (uses(project, provider)) names.push_back(name);
  return names;
}

std::vector<StoredCredential> stored_credentials(const Settings& settings) {
  auto db = Db::open(settings.database, DbMode::read_only);
  if (!db) return {};  // no database yet: nothing is stored
  auto stored = CredentialStore(db.value(), wall_clock(), actor_name()).list();
  return stored ? stored.value() : std::vector<StoredCredential>{};
}

std::string where_it_leads(const std::string& name, const std::vector<std::string>& urls) {
  if (!urls.empty()) return fmt::format("{}", fmt::join(urls, ", "));
  return name == "echo" ? "inside pg" : "nowhere yet: pg config check says what to set";
}

int list_providers(Shell& shell) {
  auto settings = open_settings(shell).value();
  const auto sealed = stored_credentials(settings);
  Table table(
      {{"NAME"}, {"CREDENTIAL", Align::left, 2, 10}, {"STATE"}, {"PROJECTS", Align::left, 3, 8}, {"URL", Align::left, 1, 16}});
  std::string objects;
  for (const auto& name : provider_names(settings)) {
    const auto row = find_provider_row(settings, name);
    if (!row) continue;
    const auto credential = credential_state(settings, *row, sealed);
    const auto urls = base_urls(*row);
    const auto projects = projects_using(settings, name);
    table.add({{name, Color::bold},
               {credential.source},
               {credential.state, credential.ready ? Color::green : Color::yellow},
               {projects.empty() ? "–" : fmt::format("{}", fmt::join(projects, ", "))},
               {where_it_leads(name, urls)}});
    std::string object = "{";
    json_field(object, "name", name);
    json_field(object, "credential", credential.source);
    json_bool(object, "ready", credential.ready);
    json_field(object, "state", credential.state);
    json_raw(object, "projects", json_list(projects));
    json_raw(object, "urls", json_list(urls));
    objects += (objects.empty() ? "" : ",\n") + object + "}";
  }
  // Paths of files and servers may hold a credential; stars are as long as what they cover.
  shell.write(without_secrets(shell.json ? "[" + objects + "]\n" : table.text(shell)));
  return exit_ok;
}

std::string names_json(const std::map<std::string, std::string>& names) {
  std::string object;
  for (const auto& [model, called] : names)
    object += (object.empty() ? "" : ",") + json_quoted(model) + ":" + json_quoted(called);
  return "{" + object + "}";
}

std::string names_text(const std::map<std::string, std::string>& names) {
  std::string text;
  for (const auto& [model, called] : names) text += fmt::format("{}{} = {}", text.empty() ? "" : ", ", model, called);
  return text.empty() ? "–" : text;
}

int show_provider(Shell& shell, const std::string& wanted) {
  auto settings = open_settings(shell).value();
  const auto name = named_provider(settings, wanted);
  const auto row = find_provider_row(settings, name).value();
  const auto credential = credential_state(settings, row, stored_credentials(settings));
  const auto urls = base_urls(row);
  if (shell.json) {
    std::string object = "{";
    json_field(object, "name", name);
    json_field(object, "vendor", row.vendor.value_or(name));
    json_field(object, "credential", credential.source);
    json_bool(object, "ready", credential.ready);
    json_field(object, "state", credential.state);
    json_raw(object, "projects", json_list(projects_using(settings, name)));
    json_raw(object, "urls", json_list(urls));
    json_raw(object, "models", json_list(row.models));
    json_raw(object, "model_names", names_json(row.model_names));
    json_number(object, "max_output_tokens", row.max_output_tokens);
    shell.write(without_secrets(object + "}\n"));
    return exit_ok;
  }
  const std::vector<std::pair<std::string_view, std::string>> rows{
      {"name", name},
      {"url", where_it_leads(name, urls)},
      {"credential", credential.source},
      {"state", credential.state},
      {"models", row.models.empty() ? "any" : fmt::format("{}", fmt::join(row.models, ", "))},
      {"model names", names_text(row.model_names)},
      {"output cap", row.max_output_tokens == 0 ? "none" : fmt::format("{} tokens", row.max_output_tokens)},
      {"projects", fmt::format("{}", fmt::join(projects_using(settings, name), ", "))}};
  for (const auto& [title, value] : rows) {
    const std::string shown = escape_controls(without_secrets(value));
    shell.write(shell.out_tty ? fmt::format("{:<12}{}\n", title, shown) : fmt::format("{}\t{}\n", title, shown));
  }
  return exit_ok;
}

/// A provider, or the NAME of a "sealed:NAME" among some provider's credentials.
std::string named_credential(const Settings& settings, const std::string& name) {
  for (const std::string& provider : provider_names(settings)) {
    const auto row = find_provider_row(settings, provider);
    if (!row) continue;
    const std::vector<std::string> specs = credentials_of(*row);
    if (std::find(specs.begin(), specs.end(), "sealed:" + name) != specs.end()) return name;
  }
  for (const auto& [project, wanted] : settings.projects) {
    for (const auto& [service, row] : wanted.services)
      for (const auto& [what, credential] : credentials_of(row))
        if (sealed_name(row, credential) == name) return name;
    for (const auto& [server, row] : wanted.servers)
      for (const auto& [what, credential] : credentials_of(row))
        if (sealed_name(row, credential) == name) return name;
  }
  return named_provider(settings, name);
}

constexpr char kCtrlC = 3;

/// Keeps the terminal from showing what is typed. Ctrl-C arrives as a byte that ends the line, so that the terminal is always put
/// back before the program ends.
class NoEcho {
 public:
  explicit NoEcho(int terminal) : terminal_(terminal) {
    on_ = ::tcgetattr(terminal, &before_) == 0;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO | ISIG);
    quiet.c_cc[VEOL] = kCtrlC;
    if (on_) ::tcsetattr(terminal, TCSAFLUSH, &quiet);
  }
  ~NoEcho() {
    if (on_) ::tcsetattr(terminal_, TCSAFLUSH, &before_);
  }
  NoEcho(const NoEcho&) = delete;
  NoEcho& operator=(const NoEcho&) = delete;

 private:
  int terminal_;
  bool on_ = false;
  termios before_{};
};

/// Standard input up to its end, or up to the first line end on a terminal. Read without stdio, so that no buffer keeps a copy.
SecretString read_secret_input(Shell& shell, bool one_line, bool& interrupted) {
  std::string text;
  text.reserve(kLongest);  // never reallocated: no copies left behind
  char c = 0;
  while (text.size() < kLongest && ::read(::fileno(shell.in), &c, 1) == 1) {
    interrupted = one_line && c == kCtrlC;
    if (interrupted || (one_line && (c == '\n' || c == '\r'))) break;
    text += c;
  }
  SecretString secret(trim(text));
  wipe(text.data(), text.size());
  return secret;
}

Result<SecretString> read_credential(Shell& shell, const LoginOptions& options) {
  if (!options.from_env.empty()) {
    const char* value = std::getenv(options.from_env.c_str());
    if (value == nullptr || *value == '\0')
      return make_error(Code::not_found, fmt::format("the variable {} is not set", escape_controls(options.from_env)));
    return SecretString(trim(value));
  }
  if (!options.from_file.empty()) {
    PG_TRY(auto text, read_file(options.from_file, kLongest, FileTrust::shared));
    SecretString secret(trim(text));
    wipe(text.data(), text.size());
    return secret;
  }
  bool interrupted = false;
  if (!shell.in_tty) return read_secret_input(shell, false, interrupted);
  if (!shell.may_ask())
    return make_error(Code::bad_request, "a credential is needed on standard input, or with --from-env or --from-file");
  std::fputs(fmt::format("Credential for {} (not shown): ", options.name).c_str(), shell.err);
  std::fflush(shell.err);
  SecretString secret;
  {
    const NoEcho quiet(::fileno(shell.in));
    secret = read_secret_input(shell, true, interrupted);
  }
  std::fputs("\n", shell.err);
  if (interrupted) std::raise(SIGINT);
  return secret;
}

int refuse_argv(Shell& shell, const std::string& name) {
  return shell.fail(
      {.what = "a credential on the command line stays in the shell's history and is shown to every user by ps",
       .hint = fmt::format("pg providers login {} alone asks for it; or pipe it: pg providers login {} < FILE", name, name)});
}

int login(Shell& shell, LoginOptions options) {
  if (!options.misplaced.empty()) return refuse_argv(shell, options.name);
  auto place = open_workplace(shell).value();
  options.name = named_credential(place.settings, options.name);
  auto app_key = load_app_key(process_environment(), place.settings.app_key_file).value();
  const auto credential = read_credential(shell, options).value();
  if (credential.empty()) return shell.fail({.what = "no credential was given; nothing was stored"});
  if (credential.reveal().starts_with("pg_live_"))
    return shell.fail({.what = "that is a pg key, which no provider knows", .hint = "paste the key that the provider gave you"});
  CredentialStore(place.db, wall_clock(), actor_name()).put(options.name, credential, app_key).value();
  const auto row = find_provider_row(place.settings, options.name);
  const auto spec = row ? credentials_of(*row).front() : "sealed";
  if (shell.json) {
    std::string object = "{";
    json_field(object, "provider", options.name);
    json_bool(object, "stored", true);
    json_field(object, "credential", spec);
    shell.write(object + "}\n");
  }
  shell.note(fmt::format("stored the credential of {}, sealed; a running serve knows within a second", options.name));
  if (spec.starts_with("env:")) shell.note(fmt::format("it is used where {} is not set for serve", spec.substr(4)));
  if (spec == "client" || spec == "none" || spec.starts_with("file:"))
    shell.warn(
        fmt::format("the settings say credential = \"{}\" for {}: set [providers.{}] credential = \"sealed\" to use this one",
                    spec, options.name, options.name));
  return exit_ok;
}

int logout(Shell& shell, const std::string& wanted) {
  auto place = open_workplace(shell).value();
  const auto name = named_credential(place.settings, wanted);
  CredentialStore(place.db, wall_clock(), actor_name()).remove(name).value();
  if (shell.json) shell.print("{{\"provider\":\"{}\",\"stored\":false}}\n", name);
  shell.note(fmt::format("dropped the stored credential of {}", name));
  return exit_ok;
}

}  // namespace

void add_providers(CLI::App& command, Shell& shell) {
  command.footer("pg providers list\npg providers login anthropic\npg providers test");
  auto* lists = command.add_subcommand("list", "List providers and whether their credentials are there");
  lists->footer("pg providers list\npg providers list --json");
  set_action(*lists, shell, [&shell] { return list_providers(shell); });

  add_test_providers(command, shell);

  auto name = std::make_shared<std::string>();
  auto* shows = command.add_subcommand("show", "Show one provider");
  shows->add_option("PROVIDER", *name, "Its name")->required();
  shows->footer("pg providers show openai\npg providers show anthropic --json");
  set_action(*shows, shell, [&shell, name] { return show_provider(shell, *name); });

  auto options = std::make_shared<LoginOptions>();
  auto* logins =
      command.add_subcommand("login",
                             "Store a provider's credential, sealed under the app key\n"
                             "Asks for it without showing it, or reads standard input. It is never taken from the command line.");
  logins->add_option("PROVIDER", options->name, "Its name, or NAME of a \"sealed:NAME\" of it, of a service or of an MCP server")
      ->required();
  logins->add_option("SECRET", options->misplaced)->group("");
  logins->add_option("--key,--api-key,--token,--secret", options->misplaced)->group("");
  logins->add_option("--from-env", options->from_env, "Copy it from this variable")->type_name("NAME");
  logins->add_option("--from-file", options->from_file, "Read it from this file")->type_name("FILE");
  logins->footer(
      "pg providers login anthropic\npg providers login openai --from-env OPENAI_API_KEY\npg providers login groq < key.txt");
  set_action(*logins, shell, [&shell, options] { return login(shell, *options); });

  auto* logouts = command.add_subcommand("logout", "Drop a provider's stored credential");
  logouts->add_option("PROVIDER", *name, "Its name")->required();
  logouts->footer("pg providers logout anthropic");
  set_action(*logouts, shell, [&shell, name] { return logout(shell, *name); });
}

}  // namespace pg
