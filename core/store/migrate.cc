// Migrations, on top of the Db door.
#include "core/store/migrate.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace pg {
namespace {

constexpr std::string_view kMark = "-- migration ";

Result<int> schema_number(Db& db) {
  PG_TRY(const std::int64_t number, db.read_number("PRAGMA user_version", 0));
  return static_cast<int>(number);
}

Status run_one(Db& db, const Migration& migration) {
  PG_TRY(Transaction transaction, Transaction::begin(db));
  // Another process may have run it while this one waited for the lock.
  PG_TRY(const int number, schema_number(db));
  if (number >= migration.number) return transaction.commit();
  if (auto ran = db.execute(migration.sql); !ran) return ran;
  if (auto moved = db.execute(fmt::format("PRAGMA user_version = {}", migration.number)); !moved) return moved;
  return transaction.commit();
}

}  // namespace

Error newer_schema(const std::string& path, int number, int newest) {
  return make_error(Code::io_failed,
                    fmt::format("{}: has schema {}, this program knows up to {}; hint: use a newer pg", path, number, newest));
}

Result<std::vector<Migration>> split_migrations(std::string_view script) {
  std::vector<Migration> sections;
  std::size_t at = 0;
  while (at < script.size()) {
    const std::size_t end = std::min(script.find('\n', at), script.size());
    const std::string_view line = script.substr(at, end - at);
    at = std::min(end + 1, script.size());
    if (line.substr(0, kMark.size()) == kMark) {
      int number = 0;
      std::from_chars(line.data() + kMark.size(), line.data() + line.size(), number);
      if (number <= (sections.empty() ? 0 : sections.back().number))
        return make_error(Code::internal, fmt::format("schema.sql: migration {} is out of order", number));
      sections.push_back({number, script.substr(at, 0)});
    } else if (!sections.empty()) {
      std::string_view& sql = sections.back().sql;
      sql = {sql.data(), static_cast<std::size_t>(script.data() + at - sql.data())};
    }
  }
  return sections;
}

Status check_schema(Db& db, std::string_view script) {
  PG_TRY(const std::vector<Migration> sections, split_migrations(script));
  PG_TRY(const int number, schema_number(db));
  const int newest = sections.empty() ? 0 : sections.back().number;
  if (number > newest) return newer_schema(db.path(), number, newest);
  if (number < newest)
    return make_error(Code::io_failed, fmt::format("{}: has schema {}, this program needs {}; hint: start pg serve once",
                                                   db.path(), number, newest));
  return {};
}

Status migrate(Db& db, std::string_view script) {
  PG_TRY(const std::vector<Migration> sections, split_migrations(script));
  PG_TRY(const int number, schema_number(db));
  const int newest = sections.empty() ? 0 : sections.back().number;
  if (number > newest) return newer_schema(db.path(), number, newest);
  if (number == newest) return {};
  if (number > 0) {
    const std::string backup = fmt::format("{}.schema-{}.bak", db.path(), number);
    if (auto copied = db.backup(backup); !copied) return copied;
  }
  for (const Migration& section : sections)
    if (auto ran = run_one(db, section); !ran)
      return make_error(ran.error().code, fmt::format("{} (migration {})", ran.error().message, section.number));
  return {};
}

}  // namespace pg
