// What a scan goes by: rules and guards made of flags and settings, and the exceptions that settings make.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cmd/command.h"
#include "cmd/scan_sources.h"
#include "config/settings.h"
#include "core/guard/secrets.h"

namespace pg {

struct ScanPlan {
  std::shared_ptr<const SecretRules> secrets;
  std::shared_ptr<const Guards> guards;
  ScanSettings settings;
};

/// [scan] of pg.toml and of the .promptgate.toml that is nearest to the current directory. `pii`: find personal data, too;
/// `generic`: also the rules that are only for who asks. invalid_config for mistakes in either.
Result<ScanPlan> make_scan_plan(Shell& shell, bool pii, bool generic);

/// Marks the findings that an exception of the settings covers.
void allow_by_settings(const std::vector<ScanAllow>& allow, const Guards& guards, std::vector<ScanFinding>& findings);

}  // namespace pg
