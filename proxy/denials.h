// Keys that asked for what they may not: noted in the audit log, each once in a while, so that a flood cannot fill the disk.
// Belongs to one thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/store/audit_store.h"
#include "core/store/log_store.h"

namespace pg {

class Denials {
 public:
  static constexpr UnixMillis kOncePer = 600'000;  // for one key, project and reason
  static constexpr std::size_t kMostPer = 100;     // rows per hour, of all keys together

  /// Takes the row's refusal when it is one.
  void note(const LogRow& row);
  /// Appends what is to be said. On io_failed it is kept for the next time.
  Status write(Db& db);

 private:
  struct Seen {
    UnixMillis told = 0;
    std::uint64_t untold = 0;  // since then
  };
  bool may_tell(UnixMillis now);
  std::map<std::string, Seen> seen_;
  std::vector<AuditEntry> waiting_;
  UnixMillis hour_ = 0;
  std::size_t told_ = 0;      // in this hour
  std::uint64_t untold_ = 0;  // beyond kMostPer
};

}  // namespace pg
