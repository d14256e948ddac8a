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
  std::string hash = {};  // 32 bytes, of this row and all before it; given by append()
};

/// Where the log ends.
struct AuditEnd {
  std::int64_t seq = 0;
  std::string hash = {};
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
  /// Entries after that one, oldest first.
  Status select_after(std::int64_t seq, const std::function<bool(const AuditEntry&)>& each);
  /// As the database says itself.
  Result<AuditEnd> end();
  /// The hash kept with that row; not_found.
  Result<std::string> hash_of(std::int64_t seq);
  /// Walks the whole chain: edits, gaps and a missing tail are found. `sealed`, which may be null, is where the log ended at
  /// least, known from elsewhere: who can write the database can make its own end fit.
  Result<AuditVerdict> verify(const AuditEnd* sealed = nullptr);

 private:
  Db& db_;
};

}  // namespace pg
