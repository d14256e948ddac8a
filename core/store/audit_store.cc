// The audit chain: hash(n) = SHA-256(hash(n-1), then every field with its length).
#include "core/store/audit_store.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "core/base/crypto.h"

namespace pg {
namespace {

void append_big_endian(std::string& out, std::int64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>((static_cast<std::uint64_t>(number) >> shift) & 0xff);
}

// Lengths in front, so that no two different rows spell the same bytes.
std::string chain_hash(std::string_view before, const AuditEntry& entry) {
  std::string bytes(before);
  append_big_endian(bytes, entry.seq);
  append_big_endian(bytes, entry.time);
  for (const std::string* field : {&entry.actor, &entry.act, &entry.target, &entry.detail}) {
    append_big_endian(bytes, static_cast<std::int64_t>(field->size()));
    bytes += *field;
  }
  const Sha256 digest = sha256(bytes);
  return std::string(as_bytes(digest));
}

Result<AuditEnd> read_head(Db& db) {
  PG_TRY(Statement statement, db.prepare("SELECT seq, hash FROM audit_head"));
  PG_TRY(const bool row, statement.step());
  if (!row) return make_error(Code::io_failed, db.path() + ": the audit log has lost its head");
  return AuditEnd{statement.integer(0), statement.text(1)};
}

AuditEntry read_entry(const Statement& row) {
  return {row.integer(0), row.integer(1), row.text(2), row.text(3), row.text(4), row.text(5), row.text(6)};
}

AuditVerdict broken(std::int64_t rows, std::int64_t seq, std::string problem) {
  return {false, rows, seq, std::move(problem)};
}

}  // namespace

Status AuditStore::append(const AuditEntry& wanted) {
  PG_TRY(const AuditEnd head, read_head(db_));
  AuditEntry entry = wanted;
  entry.seq = head.seq + 1;
  const std::string hash = chain_hash(head.hash, entry);
  PG_TRY(Statement insert, db_.prepare("INSERT INTO audit VALUES(?, ?, ?, ?, ?, ?, ?)"));
  insert.bind(1, entry.seq).bind(2, entry.time).bind(3, entry.actor).bind(4, entry.act);
  insert.bind(5, entry.target).bind(6, entry.detail).bind_blob(7, hash);
  if (auto done = insert.run(); !done) return done;
  PG_TRY(Statement move, db_.prepare("UPDATE audit_head SET seq = ?, hash = ?"));
  return move.bind(1, entry.seq).bind_blob(2, hash).run();
}

Status AuditStore::select(std::int64_t limit, const std::function<bool(const AuditEntry&)>& each) {
  PG_TRY(Statement statement, db_.prepare("SELECT * FROM (SELECT seq, time, actor, act, target, detail, hash FROM audit "
                                          "ORDER BY seq DESC LIMIT ?) ORDER BY seq"));
  statement.bind(1, limit > 0 ? limit : std::int64_t{-1});
  for (;;) {
    PG_TRY(const bool row, statement.step());
    if (!row || !each(read_entry(statement))) return {};
  }
}

Status AuditStore::select_after(std::int64_t seq, const std::function<bool(const AuditEntry&)>& each) {
  PG_TRY(Statement statement,
         db_.prepare("SELECT seq, time, actor, act, target, detail, hash FROM audit WHERE seq > ? ORDER BY seq"));
  statement.bind(1, seq);
  for (;;) {
    PG_TRY(const bool row, statement.step());
    if (!row || !each(read_entry(statement))) return {};
  }
}

Result<AuditEnd> AuditStore::end() {
  return read_head(db_);
}

Result<std::string> AuditStore::hash_of(std::int64_t seq) {
  PG_TRY(Statement statement, db_.prepare("SELECT hash FROM audit WHERE seq = ?"));
  statement.bind(1, seq);
  PG_TRY(const bool row, statement.step());
  if (!row) return make_error(Code::not_found, fmt::format("the audit log has no row {}", seq));
  return statement.text(0);
}

Result<AuditVerdict> AuditStore::verify(const AuditEnd* sealed) {
  // One statement, so that rows and head are of one moment.
  PG_TRY(Statement statement, db_.prepare("SELECT a.seq, a.time, a.actor, a.act, a.target, a.detail, a.hash, h.seq, h.hash "
                                          "FROM audit_head h LEFT JOIN audit a ORDER BY a.seq"));
  std::string before(32, '\0');
  std::int64_t rows = 0;
  AuditEnd head{0, before};
  for (;;) {
    PG_TRY(const bool row, statement.step());
    if (!row) break;
    head = {statement.integer(7), statement.text(8)};
    if (statement.is_null(0)) break;
    const AuditEntry entry = read_entry(statement);
    if (entry.seq != rows + 1) return broken(rows, rows + 1, fmt::format("row {} is missing", rows + 1));
    before = chain_hash(before, entry);
    if (before != statement.text(6)) return broken(rows, entry.seq, fmt::format("row {} was changed", entry.seq));
    if (sealed != nullptr && entry.seq == sealed->seq && before != sealed->hash)
      return broken(rows, entry.seq, fmt::format("row {} is not the one that was sealed", entry.seq));
    ++rows;
  }
  if (sealed != nullptr && rows < sealed->seq)
    return broken(rows, rows + 1, fmt::format("the log had {} rows when it was sealed and has {}", sealed->seq, rows));
  if (rows != head.seq) return broken(rows, rows + 1, fmt::format("the log should have {} rows and has {}", head.seq, rows));
  if (before != head.hash) return broken(rows, rows, "the end of the log was changed");
  return AuditVerdict{true, rows, 0, ""};
}

}  // namespace pg
