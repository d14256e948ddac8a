// Checks across the fields of a service. Addresses of names are looked up when a call is made, those that stand there now.
#include "config/validate_services.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/providers.h"
#include "config/service_knobs.h"
#include "config/validate.h"
#include "core/base/address.h"
#include "core/base/text.h"
#include "core/base/url.h"
#include "core/store/files.h"

namespace pg {
namespace {

class ServiceCheck {
 public:
  /// `table` is "services" or "servers".
  ServiceCheck(const ProjectSettings& project, const std::string& table, const ServiceSettings& service,
               std::vector<Problem>& problems)
      : project_(project), table_(table), service_(service), problems_(problems) {}

  void run() {
    check_place("base_url", service_.base_url, "such as base_url = \"https://api.github.com\"");
    if (service_.methods.empty()) add("methods", "methods is empty: nothing could be asked for", "such as methods = [\"GET\"]");
    if (service_.paths.empty() && project_.places.count("services." + service_.name + ".paths") != 0)
      add("paths", "paths is empty: nothing could be asked for", "such as paths = [\"/**\"]");
    check_auth();
  }

  void run_at_url() {
    if (!service_.base_url.empty()) check_place("url", service_.base_url, "");
    check_auth();
  }

 private:
  void add(const std::string& key, std::string message, std::string hint) {
    const std::string row = table_ + "." + service_.name;
    auto found = project_.places.find(key.empty() ? row : row + "." + key);
    if (found == project_.places.end()) found = project_.places.find(row);
    const SourcePlace place = found == project_.places.end() ? SourcePlace{project_.file, 0, 0, "", 1} : found->second;
    const std::string_view kind = std::string_view(table_).substr(0, table_.size() - 1);
    problems_.push_back({place, fmt::format("{} \"{}\": {}", kind, service_.name, message), std::move(hint)});
  }

  // What was refused when it was read is empty, too, and has been told of.
  bool was_refused(std::string_view file_key) const {
    return std::any_of(problems_.begin(), problems_.end(), [&](const Problem& known) {
      return known.place.file == project_.file && known.message.find("URL") != std::string::npos && !file_key.empty();
    });
  }

  void check_place(const std::string& key, const std::string& text, std::string hint) {
    const auto url = parse_url(text);
    if (!url) {
      if (!was_refused(key)) add(key, key.substr(key.find('.') + 1) + " is missing", std::move(hint));
      return;
    }
    const auto literal = parse_address(url.value().host);
    const bool inside = url.value().host == "localhost" || (literal && !literal->is_public());
    if (inside && !service_.is_private)
      add(key, fmt::format("{} is not an address of the public internet", url.value().host),
          "private = true allows what only this machine or network can reach");
  }

  void check_auth() {
    const std::string auth = service_.auth_word();
    for (const auto& [name, value] : service_.headers)
      if (names_own_field(auth) && equals_ignore_case(auth, "header:" + name))
        add("headers", fmt::format("the header \"{}\" is where the credential goes", name), "");
    if (auth == "oauth") return check_oauth();
    if (service_.has_oauth) add("oauth", "has an oauth table, and auth is not \"oauth\"", "auth = \"oauth\" uses it");
    if (auth != "none" && service_.credential == "none")
      add("auth", fmt::format("auth = \"{}\" needs a credential", auth), "such as credential = \"env:GITHUB_TOKEN\"");
    if (auth == "none" && service_.credential != "none")
      add("auth", "there is a credential, and auth = \"none\" sends none", "auth = \"bearer\" is the usual way");
  }

  void check_oauth() {
    const OAuthSettings& oauth = service_.oauth;
    if (!service_.has_oauth)
      return add("auth", "auth = \"oauth\" needs a table", fmt::format("add [{}.{}.oauth]", table_, service_.name));
    if (service_.credential != "none")
      add("credential", "with auth = \"oauth\" the token is the credential", "take credential out; the oauth table has its own");
    check_place("oauth.token_url", oauth.token_url, "such as token_url = \"https://login.example.com/oauth/token\"");
    if (oauth.client_id.empty()) add("oauth", "client_id is missing", "");
    if (oauth.client_secret.empty() && oauth.refresh_token.empty())
      add("oauth", "there is neither a client_secret nor a refresh_token", "such as client_secret = \"env:OAUTH_SECRET\"");
    // The server may put another in its place at any time, and the first is void then.
    if (!oauth.refresh_token.empty() && !oauth.refresh_token.starts_with("sealed:"))
      add("oauth.refresh_token", "a refresh token that the server replaces can be kept in the database alone",
          "refresh_token = \"sealed:NAME\", with pg providers login NAME");
  }

  const ProjectSettings& project_;
  const std::string table_;
  const ServiceSettings& service_;
  std::vector<Problem>& problems_;
};

}  // namespace

std::vector<std::pair<std::string, std::string>> credentials_of(const ServiceSettings& service) {
  std::vector<std::pair<std::string, std::string>> all;
  for (const auto& [what, credential] :
       {std::pair("credential", &service.credential), std::pair("oauth.client_secret", &service.oauth.client_secret),
        std::pair("oauth.refresh_token", &service.oauth.refresh_token)})
    if (!credential->empty() && *credential != "none") all.emplace_back(what, *credential);
  return all;
}

std::string sealed_name(const ServiceSettings& service, const std::string& credential) {
  if (credential == "sealed") return service.name;
  return credential.starts_with("sealed:") ? credential.substr(7) : "";
}

void check_services(const ProjectSettings& project, std::vector<Problem>& problems) {
  const auto place = [&](const char* key) {
    const auto found = project.places.find(key);
    return found == project.places.end() ? SourcePlace{project.file, 0, 0, "", 1} : found->second;
  };
  if (project.type != "api") {
    if (!project.services.empty())
      problems.push_back(
          {place("type"), fmt::format("a project of type \"{}\" has no services", project.type), "type = \"api\" has"});
    return;
  }
  if (!project.providers.empty())
    problems.push_back({place("providers"), "a project of type \"api\" has no providers",
                        "models are asked through an \"agent\" or a \"wrapper\""});
  for (const auto& [name, service] : project.services) ServiceCheck(project, "services", service, problems).run();
}

void check_server_url(const ProjectSettings& project, const ServiceSettings& server, std::vector<Problem>& problems) {
  ServiceCheck(project, "servers", server, problems).run_at_url();
}

void warn_credentials(const Settings& settings, const Environment& environment, const std::string& who,
                      const std::vector<std::pair<std::string, std::string>>& credentials, std::vector<std::string>& warnings) {
  for (const auto& [what, credential] : credentials) {
    if (credential.starts_with("env:") && !find_variable(environment, credential.substr(4)))
      warnings.push_back(fmt::format("{}: environment variable {} is not set", who, credential.substr(4)));
    if (!credential.starts_with("file:")) continue;
    const std::string path = credential_path(credential, settings, find_paths(environment).home);
    if (stamp_file(path).inode == 0) warnings.push_back(fmt::format("{}: {}: no such file", who, path));
  }
}

void warn_unencrypted(const std::string& who, const ServiceSettings& service, std::vector<std::string>& warnings) {
  const auto url = parse_url(service.base_url);
  if (url && !url.value().tls && service.auth_word() != "none" && !is_loopback_host(url.value().host))
    warnings.push_back(fmt::format("{}: the credential travels unencrypted to {}", who, url.value().host));
}

void warn_services(const Settings& settings, const ProjectSettings& project, const Environment& environment,
                   std::vector<std::string>& warnings) {
  if (project.type == "api" && project.services.empty())
    warnings.push_back(
        fmt::format("{}: the project {} has no services yet; add [services.NAME] with a base_url", project.file, project.name));
  for (const auto& [name, service] : project.services) {
    const std::string who = fmt::format("service {} of project {}", name, project.name);
    warn_credentials(settings, environment, who, credentials_of(service), warnings);
    warn_unencrypted(who, service, warnings);
  }
}

}  // namespace pg
