// pg logs stats --by kind, finding, redactions, detected, blocked and rule: what was found, and what became of it.
#pragma once

#include "cmd/command.h"
#include "cmd/open.h"
#include "core/store/log_kinds.h"

namespace pg {

/// As a table, as JSON or as CSV. `without_row` calls were not written to the log.
int write_kinds(Shell& shell, Workplace& place, const LogQuery& query, const LogField& by, bool csv, std::int64_t without_row);

}  // namespace pg
