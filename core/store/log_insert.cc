// The writing half of the log: one prepared insert for all rows of a shape, one transaction for a batch.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/store/log_store.h"

namespace pg {
namespace {

constexpr std::size_t kMaxPlaces = 1024;
constexpr std::size_t kMaxLogText = 2048;

// In the order of visit_columns().
constexpr std::string_view kRowColumns =
    "id, time, names, latency_ms, ttft_ms, upstream_ms, input_tokens, output_tokens, cached_tokens, cache_write_tokens, "
    "reasoning_tokens, bytes_in, bytes_out, restored, unknown_tokens, price, cost, redactions, detected, blocked, places, "
    "attempts, warnings, error, upstream_request_id, cache_break, cache_lost, cache_lost_cost, "
    "connect_ms, tls_ms";

// What most rows say in most columns stands in the statement and is not bound. Each column as text(value) or
// number(value, what it usually is, how that is spelled).
template <class Text, class Number>
void visit_columns(const LogRow& row, std::int64_t names, const Text& text, const Number& number) {
  text(row.id);
  number(row.time, -1, "-1");
  number(names, -1, "-1");
  const Usage& usage = row.usage;
  for (const std::int64_t value : {row.latency_ms, row.ttft_ms, row.upstream_ms, usage.input_tokens, usage.output_tokens,
                                   usage.cached_tokens, usage.cache_write_tokens, usage.reasoning_tokens})
    number(value, -1, "-1");
  for (const std::int64_t value :
       {row.bytes_in, row.bytes_out, std::int64_t{row.restored}, std::int64_t{row.unknown_tokens}, row.price})
    number(value, 0, "0");
  number(row.cost, -1, "NULL");
  text(row.redactions);
  text(row.detected);
  text(row.blocked);
  text(clip_log_text(row.places, kMaxPlaces));
  for (const std::string* value : {&row.attempts, &row.warnings, &row.error, &row.upstream_request_id})
    text(clip_log_text(*value, kMaxLogText));
  text(row.cache_break);
  number(row.cache_lost, -1, "-1");
  number(row.cache_lost_cost, -1, "-1");
  number(row.connect_ms, -1, "-1");
  number(row.tls_ms, -1, "-1");
}

// One bit for each column that says what is usual.
std::uint64_t shape_of(const LogRow& row, std::int64_t names) {
  std::uint64_t shape = 0, bit = 1;
  const auto note = [&](bool usual) {
    if (usual) shape |= bit;
    bit <<= 1;
  };
  visit_columns(
      row, names, [&](std::string_view value) { note(value.empty()); },
      [&](std::int64_t value, std::int64_t usual, std::string_view) { note(value == usual); });
  return shape;
}

std::string insert_sql(std::uint64_t shape) {
  std::string values;
  const auto add = [&](std::string_view usual) {
    values += values.empty() ? "" : ",";
    values += (shape & 1) != 0 ? usual : "?";
    shape >>= 1;
  };
  visit_columns(
      LogRow(), 0, [&](std::string_view) { add("''"); },
      [&](std::int64_t, std::int64_t, std::string_view spelled) { add(spelled); });
  return fmt::format("INSERT INTO log_rows({}) VALUES({})", kRowColumns, values);
}

void bind_row(Statement& to, const LogRow& row, std::int64_t names) {
  int at = 0;
  visit_columns(
      row, names,
      [&](std::string_view value) {
        if (!value.empty()) to.bind_view(++at, value);
      },
      [&](std::int64_t value, std::int64_t usual, std::string_view) {
        if (value != usual) to.bind(++at, value);
      });
}

Error io_failed(const Error& error) {
  return make_error(Code::io_failed, error.message, error.detail);
}

}  // namespace

std::string_view clip_log_text(std::string_view text) {
  return clip_log_text(text, kMaxLogText);
}

std::string_view clip_log_text(std::string_view text, std::size_t size) {
  if (text.size() <= size) return text;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) --size;  // not inside a character
  return text.substr(0, size);
}

Result<Statement*> LogStore::insert_of(std::uint64_t shape) {
  constexpr std::size_t kMaxShapes = 24;
  for (auto& [known, statement] : inserts_)
    if (known == shape) return &statement;
  if (inserts_.size() >= kMaxShapes) inserts_.erase(inserts_.begin());
  PG_TRY(Statement statement, db_.prepare(insert_sql(shape)));
  inserts_.emplace_back(shape, std::move(statement));
  return &inserts_.back().second;
}

Status LogStore::insert_row(const LogRow& row) {
  PG_TRY(const std::int64_t names, names_.number_of(db_, row));
  PG_TRY(Statement * statement, insert_of(shape_of(row, names)));
  bind_row(*statement, row, names);
  if (auto done = statement->run_bound(); !done) return done;
  const std::int64_t seq = db_.last_rowid();
  names_.used(seq);
  rollup_.add(row, seq, names);
  if (row.month != 0) ledger_.add(row);
  return {};
}

Status LogStore::insert_all(std::span<const LogRow> rows) {
  PG_TRY(Transaction transaction, Transaction::begin(db_));
  for (const LogRow& row : rows) PG_TRY_STATUS(insert_row(row));
  PG_TRY_STATUS(names_.write(db_));
  PG_TRY_STATUS(rollup_.write(db_));
  PG_TRY_STATUS(ledger_.write(db_));
  return transaction.commit();
}

Status LogStore::insert(std::span<const LogRow> rows) {
  if (rows.empty()) return {};
  ledger_.discard();
  Status done = insert_all(rows);
  if (done) {
    ledger_.tell_budgets();
    return done;
  }
  rollup_.discard();
  names_.discard();
  return io_failed(done.error());
}

}  // namespace pg
