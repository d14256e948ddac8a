// Service: one HTTP API behind pg, and what of it a project's callers may ask for.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/base/secret_string.h"
#include "core/base/url.h"
#include "core/guard/stream_mask.h"

namespace pg {

struct Provider;

/// How a service wants its credential.
enum class ServiceAuth : std::uint8_t {
  none,
  bearer,  // Authorization: Bearer …
  basic,   // Authorization: Basic, the credential is USER:PASSWORD
  header,  // a field of that name
  query,   // a parameter of that name
  oauth,   // a bearer token that is bought with client credentials or a refresh token
};

/// What access tokens are bought with (RFC 6749 §4.4, §6).
struct OAuthClient {
  std::string id;  // changes with what is below: what a cached token belongs to
  Url token_url;
  std::string client_id;
  SecretString client_secret;
  SecretString refresh_token;  // empty: client credentials
  std::string sealed_as;       // under which name a new refresh token is kept; "" = it is sealed nowhere
  std::string scope, audience;
  bool in_body = false;  // the client says who it is in the form, not by HTTP Basic
};

struct Service {
  std::string name;
  /// Where it is, how long to wait and what to add, in the shape that everything which sends knows: one outlet, no dialect.
  std::shared_ptr<const Provider> provider;
  std::vector<std::string> methods;     // upper case
  std::vector<std::string> paths;       // globs over the path below the base; empty = every path
  std::vector<std::string> deny_paths;  // above paths
  ServiceAuth auth = ServiceAuth::none;
  std::string auth_name;           // of the header or parameter
  bool passes_unreadable = false;  // bodies that the guards cannot read go through
  std::uint64_t max_reply = 0;     // bytes; 0 = no limit
  std::shared_ptr<const OAuthClient> oauth;
  std::shared_ptr<const CredentialIndex>
      credentials;  // what no reply may quote, but for tokens that are bought; nullptr = nothing
};

/// Whether callers may ask for `path`, as read_service_path() gives it. method_not_allowed, with the Allow value as detail;
/// forbidden, which says which glob denies it or that none allows it.
Status check_service_call(const Service& service, std::string_view method, std::string_view path);

/// What goes into the field that `auth` is about, made of the credential: "Bearer …", "Basic …", or the credential alone.
SecretString service_credential(const Service& service, std::string_view credential);

/// The form that asks for a token with `refresh_token`, which may be newer than the client's own, or "" for client credentials.
SecretString write_oauth_form(const OAuthClient& client, std::string_view refresh_token);
/// "Authorization: Basic …\r\n", or "" where the form says it all (RFC 6749 §2.3.1).
SecretString write_oauth_field(const OAuthClient& client);

}  // namespace pg
