// What validation let through has a URL; what it did not is left out here.
#include "config/build_services.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/read_credential.h"
#include "config/service_knobs.h"
#include "config/validate_services.h"
#include "core/base/crypto.h"
#include "core/base/encode.h"
#include "core/base/text.h"

namespace pg {
namespace {

ServiceAuth auth_of(const std::string& word) {
  if (word == "bearer") return ServiceAuth::bearer;
  if (word == "basic") return ServiceAuth::basic;
  if (word == "oauth") return ServiceAuth::oauth;
  if (word.starts_with("header:")) return ServiceAuth::header;
  if (word.starts_with("query:")) return ServiceAuth::query;
  return ServiceAuth::none;
}

class ServiceBuilder {
 public:
  ServiceBuilder(const ProjectSettings& project, const ServiceSettings& wanted, const Settings& settings,
                 const PolicyParts& parts)
      : project_(project), wanted_(wanted), settings_(settings), parts_(parts) {}

  std::shared_ptr<const Service> build() {
    const auto base = parse_url(wanted_.base_url);
    if (!base) return nullptr;
    service_->name = wanted_.name;
    service_->methods = wanted_.methods;
    service_->paths = wanted_.paths;
    service_->deny_paths = wanted_.deny_paths;
    service_->auth = auth_of(wanted_.auth_word());
    service_->auth_name = own_field_of(names_own_field(wanted_.auth_word()) ? wanted_.auth_word() : "");
    service_->passes_unreadable = wanted_.unreadable == "pass";
    service_->max_reply = wanted_.max_reply;
    add_place(base.value());
    if (service_->auth == ServiceAuth::oauth)
      add_oauth();
    else if (service_->auth != ServiceAuth::none)
      place_->credential = take(wanted_.credential);
    service_->provider = place_;
    hide_credentials();
    return service_;
  }

 private:
  void add_place(const Url& base) {
    place_->name = place_->label = place_->vendor = wanted_.name;
    place_->outlets.push_back({DialectId::openai_chat, base});
    place_->headers = wanted_.headers;
    place_->public_only = !wanted_.is_private;
    if (!wanted_.ca_file.empty())
      place_->ca_file = resolve_path(wanted_.ca_file, directory_of(settings_.config_file), find_paths(parts_.environment).home);
    place_->connect_timeout = wanted_.connect_timeout;
    place_->first_byte_timeout = wanted_.first_byte_timeout;
    place_->idle_timeout = wanted_.idle_timeout;
  }

  // Of USER:PASSWORD the password alone, too.
  void hide_credentials() {
    auto hidden = std::make_shared<CredentialIndex>();
    const std::string_view credential = place_->credential.reveal();
    hidden->add(credential);
    if (service_->auth == ServiceAuth::basic)
      hidden->add(credential.substr(std::min(credential.find(':') + 1, credential.size())));
    if (service_->oauth != nullptr) {
      hidden->add(service_->oauth->client_secret.reveal());
      hidden->add(service_->oauth->refresh_token.reveal());
    }
    service_->credentials = std::move(hidden);
  }

  void complain(const std::string& credential, const std::string& what) {
    if (place_->credential_problem.empty())
      place_->credential_problem = fmt::format("the credential from {}: {}", credential, what);
  }

  // As one line of a head can hold it; files end in a newline.
  SecretString take(const std::string& credential) {
    const auto found = read_credential(credential, wanted_.name, false, settings_, parts_);
    if (!found) {
      if (place_->credential_problem.empty()) place_->credential_problem = found.error().message;
      return {};
    }
    const std::string_view text = trim(found.value().reveal());
    const auto fits = [](char c) { return c >= 0x20 && c < 0x7f; };
    if (text.empty() || !std::all_of(text.begin(), text.end(), fits)) complain(credential, "not one line of printable ASCII");
    if (service_->auth == ServiceAuth::basic && text.find(':') == std::string_view::npos)
      complain(credential, "auth = \"basic\" wants USER:PASSWORD");
    return place_->credential_problem.empty() ? SecretString(text) : SecretString();
  }

  void add_oauth() {
    const OAuthSettings& wanted = wanted_.oauth;
    const auto url = parse_url(wanted.token_url);
    if (!url) return;
    auto client = std::make_shared<OAuthClient>();
    client->token_url = url.value();
    client->client_id = wanted.client_id;
    if (!wanted.client_secret.empty()) client->client_secret = take(wanted.client_secret);
    if (!wanted.refresh_token.empty()) client->refresh_token = take(wanted.refresh_token);
    client->sealed_as = sealed_name(wanted_, wanted.refresh_token);
    client->scope = wanted.scope;
    client->audience = wanted.audience;
    client->in_body = wanted.client_auth == "body";
    // Not of the refresh token: when the server replaces it, the access token is still good.
    std::string text = fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}\n", project_.id, wanted_.name, wanted.token_url, wanted.client_id,
                                   wanted.scope, wanted.audience, client->sealed_as);
    text.append(client->client_secret.reveal());
    client->id = to_hex(as_bytes(sha256(text))).substr(0, 32);
    wipe(text.data(), text.size());
    service_->oauth = std::move(client);
  }

  const ProjectSettings& project_;
  const ServiceSettings& wanted_;
  const Settings& settings_;
  const PolicyParts& parts_;
  std::shared_ptr<Service> service_ = std::make_shared<Service>();
  std::shared_ptr<Provider> place_ = std::make_shared<Provider>();
};

}  // namespace

std::map<std::string, std::shared_ptr<const Service>, std::less<>> build_services(const ProjectSettings& project,
                                                                                  const Settings& settings,
                                                                                  const PolicyParts& parts) {
  std::map<std::string, std::shared_ptr<const Service>, std::less<>> services;
  if (project.type != "api") return services;
  for (const auto& [name, wanted] : project.services)
    if (auto service = build_service(project, wanted, settings, parts)) services[name] = std::move(service);
  return services;
}

std::shared_ptr<const Service> build_service(const ProjectSettings& project, const ServiceSettings& wanted,
                                             const Settings& settings, const PolicyParts& parts) {
  return ServiceBuilder(project, wanted, settings, parts).build();
}

}  // namespace pg
