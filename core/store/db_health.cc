// Looks at a database page by page, and puts a copy of another one in its place without losing the first.
#include "core/store/db_health.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <utility>

#include "core/base/shipped.h"
#include "core/base/text.h"
#include "core/store/db.h"
#include "core/store/files.h"
#include "core/store/migrate.h"

namespace pg {
namespace {

constexpr std::size_t kMaxDamage = 20;
constexpr int kNamesApart = 6;  // the schema from which on what rows say alike stands in log_names

void note_damage(DbHealth& health, std::string_view text) {
  for (const std::string_view line : split(text, '\n'))
    if (!trim(line).empty() && !line.starts_with("***") && health.damage.size() < kMaxDamage)
      health.damage.emplace_back(trim(line));
}

// From the header itself (https://www.sqlite.org/fileformat.html, 1.3): SQLite answers nothing about a file that was cut short.
bool has_our_header(const std::string& path) {
  char header[72] = {};
  std::ifstream(path, std::ios::binary).read(header, sizeof header);
  std::uint32_t id = 0;
  for (int i = 68; i < 72; ++i) id = id << 8 | static_cast<unsigned char>(header[i]);
  return std::string_view(header, 15) == "SQLite format 3" && id == kDbApplicationId;
}

// The first column of the first row, or what a damaged file says instead.
std::int64_t ask_number(Db& db, const std::string& sql, DbHealth& health) {
  auto statement = db.prepare(sql);
  auto row = statement ? statement.value().step() : Result<bool>(statement.error());
  if (row) return row.value() ? statement.value().integer(0) : 0;
  note_damage(health, row.error().detail.empty() ? row.error().message : row.error().detail);
  return 0;
}

void read_pages(Db& db, bool quick, DbHealth& health) {
  auto check = db.prepare(fmt::format("PRAGMA {}({})", quick ? "quick_check" : "integrity_check", kMaxDamage));
  if (!check) return note_damage(health, check.error().detail);
  for (;;) {
    const auto row = check.value().step();
    if (!row) return note_damage(health, row.error().detail);
    if (!row.value()) return;
    if (const std::string said = check.value().text(0); said != "ok") note_damage(health, said);
  }
}

// What transactions keep true. A fault here is a bug, or another program's hand: pages can all be sound beside it.
void read_tables(Db& db, DbHealth& health) {
  const char* const rows = health.schema >= kNamesApart ? "log_rows" : "log";
  health.log_rows = ask_number(db, fmt::format("SELECT count(*) FROM {}", rows), health);
  health.newest_row = ask_number(db, fmt::format("SELECT time FROM {} ORDER BY seq DESC LIMIT 1", rows), health);
  health.keys = ask_number(db, "SELECT count(*) FROM keys", health);
  health.acts = ask_number(db, "SELECT count(*) FROM audit", health);
  if (health.schema < kNamesApart) return;
  const auto expect_none = [&](std::string_view sql, std::string_view what) {
    if (const auto many = ask_number(db, std::string(sql), health); many > 0)
      health.faults.push_back(fmt::format("{} {}", many, what));
  };
  expect_none("SELECT count(*) FROM log_rows WHERE names NOT IN (SELECT id FROM log_names)",
              "rows of the log without their names");
  expect_none("SELECT count(*) FROM log_rows WHERE cost IS NOT NULL AND price / 2 NOT IN (SELECT id FROM price_versions)",
              "rows of the log whose prices are not known any more");
  expect_none("SELECT (SELECT count(*) FROM log_rows) - (SELECT coalesce(sum(requests), 0) FROM log_hours)",
              "rows of the log more than 'pg usage' counts");
  expect_none("SELECT (SELECT coalesce(sum(cost), 0) FROM log_rows) - (SELECT coalesce(sum(cost), 0) FROM log_hours)",
              "nano-USD in rows of the log more than 'pg usage' counts");
}

// Triggers tell a running server of keys that change, and keep the log of acts as it is: without one all may look sound.
void read_triggers(Db& db, DbHealth& health) {
  constexpr std::string_view kMake = "CREATE TRIGGER ";
  const std::string_view script = shipped("schema.sql");
  for (std::size_t at = script.find(kMake); at != script.npos; at = script.find(kMake, at + 1)) {
    const std::string_view rest = script.substr(at + kMake.size());
    const std::string name(rest.substr(0, rest.find(' ')));
    if (script.find("DROP TRIGGER " + name, at) != script.npos) continue;
    auto found = db.prepare("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = ?");
    if (!found) return note_damage(health, found.error().detail);
    const auto row = found.value().bind(1, name).step();
    if (!row || !row.value())
      health.faults.push_back(fmt::format("the trigger {} is gone", name));
    else if (script.find(found.value().text(0)) == script.npos)
      health.faults.push_back(fmt::format("the trigger {} is not the one that pg made", name));
  }
}

Status move_log(const std::string& from, const std::string& to) {
  for (const char* suffix : {"-wal", "-shm", "-journal"})
    if (::rename((from + suffix).c_str(), (to + suffix).c_str()) != 0 && errno != ENOENT)
      return make_error(Code::io_failed, from + suffix + ": cannot be moved away");
  return {};
}

// Gives `path` a second name, `kept`, so that at every moment some database stands there and nobody makes an empty one; and takes
// its log out of the way, which would be replayed into whatever stands there next.
Status set_aside(const std::string& path, const std::string& kept) {
  if (::link(path.c_str(), kept.c_str()) != 0) return make_error(Code::io_failed, kept + ": cannot be made");
  if (auto db = Db::open_again(path)) (void)db.value().execute("PRAGMA wal_checkpoint(TRUNCATE)");
  return move_log(path, kept);
}

}  // namespace

Result<DbHealth> examine_db(const std::string& path, bool quick) {
  PG_TRY(const std::vector<Migration> sections, split_migrations(shipped("schema.sql")));
  PG_TRY(Db db, Db::open_unchecked(path));
  DbHealth health;
  health.bytes = stamp_file(path).size;
  health.newest_schema = sections.empty() ? 0 : sections.back().number;
  health.is_ours = has_our_header(path);
  if (!health.is_ours) return health;
  // A lock, or a directory in which no index of the log can be made, says nothing of the file.
  if (const auto first = db.read_number("PRAGMA schema_version"); !first && is_of_surroundings(first.error()))
    return first.error();
  health.schema = static_cast<int>(ask_number(db, "PRAGMA user_version", health));
  read_pages(db, quick, health);
  if (health.damage.empty()) read_tables(db, health);
  if (health.damage.empty() && health.schema == health.newest_schema) read_triggers(db, health);
  return health;
}

Result<std::string> replace_db(const std::string& path, const std::string& backup, UnixMillis now) {
  const std::string incoming = path + ".incoming";
  {
    PG_TRY(Db source, Db::open_unchecked(backup));
    PG_TRY_STATUS(source.backup(incoming));
  }
  const bool replaces = stamp_file(path).inode != 0;
  const std::string kept = replaces ? fmt::format("{}.{}.replaced", path, file_stamp(now)) : "";
  const bool taken = replaces && stamp_file(kept).inode != 0;
  Status done = taken ? Status(make_error(Code::conflict, kept + " exists")) : Status();
  if (done && replaces) done = set_aside(path, kept);
  if (done && ::rename(incoming.c_str(), path.c_str()) != 0) done = make_error(Code::io_failed, path + ": cannot be replaced");
  if (done) return kept;
  ::unlink(incoming.c_str());
  if (replaces && !taken) {
    (void)move_log(kept, path);
    ::unlink(kept.c_str());
  }
  return std::move(done).error();
}

std::string file_stamp(UnixMillis time) {
  std::string stamp = format_rfc3339(time).substr(0, 19) + "Z";
  std::erase_if(stamp, [](char c) { return c == '-' || c == ':'; });
  return stamp;
}

std::vector<std::string> list_backups(const std::string& path) {
  const std::string start = std::filesystem::path(path).filename().string() + ".";
  std::vector<std::pair<std::int64_t, std::string>> found;
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(directory_of(path), failed)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(start) && name.ends_with(".bak"))
      found.emplace_back(stamp_file(entry.path().string()).modified_ns, entry.path().string());
  }
  std::sort(found.rbegin(), found.rend());
  std::vector<std::string> files;
  for (auto& [time, file] : found) files.push_back(std::move(file));
  return files;
}

}  // namespace pg
