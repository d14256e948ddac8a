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
  std::string checkout_file;  // the .promptgate.toml that was read; "" when there is none
  std::string exclude_top;    // what `exclude` is relative to: that file's directory when it stands there, else ""
};

/// What a scan of `paths` goes by.
struct PlanOptions {
  std::vector<std::string> paths;  // as given; none: the current directory
  bool pii = false;                // find personal data, too
  bool generic = false;            // also the rules that are only for who asks
};

/// [scan] of pg.toml and of the .promptgate.toml that is nearest, upwards, to the directory that all paths have in common; says
/// which others are left aside. invalid_config for mistakes in either.
Result<ScanPlan> make_scan_plan(Shell& shell, const PlanOptions& options);

/// Marks the findings that an exception of the settings covers. Its path is relative to the directory of the checkout's file; in
/// one's own pg.toml, to the top of the checkout.
void allow_by_settings(const ScanPlan& plan, ScanResult& result);
/// Drops what the settings exclude: blobs have no directory to walk.
void drop_excluded(const ScanPlan& plan, ScanResult& result);

}  // namespace pg
