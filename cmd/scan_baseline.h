// A baseline: the findings that are known, so that only new ones count. One a line, sorted, without places or times: it changes
// only when findings come or go.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cmd/scan_sources.h"

namespace pg {

struct BaselineEntry {
  std::string fingerprint;  // of rule, keyed hash of the value, and path: a line that moves keeps it
  std::string rule;
  std::string path;
  bool operator==(const BaselineEntry&) const = default;
};

/// invalid_config with file:line for a line that is no entry.
Result<std::vector<BaselineEntry>> read_baseline(std::string_view text, const std::string& file);
std::string write_baseline(std::vector<BaselineEntry> entries);

/// Marks what the baseline knows, and gives back its entries below the scanned `paths` that nothing matched any more.
std::vector<BaselineEntry> apply_baseline(const std::vector<BaselineEntry>& known, const std::vector<std::string>& paths,
                                          std::vector<ScanFinding>& findings);

/// The baseline that knows every finding which no mark or setting allows; entries outside of `paths` stay as they are.
std::vector<BaselineEntry> update_baseline(const std::vector<BaselineEntry>& known, const std::vector<std::string>& paths,
                                           const Guards& guards, const std::vector<ScanFinding>& findings);

}  // namespace pg
