// Every knob of pg.toml with its default and unit, as plain structs: the reference.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/paths.h"
#include "config/problem.h"
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
  bool require_key = true;  // false only for loopback
  std::vector<std::string> allowed_hosts;
  std::vector<std::string> allowed_origins;
  bool log_requests = true;  // one line per finished request on stderr
};

/// [[scan.allow]]: findings that are none. All that is set must agree.
struct ScanAllow {
  std::string rule;  // id
  std::string path;  // glob in the syntax of .gitignore
  std::string hash;  // of the value, as `pg scan` prints it
};

/// [scan]: the only table a repository's .promptgate.toml may hold.
struct ScanSettings {
  std::vector<std::string> exclude;            // globs of paths, relative to the scanned directory
  std::uint64_t max_file_size = 256ull << 20;  // larger files in a tree are skipped and counted, bytes
  std::vector<std::string> disable;            // ids of rules
  std::vector<ScanAllow> allow;
  std::vector<RuleText> rules;  // files that hold [[scan.rule]] blocks, the later above the earlier
};

/// [providers.NAME]; unset fields come from the shipped row of that name.
struct ProviderSettings {
  std::string name;
  std::optional<std::string> openai_base_url;
  std::optional<std::string> anthropic_base_url;
  std::optional<std::string> credential;  // "env:NAME", "file:PATH", "sealed", "client", "none"
  std::optional<std::string> auth;        // "bearer", "x-api-key", "none"
  std::optional<std::string> vendor;
  std::vector<std::pair<std::string, std::string>> headers;
  std::vector<std::string> models;
  std::string ca_file;
  bool enabled = true;
  std::optional<bool> responses;  // the OpenAI base URL speaks Responses too; false = Chat Completions only
  std::optional<Millis> connect_timeout, first_byte_timeout, idle_timeout;
  std::string where;  // file:line of the table, for messages
  SourcePlaces places;
};

/// projects/NAME.toml
struct ProjectSettings {
  std::string id;
  std::string name;  // the file's stem
  std::string type = "agent";
  std::string file;
  std::vector<std::string> providers;          // in order of preference
  std::string fallback;                        // "provider" or "provider:model": asked when the first is busy
  bool fallback_on_failure = false;            // also when the first cannot be reached
  std::map<std::string, std::string> aliases;  // model names of the project's own -> "provider:model" or a model
  GuardSettings guards;
  std::optional<bool> require_key;
  bool keep_vaults = true;
  Millis keep_vaults_for{3'600'000};
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
  std::vector<Price> prices;  // [prices."provider/model"]: above the shipped ones
  std::map<std::string, ProviderSettings> providers;
  std::map<std::string, ProjectSettings> projects;  // by name
  Origins origins;
  SourcePlaces places;  // of pg.toml
  std::vector<std::string> warnings;
  std::vector<std::pair<std::string, FileStamp>> stamps;  // every file and directory looked at, as it was just before
  std::optional<LoadOptions> loaded_with;                 // nullopt: made by hand, no file is watched
};

}  // namespace pg
