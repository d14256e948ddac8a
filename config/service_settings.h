// Every knob of [services.NAME] in the file of a project of type "api", with its default and unit.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/base/clock.h"

namespace pg {

/// [services.NAME.oauth]
struct OAuthSettings {
  std::string token_url;
  std::string client_id;
  std::string client_secret;          // "env:NAME", "file:PATH", "sealed:NAME"; "" = a public client
  std::string refresh_token;          // the same; "" = client credentials
  std::string scope;                  // blanks between several
  std::string audience;               // where the server asks for it
  std::string client_auth = "basic";  // "body": in the form
};

/// [services.NAME]
struct ServiceSettings {
  std::string name;
  std::string base_url;
  std::vector<std::string> methods = {"GET", "HEAD"};
  std::vector<std::string> paths;       // globs; empty = every path below base_url
  std::vector<std::string> deny_paths;  // above paths
  std::string credential = "none";      // "env:NAME", "file:PATH", "sealed", "sealed:NAME", "none"
  std::optional<std::string> auth;      // "bearer", "basic", "header:NAME", "query:NAME", "oauth", "none"; unset: bearer
  std::vector<std::pair<std::string, std::string>> headers;  // added to every request
  bool is_private = false;                                   // may be at an address that the public internet cannot reach
  std::string unreadable = "refuse";                         // or "pass": bodies that the guards cannot read
  std::string ca_file;
  Millis connect_timeout{10'000};
  Millis first_byte_timeout{60'000};
  Millis idle_timeout{60'000};
  std::uint64_t max_reply = 0;  // bytes; 0 = no limit
  bool has_oauth = false;       // the table stands there
  OAuthSettings oauth;

  /// The word in force: unset, what a credential is usually sent as.
  std::string auth_word() const { return auth ? *auth : credential == "none" ? "none" : "bearer"; }
};

}  // namespace pg
