// Policy: the immutable snapshot one exchange runs under. A reload swaps the whole; a running exchange keeps its own.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/access/budget.h"
#include "core/access/capacity.h"
#include "core/access/keys.h"
#include "core/access/prices.h"
#include "core/base/clock.h"
#include "core/base/network.h"
#include "core/base/secret_string.h"
#include "core/base/time_zone.h"
#include "core/base/url.h"
#include "core/guard/guard.h"
#include "core/route/endpoint.h"
#include "core/route/health.h"
#include "core/route/routes.h"
#include "core/store/alert.h"
#include "core/wire/dialect.h"

namespace pg {

/// How a provider wants its credential.
enum class AuthStyle : std::uint8_t {
  none,       // local servers
  bearer,     // Authorization: Bearer …
  x_api_key,  // x-api-key: …
  client,     // the caller's own credential, untouched, to this provider only
  goog_key,   // x-goog-api-key: …
  api_key,    // api-key: … (Azure)
  sigv4,      // signed with AWS keys
  google,     // a bearer token that a service account's key is exchanged for
};

/// How an outlet is addressed, and what it wants of a body that is its dialect's otherwise.
enum class OutletForm : std::uint8_t {
  plain,    // base + the dialect's path; Gemini's has the model and the method in it
  azure,    // the model's deployment in the path, and base.query behind it
  vertex,   // Anthropic's models on Vertex AI: model and method in the path, the version in the body
  bedrock,  // Anthropic's models on Amazon Bedrock: the same, and streams come in frames
};

/// Where one dialect is spoken: base URL with the version ("https://api.openai.com/v1").
struct Outlet {
  DialectId dialect;
  Url base;
  OutletForm form = OutletForm::plain;
  AuthStyle auth = AuthStyle::none;
  std::string vendor = {};  // of the models behind it, where a provider has an outlet for each; "" = any
};

struct AwsKeys;
struct McpServer;
struct Service;
struct ServiceAccount;

struct Provider {
  std::string name;
  std::string vendor;           // whose credentials it takes: "anthropic", "openai", …; own providers: their name
  bool echo = false;            // inside pg; sends back what it received
  bool names_freely = false;    // its models may be called anything, a colon and another provider's name in it
  std::vector<Outlet> outlets;  // embeddings share the openai-chat base
  AuthStyle auth = AuthStyle::none;
  SecretString credential;         // empty with none, client, sigv4 and google
  std::string credential_problem;  // why there is none although one is configured ("environment variable X is not set")
  std::vector<std::pair<std::string, std::string>> headers;     // added to every request
  std::vector<std::string> models;                              // globs of model ids it serves; empty = any
  std::map<std::string, std::string, std::less<>> model_names;  // "gpt-4o" -> what this provider calls it
  std::uint32_t max_output_tokens = 0;                          // calls that ask for more are lowered to it; 0 = no cap
  std::shared_ptr<const AwsKeys> aws;                           // with sigv4
  std::shared_ptr<const ServiceAccount> google;                 // with google
  std::string ca_file;                                          // "" = system store
  bool public_only = false;                                     // connected to at addresses of the public internet alone
  Millis connect_timeout{10'000};
  Millis first_byte_timeout{600'000};
  Millis idle_timeout{300'000};
  std::shared_ptr<Capacity> capacity;  // calls under way at once, all credentials together; nullptr = no limit
  RateRules rate_rules;
  std::shared_ptr<Rate> rate;  // all credentials together; nullptr = no limit

  // A target is a provider with one of its credentials.
  std::string label;                                    // as a row's attempts name it: "openai", "openai#2"
  std::vector<std::shared_ptr<const Provider>> spares;  // the same provider with its further credentials, in order
  std::shared_ptr<Health> health;                       // nullptr in tests: always well
  BreakerRules breaker;
  bool breaker_always = false;  // the row sets it: it refuses even where nobody else can be asked
};

struct Project {
  std::string id;  // UUID
  std::string name;
  /// "agent": a coding agent's proxy; "wrapper": one API for many providers; "gateway": endpoints; "api": HTTP APIs; "mcp": MCP
  /// servers
  std::string type;
  std::string file;  // where it came from
  bool require_key = true;
  std::shared_ptr<const Guards> guards;
  std::vector<std::shared_ptr<const Provider>> providers;   // in order of preference
  std::map<std::string, std::string, std::less<>> aliases;  // "fast" -> "openai:gpt-4o-mini"
  std::vector<std::string> outsiders;                       // providers that there are and the project has not, sorted
  std::vector<Fallback> fallbacks;                          // asked in order when the first is busy
  bool fallback_on_failure = false;                         // also when the first cannot be reached or says nothing in time
  std::vector<Route> routes;                                // asked in this order, before the model's name
  std::shared_ptr<const PromptPolicy> prompt;               // nullptr = the client's system prompt as it is
  /// By provider, where its row asks for other guards than the project's; see guards_at().
  std::map<std::string, std::shared_ptr<const Guards>, std::less<>> guards_by_provider;
  bool keep_bodies = false;  // in the log: what the provider saw, and what it said
  bool keep_vaults = true;   // remember the vault of a conversation the provider keeps
  Millis keep_vaults_for{3'600'000};
  std::shared_ptr<const CallLimits> limits;  // nullptr = none
  /// Rates of one endpoint alone, by route_path().
  std::map<std::string, CallLimits, std::less<>> endpoint_limits;
  std::map<std::string, Endpoint, std::less<>> endpoints;                            // of a gateway
  std::map<std::string, std::shared_ptr<const Service>, std::less<>> services;       // of type "api"
  std::map<std::string, std::shared_ptr<const McpServer>, std::less<>> mcp_servers;  // of type "mcp"

  /// The guards over what is sent to that provider.
  const Guards& guards_at(const Provider& provider) const;
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
  std::uint32_t max_concurrent = 0;                     // model calls under way at once; 0 = no limit
  std::uint32_t queue = 100;                            // how many may wait for a place, at each limit
  Millis queue_timeout{30'000};                         // how long one may wait
  std::uint64_t scan_on_loop = 256ull << 10;            // unread text of a request, bytes; what is more goes to the scan pool
  std::uint64_t remembered_verdict_bytes = 8ull << 20;  // all loops together; 0 = none are kept
};

/// What is kept of the log; 0 = without end.
struct LogRetention {
  std::uint32_t keep_days = 365;
  std::uint64_t max_size = 4ull << 30;  // of the database's used pages without bodies, bytes
  std::uint32_t bodies_keep_days = 7;
  std::uint64_t bodies_max_size = 1ull << 30;  // of all bodies as they are kept, compressed, bytes
  std::uint64_t body_max_size = 1ull << 20;    // of one body before compression; the rest is cut off
};

/// How budgets are kept.
struct BudgetRules {
  std::shared_ptr<const TimeZone> zone;   // whose months they are
  bool unknown_prices = false;            // a call whose price is not known goes through, and is not counted
  std::uint32_t reserve_output = 16'384;  // tokens of output set aside for a call: what it asks for, this at most
  std::uint32_t warn_at = 80;             // percent spent from which replies carry a warning
};

/// Who may read /metrics: nobody; who has a key that may see everything; and whoever asks from this machine, too.
enum class MetricsAccess : std::uint8_t { off, key, loopback };

struct Policy {
  std::uint64_t version = 0;
  Limits limits;
  std::vector<std::string> allowed_hosts;  // Host names beside localhost and loopback addresses, without port
  std::vector<std::string> allowed_origins;
  std::map<std::string, std::shared_ptr<const Project>, std::less<>> projects;  // by id and by name
  std::vector<Network> trusted_proxies;                                         // whose X-Forwarded-* are believed
  std::map<std::string, std::shared_ptr<const Project>, std::less<>> hosts;     // public host name in lower case -> its project
  bool has_services = false;                                                    // a project of type "api" is among them
  bool reads_arrival = false;  // somebody asks for the host or the client of a request
  std::shared_ptr<const KeyRing> keys;
  std::shared_ptr<Capacity> capacity;  // of the whole process; nullptr = no limit
  std::shared_ptr<const PriceTable> prices;
  LogRetention logs;
  bool refuse_unlogged = false;  // no call is served while rows cannot be written
  BudgetRules budgets;
  std::shared_ptr<const AlertRules> alerts;  // nullptr = none
  MetricsAccess metrics = MetricsAccess::key;
  bool revoke_streams = true;  // a key that is taken away ends its running calls too

  const Project* find_project(std::string_view id_or_name) const;  // nullptr when there is none
};

}  // namespace pg
