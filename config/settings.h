// Every knob of pg.toml with its default and unit, as plain structs: the reference.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/guard_overlay.h"
#include "config/mcp_settings.h"
#include "config/paths.h"
#include "config/problem.h"
#include "config/service_settings.h"
#include "core/access/prices.h"
#include "core/guard/secrets.h"
#include "core/policy.h"
#include "core/store/files.h"

namespace pg {

/// What the command line says about where settings come from.
struct LoadOptions {
  std::string config;                                      // --config; empty = search
  std::vector<std::pair<std::string, std::string>> flags;  // "serve.port" -> "9000": what other flags set
  std::optional<Environment> environment;                  // nullopt = the process's own, read anew on every load
  std::string directory;                                   // where the search for .promptgate.toml starts
  bool repo_file = false;  // look for .promptgate.toml: scan only, a server never obeys a checkout
};

/// Where the values of one file stand, by key path ("guards.email", "providers[1]"), for messages.
using SourcePlaces = std::map<std::string, SourcePlace, std::less<>>;

/// [serve]
struct ServeSettings {
  std::string host = "127.0.0.1";
  std::uint16_t port = 8787;
  int threads = 0;          // 0 = cores, at most 4
  bool io_uring = true;     // false: epoll alone
  bool require_key = true;  // false only for loopback
  std::vector<std::string> allowed_hosts;
  std::vector<std::string> allowed_origins;
  std::vector<std::string> trusted_proxies;  // addresses and networks whose X-Forwarded-* and Forwarded are believed
  bool log_requests = true;                  // one line per finished request on stderr
  std::string metrics = "key";               // who may read /metrics: "key", "loopback", "off"
  bool revoke_streams = true;                // a key that is taken away ends its running calls too
};

/// [budgets]
struct BudgetSettings {
  std::string time_zone = "local";        // "local", "UTC" or an IANA name
  std::string unknown_prices = "refuse";  // "refuse", "allow"
  std::uint32_t reserve_output = 16'384;  // tokens of output set aside for a call, at most
  std::uint32_t warn_at = 80;             // percent
};

/// [logs], beside how much is kept: that is LogRetention.
struct LogSettings {
  std::string on_failure = "serve";  // "refuse": no call while rows cannot be written
  std::string bodies = "off";        // "redacted": what the provider saw; projects may differ
  std::string file;                  // one line per finished request goes there, too; "" = none
  std::uint64_t file_max_size = 64ull << 20;
  std::uint32_t file_keep = 5;  // older files beside it
};

/// [[scan.allow]]: findings that are none. All that is set must agree.
struct ScanAllow {
  std::string rule;  // id
  std::string path;  // glob in the syntax of .gitignore
  std::string hash;  // of the value, as `pg scan` prints it
  std::string file;  // that says so
};

/// [scan]: the only table a repository's .promptgate.toml may hold.
struct ScanSettings {
  std::vector<std::string> exclude;            // patterns as in .gitignore, relative to the file's directory
  std::uint64_t max_file_size = 256ull << 20;  // larger files in a tree are skipped and counted, bytes
  std::vector<std::string> disable;            // ids of rules
  std::vector<ScanAllow> allow;
  std::vector<RuleText> rules;  // files that hold [[scan.rule]] blocks, the later above the earlier
};

/// [prompt_policies.NAME]
struct PromptPolicySettings {
  std::string text;
  std::string placement = "prepend";  // "prepend", "append", "replace"
  SourcePlace place;                  // of the text
};

/// [alerts.NAME]
struct AlertSettings {
  std::string when;         // in the language of `pg logs search`
  std::uint32_t count = 1;  // fires when so many rows fit …
  Millis within{600'000};   // … in that time,
  Millis quiet{3'600'000};  // and then says nothing for so long
};

/// [hosts]: a public host name and the project that answers there.
struct HostSettings {
  std::string project;
  SourcePlace place;
};

/// [[route]] of a project
struct RouteSettings {
  std::string name;
  std::map<std::string, std::vector<std::string>> match;  // "host", "path", … -> globs of which one must fit
  std::string provider;
  std::string model;
  std::string prompt;    // a prompt policy, or "none"
  std::string fallback;  // as of the project
  SourcePlaces places;   // "" = the whole
};

/// [providers.NAME]; unset fields come from the shipped row of that name.
struct ProviderSettings {
  std::string name;
  std::optional<std::string> openai_base_url;
  std::optional<std::string> anthropic_base_url;
  std::optional<std::string> gemini_base_url;   // generateContent
  std::optional<std::string> cohere_base_url;   // v2/chat
  std::optional<std::string> azure_base_url;    // the resource: "https://NAME.openai.azure.com"
  std::optional<std::string> vertex_base_url;   // "https://…/v1/projects/P/locations/L"
  std::optional<std::string> bedrock_base_url;  // unset: made from region
  std::optional<std::string> api_version;       // Azure: deployments in the path; unset = its v1 API
  std::optional<std::string> region;            // Bedrock
  std::optional<std::string> credential;        // "env:NAME", "file:PATH", "sealed", "client", "none"
  std::vector<std::string> credentials;         // instead of it: "env:NAME", "file:PATH", "sealed", "sealed:NAME", in order
  std::optional<std::string> auth;              // "bearer", "x-api-key", "x-goog-api-key", "api-key", "sigv4", "google", "none"
  std::optional<std::string> vendor;
  std::vector<std::pair<std::string, std::string>> headers;
  std::vector<std::string> models;
  std::map<std::string, std::string> model_names;  // what clients say -> what this provider calls it
  std::uint32_t max_output_tokens = 0;             // calls that ask for more are lowered to it; 0 = no cap
  std::string ca_file;
  bool enabled = true;
  std::optional<bool> responses;  // the OpenAI base URL speaks Responses too; false = Chat Completions only
  std::optional<Millis> connect_timeout, first_byte_timeout, idle_timeout;
  std::uint32_t concurrency = 0;                  // calls under way at once; 0 = no limit
  std::optional<std::uint32_t> queue;             // unset: limits.queue
  std::optional<Millis> queue_timeout;            // unset: limits.queue_timeout
  std::optional<std::uint32_t> breaker_failures;  // 0 = no breaker; see BreakerRules
  std::optional<Millis> breaker_window, breaker_open, breaker_open_at_most;
  RateRules rate;  // rpm, rph
  GuardOverlay guards;
  bool flawed = false;  // something in the row could not be read: what is missing may be that
  std::string where;    // file:line of the table, for messages
  SourcePlaces places;
};

/// A JSON Schema of an endpoint: a file beside the project's, JSON in a text, or a table.
struct SchemaSettings {
  std::string file;  // as it was written; "" = it stands in the project file
  std::string text;  // JSON; "" = none
  SourcePlace place;
};

/// [endpoints.NAME] of a gateway
struct EndpointSettings {
  std::string name;
  std::string description;
  std::string model;
  std::vector<std::string> fallback;
  std::string system, prompt;
  SchemaSettings input, output;
  std::uint32_t max_output_tokens = 0;  // 0 = not said
  std::optional<double> temperature;
  std::string effort;
  std::uint32_t output_retries = 1;
  Millis session{0};  // 0 = none
  LimitRules limits;
  SourcePlaces places;  // "" = the whole
};

/// projects/NAME.toml
struct ProjectSettings {
  std::string id;
  std::string name;  // the file's stem
  std::string type = "agent";
  std::string file;
  std::vector<std::string> providers;          // in order of preference
  std::vector<std::string> fallback;           // "provider" or "provider:model": asked in order when the first is busy
  bool fallback_on_failure = false;            // also when the first cannot be reached
  std::map<std::string, std::string> aliases;  // model names of the project's own -> "provider:model" or a model
  std::vector<RouteSettings> routes;           // in order; the first that fits decides
  std::string prompt;                          // a prompt policy for every call, or ""
  GuardSettings guards;
  std::optional<bool> require_key;
  std::optional<std::string> log_bodies;  // "off" or "redacted"
  bool keep_vaults = true;
  Millis keep_vaults_for{3'600'000};
  LimitRules limits;                                // [limits]
  std::map<std::string, RateRules> endpoint_rates;  // [limits.endpoints."/v1/embeddings"]: by one of route_paths()
  std::map<std::string, EndpointSettings> endpoints;
  std::map<std::string, ServiceSettings> services;   // [services.NAME], of type "api" alone
  std::map<std::string, McpServerSettings> servers;  // [servers.NAME], of type "mcp" alone
  SourcePlaces places;
};

/// Where each value came from, for `pg config show --origin`: "serve.port" -> "pg.toml:12", "env PG_SERVE_PORT", "flag",
/// "default".
using Origins = std::map<std::string, std::string>;

struct Settings {
  std::string config_file;  // "" when there is none
  std::string repo_file;    // the .promptgate.toml that was read, or ""
  std::string projects_dir;
  std::string database;  // path
  std::string app_key_file;
  ServeSettings serve;
  Limits limits;              // [limits]
  ScanSettings scan;          // [scan]
  GuardSettings guards;       // [guards]: defaults for every project
  LogRetention logs;          // [logs]
  BudgetSettings budgets;     // [budgets]
  LogSettings log;            // the rest of [logs]
  std::vector<Price> prices;  // [prices."provider/model"]: above the shipped ones
  std::map<std::string, ProviderSettings> providers;
  std::map<std::string, HostSettings> hosts;  // by name, lower case
  std::map<std::string, PromptPolicySettings> prompt_policies;
  std::map<std::string, AlertSettings> alerts;
  std::map<std::string, ProjectSettings> projects;  // by name
  std::map<std::string, Problem> broken;            // projects left out by load_usable_settings(): the first that is wrong
  Origins origins;
  SourcePlaces places;  // of pg.toml
  std::vector<std::string> warnings;
  std::vector<std::pair<std::string, FileStamp>> stamps;  // every file and directory looked at, as it was just before
  std::optional<LoadOptions> loaded_with;                 // nullopt: made by hand, no file is watched
};

}  // namespace pg
