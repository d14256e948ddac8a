// Settings as text: what each key is now and where that came from.
#pragma once

#include <string>
#include <vector>

#include "config/settings.h"

namespace pg {

struct ShownSetting {
  std::string key;     // "serve.port", "providers.openai.credential", "projects.default.guards.email"
  std::string value;   // as TOML would spell it; never a credential, stars instead
  std::string origin;  // "pg.toml:12", "env PG_SERVE_PORT", "flag", "default"
};

/// Every key of pg.toml and of each project file, in the order of pg.example.toml.
std::vector<ShownSetting> show_settings(const Settings& settings);

}  // namespace pg
