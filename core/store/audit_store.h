// Administrative acts as a hash chain: each row's hash covers the row and the hash before it, so an edit or a cut shows.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/store/db.h"

namespace pg {

/// One act. `detail` never holds a secret.
struct AuditEntry {
  std::int64_t seq = 0;  // from 1, without gaps; given by append()
  UnixMillis time = 0;
  std::string actor;   // "cli:alice", "init", "key:laptop"
  std::string act;     // "key.add", "provider.login", "project.remove"
  std::string target;  // the key's, provider's or project's name
  std::string detail;
};

struct AuditVerdict {
  bool intact = true;
  std::int64_t rows = 0;       // rows that verified
  std::int64_t broken_at = 0;  // seq of the first row that does not fit, or 0
  std::string problem;         // one sentence; empty when intact
};

class AuditStore {
 public:
  explicit AuditStore(Db& db) : db_(db) {}
  /// Appends within the caller's transaction: the act and its row are kept or lost together.
  Status append(const AuditEntry& entry);
  /// The newest `limit` entries (0 = all), oldest first; `each` returns false to stop.
  Status select(std::int64_t limit, const std::function<bool(const AuditEntry&)>& each);
  /// Walks the whole chain: edits, gaps and a missing tail are found.
  Result<AuditVerdict> verify();

 private:
  Db& db_;
};

}  // namespace pg
