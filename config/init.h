// First start: everything a fresh machine needs, made once and left alone afterwards.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/settings.h"
#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/store/key_store.h"

namespace pg {

struct InitReport {
  std::vector<std::string> created;  // paths
  std::vector<std::string> kept;     // paths that were there already
  Settings settings;                 // as loaded afterwards
  std::string project;               // name of the first project, by name order
  std::string project_id;
  std::optional<IssuedKey> key;  // only when this call made the very first key
};

/// Idempotent: pg.toml (commented), projects/default.toml when there is no project, app key file unless PG_APP_KEY is set,
/// database, and a first key named "first" when there is none. io_failed or invalid_config with a hint otherwise; nothing that
/// exists is changed.
Result<InitReport> init_files(const LoadOptions& options, const Clock& clock, const std::string& actor = "init");

}  // namespace pg
