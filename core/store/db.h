// The door to SQLite: one connection, statements, transactions, migrations. A Db belongs to one thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace pg {

class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&& other) noexcept;
  ~Statement();
  /// 1-based, as in SQL. Text is copied.
  Statement& bind(int index, std::int64_t value);
  Statement& bind(int index, std::string_view text);
  /// The same without a copy: the bytes must stay until run() or reset().
  Statement& bind_view(int index, std::string_view text);
  Statement& bind_blob(int index, std::string_view bytes);
  Statement& bind_null(int index);
  Result<bool> step();  // true: a row is there
  Status run();         // steps to the end and resets
  Status run_bound();   // the same, and what was bound stays: for a statement that is bound anew as a whole
  void reset();
  std::int64_t integer(int column) const;
  std::string text(int column) const;       // also blobs
  std::string_view view(int column) const;  // the same until the next step() or reset()
  bool is_null(int column) const;

 private:
  Statement& bind_text(int index, std::string_view text, bool copy);
  friend class Db;
  Statement(sqlite3* db, sqlite3_stmt* stmt) : db_(db), stmt_(stmt) {}
  sqlite3* db_ = nullptr;
  sqlite3_stmt* stmt_ = nullptr;
  int bind_error_ = 0;  // the first one; step() reports it
};

/// PRAGMA application_id of pg's own databases: "pgdb".
inline constexpr std::int64_t kDbApplicationId = 0x70676462;

enum class DbMode { read_write, read_only };

class Db {
 public:
  /// Opens or creates (0600, WAL, foreign keys, waits for locks), checks integrity (quick_check) and migrates forward.
  /// io_failed with a hint when the file is corrupt, empty, newer than this program, readable by others, a link, or on a
  /// read-only disk; not_found in read_only mode when there is none. `schema` is the migration script; empty = the shipped one.
  static Result<Db> open(const std::string& path, DbMode mode = DbMode::read_write, std::string_view schema = {});
  /// To look at a file that may be damaged, older or newer: read-only, nothing checked but that it is SQLite's own to open.
  /// not_found; io_failed.
  static Result<Db> open_unchecked(const std::string& path);
  /// One more connection to what open() has checked and migrated in this process before. io_failed when there is no such
  /// database.
  static Result<Db> open_again(const std::string& path);
  Db(Db&& other) noexcept;
  Db& operator=(Db&& other) noexcept;
  ~Db();

  Result<Statement> prepare(std::string_view sql);
  Status execute(std::string_view sql);
  /// The first column of the first row, for questions that one number answers; nullopt when there is no row.
  Result<std::optional<std::int64_t>> read_number(std::string_view sql);
  Result<std::int64_t> read_number(std::string_view sql, std::int64_t otherwise);
  /// Makes pg_match(number, text) callable in this connection's statements. Replaces what was set before; no statement may run.
  Status set_match(std::function<bool(std::int64_t number, std::string_view text)> match);
  std::int64_t last_rowid() const;
  std::int64_t changes() const;
  /// How long connections of this process wait for another's lock unless set_patience() says otherwise; 5 s before it is called.
  static void wait_at_most(std::chrono::milliseconds patience);
  /// How long statements wait for another connection's lock from now on; 0 = as after opening.
  void set_patience(std::chrono::milliseconds patience = {});
  /// Lets go of pages that are kept for the next statement.
  void give_back_memory();
  /// False when another file, or none, stands where this one was opened: what is written now reaches nobody. One stat(2).
  bool is_in_place() const;
  /// Rises whenever another connection commits (PRAGMA data_version). io_failed when the file is not in its place any more.
  Result<std::int64_t> data_version();
  /// Copies the whole database, as it is at one moment while others go on writing, to a 0600 file that replaces `path`.
  Status backup(const std::string& path);
  const std::string& path() const { return path_; }

 private:
  static Result<Db> connect(const std::string& path, int flags);
  static Status create(const std::string& path, std::string_view schema);
  Status configure(DbMode mode);
  Status check_integrity();
  explicit Db(sqlite3* db, std::string path) : db_(db), path_(std::move(path)) {}
  sqlite3* db_ = nullptr;
  std::string path_;
};

/// True for a refusal that tells of what is around the file, not of the file: a lock, a permission, a full disk.
bool is_of_surroundings(const Error& error);
/// Another connection kept its lock for longer than was waited.
bool is_locked(const Error& error);

/// BEGIN IMMEDIATE … COMMIT, rolled back unless commit() was reached. io_failed when the file is not in its place any more.
class Transaction {
 public:
  static Result<Transaction> begin(Db& db);
  Transaction(Transaction&& other) noexcept;
  ~Transaction();
  Status commit();

 private:
  explicit Transaction(Db& db) : db_(&db) {}
  Db* db_ = nullptr;
};

}  // namespace pg
