// What a refusal of the database was about, by SQLite's code in its detail ("sqlite 5: …").
#include <charconv>

#include "core/store/db.h"

namespace pg {
namespace {

// Of sqlite3.h, which has one door; these numbers are part of SQLite's interface and never change.
enum SqliteCode : int {
  sqlite_perm = 3,
  sqlite_busy = 5,
  sqlite_locked = 6,
  sqlite_nomem = 7,
  sqlite_readonly = 8,
  sqlite_full = 13,
  sqlite_cantopen = 14,
};

// 0 for an error of somebody else.
int sqlite_code(const Error& error) {
  constexpr std::string_view kStart = "sqlite ";
  int code = 0;
  if (error.detail.starts_with(kStart))
    std::from_chars(error.detail.data() + kStart.size(), error.detail.data() + error.detail.size(), code);
  return code & 0xff;
}

}  // namespace

bool is_locked(const Error& error) {
  const int code = sqlite_code(error);
  return code == sqlite_busy || code == sqlite_locked;
}

bool is_of_surroundings(const Error& error) {
  switch (sqlite_code(error)) {
    case sqlite_perm:
    case sqlite_busy:
    case sqlite_locked:
    case sqlite_nomem:
    case sqlite_readonly:
    case sqlite_full:
    case sqlite_cantopen:
      return true;
    default:
      return false;
  }
}

}  // namespace pg
