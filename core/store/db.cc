// SQLite behind four calls: open, prepare, execute, backup. Every error leaves with a sentence and, where there is one, a hint.
#include "core/store/db.h"

#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstdlib>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/base/crypto.h"
#include "core/base/encode.h"
#include "core/base/shipped.h"
#include "core/base/text.h"
#include "core/store/db_files.h"
#include "core/store/files.h"
#include "core/store/lock_holder.h"
#include "core/store/migrate.h"

namespace pg {
namespace {

// Set before there is a connection.
std::atomic<int>& lock_patience_ms() {
  static std::atomic<int> ms{5000};
  return ms;
}
constexpr std::int64_t kWholeCheckBytes = 64ll << 20;  // about a quarter of a second
// Checked whatever the size: they decide who may do what.
constexpr const char* kSmallTables[] = {"facts", "keys", "credentials", "audit_head"};

using MatchFunction = std::function<bool(std::int64_t, std::string_view)>;

void call_match(sqlite3_context* context, int, sqlite3_value** values) {
  const auto& match = *static_cast<const MatchFunction*>(sqlite3_user_data(context));
  const auto* text = static_cast<const char*>(sqlite3_value_blob(values[1]));
  const auto size = static_cast<std::size_t>(sqlite3_value_bytes(values[1]));
  const std::string_view view = text == nullptr ? std::string_view() : std::string_view(text, size);
  sqlite3_result_int(context, match(sqlite3_value_int64(values[0]), view) ? 1 : 0);
}

void free_match(void* function) {
  delete static_cast<MatchFunction*>(function);
}

Error db_error(sqlite3* db, const std::string& path) {
  const int code = sqlite3_extended_errcode(db);
  std::string detail = fmt::format("sqlite {}: {}", code, sqlite3_errmsg(db));
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return make_error(Code::io_failed, fmt::format("{}: the database is damaged; {}", path, kDamagedHint), std::move(detail));
    case SQLITE_BUSY:
    case SQLITE_LOCKED: {
      const auto pid = find_lock_holder(path);
      const std::string who = pid ? fmt::format("process {}", *pid) : "another process";
      return make_error(Code::io_failed,
                        fmt::format("{}: {} has kept it locked for {}", path, who, format_duration(lock_patience_ms())),
                        std::move(detail));
    }
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return make_error(code_of_denial(path),
                        path + ": cannot be written; hint: check the disk, and chmod u+w the file and its directory",
                        std::move(detail));
    case SQLITE_CANTOPEN:
      return make_error(code_of_denial(path), path + ": cannot be opened; hint: check that its directory can be read and written",
                        std::move(detail));
    case SQLITE_FULL:
      return make_error(Code::io_failed, path + ": the disk is full", std::move(detail));
    case SQLITE_CONSTRAINT:
      if (code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY)
        return make_error(Code::conflict, "exists already", std::move(detail));
      return make_error(Code::io_failed, path + ": a row breaks a rule of the schema", std::move(detail));
    default:
      return make_error(Code::io_failed, path + ": database error", std::move(detail));
  }
}

std::string path_of(sqlite3* db) {
  const char* name = sqlite3_db_filename(db, "main");
  return name == nullptr || *name == '\0' ? std::string("database") : std::string(name);
}

}  // namespace

Statement::Statement(Statement&& other) noexcept
    : db_(other.db_), stmt_(std::exchange(other.stmt_, nullptr)), bind_error_(other.bind_error_) {}

Statement& Statement::operator=(Statement&& other) noexcept {
  std::swap(db_, other.db_);
  std::swap(stmt_, other.stmt_);
  std::swap(bind_error_, other.bind_error_);
  return *this;
}

Statement::~Statement() {
  sqlite3_finalize(stmt_);
}

Statement& Statement::bind(int index, std::int64_t value) {
  if (const int code = sqlite3_bind_int64(stmt_, index, value); code != SQLITE_OK && bind_error_ == 0) bind_error_ = code;
  return *this;
}

Statement& Statement::bind_text(int index, std::string_view text, bool copy) {
  // A null data() would bind NULL, which is not the empty text.
  const char* data = text.data() == nullptr ? "" : text.data();
  const int code = sqlite3_bind_text64(stmt_, index, data, text.size(), copy ? SQLITE_TRANSIENT : SQLITE_STATIC, SQLITE_UTF8);
  if (code != SQLITE_OK && bind_error_ == 0) bind_error_ = code;
  return *this;
}
Statement& Statement::bind(int index, std::string_view text) {
  return bind_text(index, text, true);
}
Statement& Statement::bind_view(int index, std::string_view text) {
  return bind_text(index, text, false);
}

Statement& Statement::bind_blob(int index, std::string_view bytes) {
  const char* data = bytes.data() == nullptr ? "" : bytes.data();
  const int code = sqlite3_bind_blob64(stmt_, index, data, bytes.size(), SQLITE_TRANSIENT);
  if (code != SQLITE_OK && bind_error_ == 0) bind_error_ = code;
  return *this;
}

Statement& Statement::bind_null(int index) {
  if (const int code = sqlite3_bind_null(stmt_, index); code != SQLITE_OK && bind_error_ == 0) bind_error_ = code;
  return *this;
}

Result<bool> Statement::step() {
  if (bind_error_ != 0)
    return make_error(Code::internal, "database: a value could not be bound",
                      fmt::format("sqlite {}", std::exchange(bind_error_, 0)));
  const int code = sqlite3_step(stmt_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return db_error(db_, path_of(db_));
}

Status Statement::run() {
  Status done = run_bound();
  sqlite3_clear_bindings(stmt_);
  return done;
}

Status Statement::run_bound() {
  for (;;) {
    auto row = step();
    if (row && row.value()) continue;
    sqlite3_reset(stmt_);
    if (!row) return std::move(row).error();
    return {};
  }
}

void Statement::reset() {
  sqlite3_reset(stmt_);
  sqlite3_clear_bindings(stmt_);
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(stmt_, column);
}

std::string_view Statement::view(int column) const {
  const auto* data = static_cast<const char*>(sqlite3_column_blob(stmt_, column));
  const int size = sqlite3_column_bytes(stmt_, column);
  return data == nullptr ? std::string_view() : std::string_view(data, static_cast<std::size_t>(size));
}

std::string Statement::text(int column) const {
  return std::string(view(column));
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(stmt_, column) == SQLITE_NULL;
}

Db::Db(Db&& other) noexcept : db_(std::exchange(other.db_, nullptr)), path_(std::move(other.path_)) {}

Db& Db::operator=(Db&& other) noexcept {
  std::swap(db_, other.db_);
  std::swap(path_, other.path_);
  return *this;
}

Db::~Db() {
  sqlite3_close_v2(db_);
}

void Db::wait_at_most(std::chrono::milliseconds patience) {
  lock_patience_ms() = static_cast<int>(patience.count());
}

void Db::set_patience(std::chrono::milliseconds patience) {
  sqlite3_busy_timeout(db_, patience.count() > 0 ? static_cast<int>(patience.count()) : lock_patience_ms().load());
}

Result<Db> Db::connect(const std::string& path, int flags) {
  // Statistics nobody reads take a lock with every allocation. Refused, harmlessly, when a library opened a database before us.
  static const int uncounted = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  (void)uncounted;
  sqlite3* raw = nullptr;
  const bool rests = (flags & SQLITE_OPEN_READONLY) != 0 && is_on_rest(path);
  const std::string name = rests ? fmt::format("file:{}?immutable=1", to_percent(path)) : path;
  flags |= SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW | (rests ? SQLITE_OPEN_URI : 0);
  const int code = sqlite3_open_v2(name.c_str(), &raw, flags, nullptr);
  Db db(raw, path);
  if (raw == nullptr) return make_error(Code::io_failed, path + ": out of memory");
  if (code != SQLITE_OK) return db_error(raw, path);
  sqlite3_extended_result_codes(raw, 1);
  sqlite3_busy_timeout(raw, lock_patience_ms());
  sqlite3_db_config(raw, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  return db;
}

// Built under another name and linked into place whole, so that a file at `path` is never a half-made database.
Status Db::create(const std::string& path, std::string_view schema) {
  const std::string temporary = fmt::format("{}/.pg.db.{}.tmp", directory_of(path), to_hex(random_bytes(6)));
  if (auto made = create_file(temporary, {}); !made)
    return make_error(made.error().code, path + ": cannot be made; hint: check that its directory can be written",
                      made.error().message);
  const auto build = [&]() -> Status {
    PG_TRY(Db db, connect(temporary, SQLITE_OPEN_READWRITE));
    if (auto marked = db.execute(fmt::format("PRAGMA application_id = {}", kDbApplicationId)); !marked) return marked;
    return migrate(db, schema);
  };
  Status built = build();
  if (built && ::link(temporary.c_str(), path.c_str()) != 0 && errno != EEXIST)
    built = make_error(Code::io_failed, path + ": cannot be made");
  ::unlink(temporary.c_str());
  return built;
}

Status Db::configure(DbMode mode) {
  PG_TRY(const std::optional<std::int64_t> id, read_number("PRAGMA application_id"));
  if (id != kDbApplicationId)
    return make_error(Code::io_failed, path_ + ": is not a pg database; hint: name another file with `database = \"…\"`");
  std::string pragmas =
      "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY;"
      "PRAGMA synchronous = NORMAL; PRAGMA secure_delete = ON; PRAGMA journal_size_limit = 67108864;";
  if (mode == DbMode::read_only) return execute(pragmas + "PRAGMA query_only = ON;");
  // Two processes that switch a new file to WAL at once get BUSY at once, without the busy timeout.
  Status switched = execute("PRAGMA journal_mode = WAL");
  const SteadyTime until = SystemClock().steady() + std::chrono::milliseconds(std::min(1000, lock_patience_ms().load()));
  while (!switched && (sqlite3_errcode(db_) & 0xff) == SQLITE_BUSY && SystemClock().steady() < until) {
    sqlite3_sleep(20);
    switched = execute("PRAGMA journal_mode = WAL");
  }
  return switched ? execute(pragmas) : switched;
}

Status Db::check_integrity() {
  std::vector<std::string> checks;
  if (static_cast<std::int64_t>(stamp_file(path_).size) <= kWholeCheckBytes)
    checks.emplace_back("PRAGMA quick_check(1)");
  else
    for (const char* table : kSmallTables) checks.push_back(fmt::format("PRAGMA quick_check({})", table));
  for (const std::string& sql : checks) {
    PG_TRY(Statement check, prepare(sql));
    PG_TRY(const bool row, check.step());
    const std::string verdict = row ? check.text(0) : "no answer";
    if (verdict != "ok")
      return make_error(Code::io_failed, fmt::format("{}: the database is damaged; {}", path_, kDamagedHint), verdict);
  }
  return {};
}

Result<Db> Db::open(const std::string& path, DbMode mode, std::string_view schema) {
  if (schema.empty()) schema = shipped("schema.sql");
  const bool writes = mode == DbMode::read_write;
  if (writes)
    if (auto made = make_private_directory(directory_of(path)); !made) return std::move(made).error();
  const std::string real = resolve_directory(path);
  Status checked = check_db_files(real);
  if (!checked && checked.error().code == Code::not_found && writes) {
    if (auto none = check_no_log(real); !none) return std::move(none).error();
    if (auto made = create(real, schema); !made) return std::move(made).error();
    checked = check_db_files(real);
  }
  if (!checked) return std::move(checked).error();
  PG_TRY(Db db, connect(real, writes ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY));
  if (auto done = db.configure(mode); !done) return std::move(done).error();
  if (auto sound = db.check_integrity(); !sound) return std::move(sound).error();
  if (auto moved = writes ? migrate(db, schema) : check_schema(db, schema); !moved) return std::move(moved).error();
  db.give_back_memory();  // the pages that the check has read
  return db;
}

Result<Db> Db::open_unchecked(const std::string& path) {
  const std::string real = resolve_directory(path);
  if (stamp_file(real).inode == 0) return make_error(Code::not_found, path + ": there is no such file");
  PG_TRY(Db db, connect(real, SQLITE_OPEN_READONLY));
  PG_TRY_STATUS(db.execute("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY"));
  return db;
}

Result<Db> Db::open_again(const std::string& path) {
  PG_TRY(Db db, connect(resolve_directory(path), SQLITE_OPEN_READWRITE));
  if (auto done = db.configure(DbMode::read_write); !done) return std::move(done).error();
  return db;
}

Result<Statement> Db::prepare(std::string_view sql) {
  sqlite3_stmt* stmt = nullptr;
  if (sql.size() > INT_MAX) return make_error(Code::internal, "database: statement too long");
  if (sqlite3_prepare_v2(db_, sql.data(), static_cast<int>(sql.size()), &stmt, nullptr) != SQLITE_OK) return db_error(db_, path_);
  return Statement(db_, stmt);
}

Status Db::execute(std::string_view sql) {
  if (sqlite3_exec(db_, std::string(sql).c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) return db_error(db_, path_);
  return {};
}

Status Db::set_match(std::function<bool(std::int64_t number, std::string_view text)> match) {
  auto held = std::make_unique<MatchFunction>(std::move(match));
  // SQLite frees it in every case, by the last argument.
  const int code = sqlite3_create_function_v2(db_, "pg_match", 2, SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY,
                                              held.release(), call_match, nullptr, nullptr, free_match);
  return code == SQLITE_OK ? Status() : Status(db_error(db_, path_));
}

std::int64_t Db::last_rowid() const {
  return sqlite3_last_insert_rowid(db_);
}
std::int64_t Db::changes() const {
  return sqlite3_changes64(db_);
}

void Db::give_back_memory() {
  sqlite3_db_release_memory(db_);
}

bool Db::is_in_place() const {
  int moved = 0;
  return sqlite3_file_control(db_, "main", SQLITE_FCNTL_HAS_MOVED, &moved) != SQLITE_OK || moved == 0;
}

Result<std::int64_t> Db::data_version() {
  if (!is_in_place()) return displaced(path_);
  return read_number("PRAGMA data_version", 0);
}

Result<std::optional<std::int64_t>> Db::read_number(std::string_view sql) {
  PG_TRY(Statement statement, prepare(sql));
  PG_TRY(const bool row, statement.step());
  return row ? std::optional(statement.integer(0)) : std::nullopt;
}

Result<std::int64_t> Db::read_number(std::string_view sql, std::int64_t otherwise) {
  PG_TRY(const std::optional<std::int64_t> number, read_number(sql));
  return number.value_or(otherwise);
}

Status Db::backup(const std::string& path) {
  const std::string temporary = fmt::format("{}.{}.tmp", path, to_hex(random_bytes(6)));
  if (auto made = create_file(temporary, {}); !made) return std::move(made).error();
  const auto copy = [&]() -> Status {
    PG_TRY(Db target, connect(resolve_directory(temporary), SQLITE_OPEN_READWRITE));
    sqlite3_backup* job = sqlite3_backup_init(target.db_, "main", db_, "main");
    if (job == nullptr) return db_error(target.db_, path);
    int code = SQLITE_OK;
    int waits = 0;
    // All pages in one step: between two, a write of another connection would start the copy over.
    while ((code = sqlite3_backup_step(job, -1)) == SQLITE_BUSY || code == SQLITE_LOCKED)
      if (sqlite3_sleep(20), ++waits > lock_patience_ms() / 20) break;
    if (sqlite3_backup_finish(job) != SQLITE_OK) return db_error(target.db_, path);
    return target.execute("PRAGMA journal_mode = DELETE");
  };
  Status copied = copy();
  if (copied && ::rename(temporary.c_str(), path.c_str()) != 0)
    copied = make_error(Code::io_failed, path + ": cannot be written");
  if (!copied) ::unlink(temporary.c_str());
  return copied;
}

}  // namespace pg
