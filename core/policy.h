// Policy: the immutable snapshot one exchange runs under. A reload swaps the whole; a running exchange keeps its own.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/access/keys.h"
#include "core/access/prices.h"
#include "core/base/clock.h"
#include "core/base/secret_string.h"
#include "core/base/url.h"
#include "core/guard/guard.h"
#include "core/wire/dialect.h"

namespace pg {

/// How a provider wants its credential.
enum class AuthStyle : std::uint8_t {
  none,       // local servers
  bearer,     // Authorization: Bearer …
  x_api_key,  // x-api-key: …
  client,     // the caller's own credential, untouched, to this provider only
};

/// Where one dialect is spoken: base URL with the version ("https://api.openai.com/v1").
struct Outlet {
  DialectId dialect;
  Url base;
};

struct Provider {
  std::string name;
  std::string vendor;           // whose credentials it takes: "anthropic", "openai", …; own providers: their name
  bool echo = false;            // inside pg; sends back what it received
  std::vector<Outlet> outlets;  // embeddings share the openai-chat base
  AuthStyle auth = AuthStyle::none;
  SecretString credential;         // empty with none and client
  std::string credential_problem;  // why there is none although one is configured ("environment variable X is not set")
  std::vector<std::pair<std::string, std::string>> headers;  // added to every request
  std::vector<std::string> models;                           // globs of model ids it serves; empty = any
  std::string ca_file;                                       // "" = system store
  Millis connect_timeout{10'000};
  Millis first_byte_timeout{600'000};
  Millis idle_timeout{300'000};
};

struct Project {
  std::string id;  // UUID
  std::string name;
  std::string type;  // "agent": a coding agent's proxy; "wrapper": one API for many providers
  std::string file;  // where it came from
  bool require_key = true;
  std::shared_ptr<const Guards> guards;
  std::vector<std::shared_ptr<const Provider>> providers;   // in order of preference
  std::map<std::string, std::string, std::less<>> aliases;  // "fast" -> "openai:gpt-4o-mini"
  std::shared_ptr<const Provider> fallback;                 // asked when the first is busy; nullptr = none
  std::string fallback_model;                               // "" = the model that was asked for
  bool fallback_on_failure = false;                         // also when the first cannot be reached or says nothing in time
  bool keep_vaults = true;                                  // remember the vault of a conversation the provider keeps
  Millis keep_vaults_for{3'600'000};
};

struct Limits {
  std::uint64_t max_body = 64ull << 20;  // decoded request body, bytes
  std::uint64_t max_head = 64ull << 10;
  Millis head_timeout{10'000};
  Millis body_timeout{60'000};   // and never slower than 1 KB/s after it
  Millis idle_timeout{75'000};   // keep-alive
  Millis stall_timeout{60'000};  // a client that does not read
  Millis ping_after{15'000};     // silence from upstream inside a stream
  Millis drain{30'000};
  std::uint32_t max_connections = 10'000;
  std::uint64_t remembered_vault_bytes = 64ull << 20;
};

/// What is kept of the log; 0 = without end.
struct LogRetention {
  std::uint32_t keep_days = 365;
  std::uint64_t max_size = 4ull << 30;  // of the database's used pages, bytes
};

struct Policy {
  std::uint64_t version = 0;
  Limits limits;
  std::vector<std::string> allowed_hosts;  // Host names beside localhost and loopback addresses, without port
  std::vector<std::string> allowed_origins;
  std::map<std::string, std::shared_ptr<const Project>, std::less<>> projects;  // by id and by name
  std::shared_ptr<const KeyRing> keys;
  std::shared_ptr<const PriceTable> prices;
  LogRetention logs;

  const Project* find_project(std::string_view id_or_name) const;  // nullptr when there is none
};

}  // namespace pg
