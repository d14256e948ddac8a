// What providers were sent and what they said, for projects that keep it: compressed, in a table of its own, with an end of its
// own.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/store/db.h"
#include "core/store/log_store.h"

namespace pg {

/// One body or two, as they left and as they came: placeholders stand where a guard replaced something.
struct LogBody {
  std::string dialect;  // the provider's
  std::string request;
  std::string reply;
  std::uint64_t request_size = 0;  // whole, also when what is kept was cut
  std::uint64_t reply_size = 0;
  bool request_cut = false;
  bool reply_cut = false;
  bool events = false;       // the reply is a stream of events
  std::uint32_t masked = 0;  // secrets that nobody had replaced: they are not kept either, stars stand there
};

struct BodyLimits {
  UnixMillis before = 0;       // bodies of requests that came earlier go; 0 = none for their age
  std::uint64_t max_size = 0;  // bytes, compressed, above which the oldest go; 0 = never
  UnixMillis now = 0;          // as that of LogLimits
};

class BodyStore {
 public:
  explicit BodyStore(Db& db) : db_(db) {}
  /// The bodies of those rows that have one, in one transaction: all of them or none.
  Status insert(std::span<const LogRow> rows);
  /// nullopt when none is kept of that exchange; io_failed when it cannot be unpacked.
  Result<std::optional<LogBody>> find(std::string_view id);
  /// Deletes at most `slice` of the oldest that are beyond the limits, overwriting them; how many went.
  Result<std::int64_t> prune(const BodyLimits& limits, std::int64_t slice);
  /// Bytes of all that is kept, as it is kept.
  Result<std::uint64_t> size();
  /// `count` more bodies could not be kept.
  Status note_dropped(std::uint64_t count);

 private:
  Status insert_one(Statement& statement, const LogRow& row);
  Result<std::int64_t> find_last(const BodyLimits& limits, std::int64_t slice);
  Db& db_;
};

}  // namespace pg
