// [alerts.NAME]: read from a file, and made ready for counting.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "config/table_reader.h"
#include "core/store/alert.h"

namespace pg {

void read_alerts(const TableReader& reader, const TomlEntry& entry, std::map<std::string, AlertSettings>& alerts);

/// bad_request as parse_alert_filter(), which is for settings made by hand: those of a file were checked.
Result<AlertRule> make_alert(const std::string& name, const AlertSettings& alert);
/// All alerts of the settings; nullptr when none is set.
std::shared_ptr<const AlertRules> build_alerts(const Settings& settings, std::vector<Problem>& problems);

}  // namespace pg
