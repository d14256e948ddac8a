// The audit log and its seal, looked at together: for `pg audit verify` and `pg db check`.
#pragma once

#include <cstdint>
#include <string>

#include "config/settings.h"
#include "core/store/audit_store.h"
#include "core/store/db.h"

namespace pg {

struct AuditCheck {
  AuditVerdict verdict;
  std::int64_t sealed = -1;  // rows that the seal vouches for; -1 = it cannot be read
  std::string note;          // why the end of the log could not be checked

  /// Rows added since the last seal: the chain covers them, and their loss would not show. -1 = not known.
  std::int64_t unsealed() const;
};

/// Walks the chain of `db`, which is the database of these settings. Without an app key the chain alone is checked; a seal that
/// is gone or wrong is as bad as a broken chain. Refusal when the rows cannot be read.
AuditCheck check_audit(Db& db, const Settings& settings);

}  // namespace pg
