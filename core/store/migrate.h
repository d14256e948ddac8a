// Forward-only migrations: schema.sql in numbered sections, the number of the last one kept in the database.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/store/db.h"

namespace pg {

/// One section of schema.sql, which begins with a line `-- migration N: …`.
struct Migration {
  int number = 0;
  std::string_view sql;
};
/// The sections in order; text before the first is commentary. internal unless their numbers rise; one may be left out.
Result<std::vector<Migration>> split_migrations(std::string_view script);

/// io_failed: the database at `path` has schema `number`, and this program knows up to `newest`.
Error newer_schema(const std::string& path, int number, int newest);

/// Runs the sections this database has not seen, each in a transaction that also moves its number. An existing database is first
/// backed up beside itself as `<path>.schema-N.bak`. io_failed naming both numbers when the database is newer than the script.
Status migrate(Db& db, std::string_view script);

/// io_failed unless the database has exactly the schema of `script`: for readers, which do not migrate.
Status check_schema(Db& db, std::string_view script);

}  // namespace pg
