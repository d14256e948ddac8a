// What a whole database looks like from outside: sound or not, whose, which schema, what is in it. For files that may be damaged.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"

namespace pg {

struct DbHealth {
  bool is_ours = false;
  std::uint64_t bytes = 0;          // of the file; what waits in its -wal is not counted
  int schema = 0;                   // what it has
  int newest_schema = 0;            // what this program knows
  std::vector<std::string> damage;  // SQLite's sentences, the first 20; empty when every page and index is sound
  std::vector<std::string> faults;  // what the tables contradict each other in, a sentence each
  std::int64_t log_rows = 0, keys = 0, acts = 0;
  UnixMillis newest_row = 0;  // when the newest call of the log began; 0 without one

  bool is_sound() const { return is_ours && damage.empty() && faults.empty(); }
};

/// Reads the whole file and changes nothing. With `quick` indexes are not compared with their tables, which takes most of the
/// time. not_found; io_failed when it cannot be opened at all: what can be opened and is damaged is an answer.
Result<DbHealth> examine_db(const std::string& path, bool quick);

/// Puts a copy of the database `backup` in the place of `path`. What was there, its log and all, is kept under the name that
/// comes back ("" when nothing was): it may be damaged. The caller holds the ServeLock and has examined `backup`. io_failed, or
/// conflict where that name is taken, and then what was there still is.
Result<std::string> replace_db(const std::string& path, const std::string& backup, UnixMillis now);

/// "20261127T070000Z", for names of copies: they sort by age.
std::string file_stamp(UnixMillis time);

/// Backups of this database beside it, the newest first: what `pg db backup` and migrations left.
std::vector<std::string> list_backups(const std::string& path);

}  // namespace pg
