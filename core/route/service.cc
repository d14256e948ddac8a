// What a project's file allows is looked at call by call; the forms of OAuth are made here, and bought with elsewhere.
#include "core/route/service.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/encode.h"
#include "core/route/service_path.h"

namespace pg {
namespace {

void add_parameter(std::string& form, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  if (!form.empty()) form += '&';
  form.append(name).append("=").append(to_percent(value));
}

SecretString take_secret(std::string& text) {
  SecretString secret(text);
  wipe(text.data(), text.size());
  return secret;
}

}  // namespace

Status check_service_call(const Service& service, std::string_view method, std::string_view path) {
  if (std::find(service.methods.begin(), service.methods.end(), method) == service.methods.end()) {
    const std::string allow = fmt::format("{}", fmt::join(service.methods, ", "));
    return make_error(Code::method_not_allowed, fmt::format("the project allows {} at the service {}", allow, service.name),
                      allow);
  }
  for (const std::string& glob : service.deny_paths)
    if (matches_path_or_above(glob, path))
      return make_error(Code::forbidden,
                        fmt::format("the project denies this path of the service {} (deny_paths: {})", service.name, glob));
  const auto fits = [path](const std::string& glob) { return matches_path_glob(glob, path); };
  if (service.paths.empty() || std::any_of(service.paths.begin(), service.paths.end(), fits)) return {};
  return make_error(Code::forbidden, fmt::format("the project does not allow this path of the service {} (paths)", service.name));
}

SecretString service_credential(const Service& service, std::string_view credential) {
  std::string text;
  switch (service.auth) {
    case ServiceAuth::bearer:
    case ServiceAuth::oauth:
      text.append("Bearer ").append(credential);
      break;
    case ServiceAuth::basic:
      text.append("Basic ").append(to_base64(credential));
      break;
    case ServiceAuth::query:
      text = to_percent(credential);
      break;
    case ServiceAuth::header:
      text = credential;
      break;
    case ServiceAuth::none:
      break;
  }
  return take_secret(text);
}

SecretString write_oauth_form(const OAuthClient& client, std::string_view refresh_token) {
  std::string form;
  add_parameter(form, "grant_type", refresh_token.empty() ? "client_credentials" : "refresh_token");
  add_parameter(form, "refresh_token", refresh_token);
  add_parameter(form, "scope", client.scope);
  add_parameter(form, "audience", client.audience);
  // A client without a secret is a public one: it can only say its name.
  if (client.in_body || client.client_secret.empty()) {
    add_parameter(form, "client_id", client.client_id);
    add_parameter(form, "client_secret", client.client_secret.reveal());
  }
  return take_secret(form);
}

SecretString write_oauth_field(const OAuthClient& client) {
  if (client.in_body || client.client_secret.empty()) return {};
  std::string pair = to_percent(client.client_id) + ":" + to_percent(client.client_secret.reveal());
  std::string field = "Authorization: Basic " + to_base64(pair) + "\r\n";
  wipe(pair.data(), pair.size());
  return take_secret(field);
}

}  // namespace pg
