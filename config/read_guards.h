// [guards] of pg.toml and of projects, and the `guards` of a row.
#pragma once

#include "config/guard_overlay.h"
#include "config/table_reader.h"

namespace pg {

void read_guards(const TableReader& outer, const TomlEntry& entry, GuardSettings& guards);

/// A provider's row or an MCP server: one word for everything, or a table of what differs.
void read_guard_overlay(const TableReader& outer, const TomlEntry& entry, GuardOverlay& overlay);

}  // namespace pg
