// Every knob of pg.toml with its default and unit, as plain structs: the reference.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/policy.h"

namespace pg {

/// [serve]
struct ServeSettings {
  std::string host = "127.0.0.1";
  std::uint16_t port = 8787;
  int threads = 0;                 // 0 = cores, at most 4
  bool require_key = true;         // false only for loopback
  std::vector<std::string> allowed_hosts;
  std::vector<std::string> allowed_origins;
  bool log_requests = true;        // one line per finished request on stderr
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
  std::optional<Millis> connect_timeout, first_byte_timeout, idle_timeout;
  std::string where;  // file:line of the table, for messages
};

/// projects/NAME.toml
struct ProjectSettings {
  std::string id;
  std::string name;    // the file's stem
  std::string type = "agent";
  std::string file;
  std::vector<std::string> providers;  // in order of preference
  GuardSettings guards;
  std::optional<bool> require_key;
  bool keep_vaults = true;
  Millis keep_vaults_for{3'600'000};
};

/// Where each value came from, for `pg config show --origin`: "serve.port" -> "pg.toml:12", "env PG_SERVE_PORT", "flag", "default".
using Origins = std::map<std::string, std::string>;

struct Settings {
  std::string config_file;    // "" when there is none
  std::string projects_dir;
  std::string database;       // path
  std::string app_key_file;
  ServeSettings serve;
  Limits limits;              // [limits]
  GuardSettings guards;       // [guards]: defaults for every project
  std::map<std::string, ProviderSettings> providers;
  std::map<std::string, ProjectSettings> projects;  // by name
  Origins origins;
  std::vector<std::string> warnings;
};

}  // namespace pg
