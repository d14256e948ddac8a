// Restoring in JSON that was checked and must stay JSON: string by string, whatever the originals hold.
#pragma once

#include <string>
#include <string_view>

#include "core/guard/restore.h"

namespace pg {

/// Appends `json` with the originals in its strings and keys to `out`. False, with nothing appended, when it is no JSON.
bool restore_json(std::string_view json, const TokenIndex& index, RestoreCounts& counts, std::string& out);

}  // namespace pg
