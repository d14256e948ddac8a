// What changed between two readings of the settings, by name, fit for the audit log: no credential, no listed value.
#pragma once

#include <string>

#include "config/settings.h"

namespace pg {

struct SettingsDiff {
  std::string target;  // "project work" when nothing else changed, else "settings"
  std::string detail;  // "guards.email: \"redact\" -> \"block\"; …", at most 2 KB; "" = nothing changed
};
SettingsDiff diff_settings(const Settings& before, const Settings& after);

}  // namespace pg
