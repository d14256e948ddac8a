// One row for the first refusal, and with the next one how many came in between.
#include "proxy/denials.h"

#include <fmt/format.h>

namespace pg {
namespace {

constexpr std::size_t kMostSeen = 1'000;

std::string repeats(std::uint64_t count) {
  return count == 0 ? std::string() : fmt::format("; {} more before it", count);
}

}  // namespace

// A new hour begins with what the one before left out.
bool Denials::may_tell(UnixMillis now) {
  if (now - hour_ >= kHour || now < hour_) {
    if (untold_ > 0) waiting_.push_back({0, now, "serve", "access.denied", "", fmt::format("{} more were not listed", untold_)});
    hour_ = now;
    told_ = 0;
    untold_ = 0;
    if (seen_.size() > kMostSeen) seen_.clear();
  }
  return told_ < kMostPer;
}

void Denials::note(const LogRow& row) {
  if (row.status != 403 || row.key.empty() || !row.error.starts_with("forbidden: ")) return;
  if (!may_tell(row.time)) return void(++untold_);
  Seen& seen = seen_[row.key + '\n' + row.project_id + '\n' + row.error];
  if (seen.told != 0 && row.time - seen.told < kOncePer) return void(++seen.untold);
  ++told_;
  const std::string why = row.error.substr(row.error.find(' ') + 1);
  waiting_.push_back({0, row.time, "key:" + row.key, "access.denied", row.project,
                      fmt::format("{} {}: {}{}", row.method, row.path, why, repeats(seen.untold))});
  seen = {row.time, 0};
}

Status Denials::write(Db& db) {
  if (waiting_.empty()) return {};
  PG_TRY(Transaction transaction, Transaction::begin(db));
  AuditStore audit(db);
  for (const AuditEntry& entry : waiting_) PG_TRY_STATUS(audit.append(entry));
  PG_TRY_STATUS(transaction.commit());
  waiting_.clear();
  return {};
}

}  // namespace pg
