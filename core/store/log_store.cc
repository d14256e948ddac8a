// The log table: one prepared insert for a batch, one SELECT for every question.
#include "core/store/log_store.h"

#include <fmt/format.h>

#include <utility>

#include "core/base/text.h"
#include "core/store/log_filter.h"

namespace pg {
namespace {

// The order of bind_row and read_row.
constexpr std::string_view kColumns =
    "id, time, project, project_id, key, agent, agent_version, session, dialect, method, path, provider, model, model_served, "
    "status, "
    "outcome, stream, latency_ms, ttft_ms, upstream_ms, input_tokens, output_tokens, cached_tokens, cache_write_tokens, "
    "reasoning_tokens, bytes_in, bytes_out, redactions, detected, blocked, places, attempts, warnings, restored, unknown_tokens, "
    "error, "
    "upstream_request_id";
constexpr int kColumnCount = 37;
constexpr std::size_t kMaxPlaces = 1024;
constexpr std::size_t kMaxText = 2048;

// A row keeps what a caller sent (paths, model names, agents); no caller may fill the disk with it.
std::string_view clipped(std::string_view text, std::size_t size = kMaxText) {
  if (text.size() <= size) return text;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) --size;  // not inside a character
  return text.substr(0, size);
}

// The columns in their order, each as text(value) or number(value).
template <class Text, class Number>
void visit_columns(const LogRow& row, const Text& text, const Number& number) {
  text(row.id);
  number(row.time);
  for (const std::string* value : {&row.project, &row.project_id, &row.key, &row.agent, &row.agent_version, &row.session,
                                   &row.dialect, &row.method, &row.path, &row.provider, &row.model, &row.model_served})
    text(*value);
  number(row.status);
  text(row.outcome);
  const Usage& usage = row.usage;
  for (const std::int64_t value :
       {std::int64_t{row.stream}, row.latency_ms, row.ttft_ms, row.upstream_ms, usage.input_tokens, usage.output_tokens,
        usage.cached_tokens, usage.cache_write_tokens, usage.reasoning_tokens, row.bytes_in, row.bytes_out})
    number(value);
  text(row.redactions);
  text(row.detected);
  text(row.blocked);
  text(clipped(row.places, kMaxPlaces));
  text(row.attempts);
  text(row.warnings);
  number(row.restored);
  number(row.unknown_tokens);
  text(row.error);
  text(row.upstream_request_id);
}

// One bit for each column whose text is empty.
std::uint64_t shape_of(const LogRow& row) {
  std::uint64_t shape = 0, bit = 1;
  visit_columns(
      row,
      [&](std::string_view value) {
        if (value.empty()) shape |= bit;
        bit <<= 1;
      },
      [&](std::int64_t) { bit <<= 1; });
  return shape;
}

// What is empty stands in the statement and is not bound: most columns of most rows.
void bind_row(Statement& to, const LogRow& row) {
  int at = 0;
  visit_columns(
      row,
      [&](std::string_view value) {
        if (!value.empty()) to.bind_view(++at, clipped(value));
      },
      [&](std::int64_t value) { to.bind(++at, value); });
}

LogRow read_row(const Statement& from) {
  LogRow row;
  int at = 0;
  row.seq = from.integer(at++);
  row.id = from.text(at++);
  row.time = from.integer(at++);
  for (std::string* value : {&row.project, &row.project_id, &row.key, &row.agent, &row.agent_version, &row.session, &row.dialect,
                             &row.method, &row.path, &row.provider, &row.model, &row.model_served})
    *value = from.text(at++);
  row.status = static_cast<int>(from.integer(at++));
  row.outcome = from.text(at++);
  row.stream = from.integer(at++) != 0;
  Usage& usage = row.usage;
  for (std::int64_t* value :
       {&row.latency_ms, &row.ttft_ms, &row.upstream_ms, &usage.input_tokens, &usage.output_tokens, &usage.cached_tokens,
        &usage.cache_write_tokens, &usage.reasoning_tokens, &row.bytes_in, &row.bytes_out})
    *value = from.integer(at++);
  for (std::string* value : {&row.redactions, &row.detected, &row.blocked, &row.places, &row.attempts, &row.warnings})
    *value = from.text(at++);
  row.restored = static_cast<std::uint32_t>(from.integer(at++));
  row.unknown_tokens = static_cast<std::uint32_t>(from.integer(at++));
  row.error = from.text(at++);
  row.upstream_request_id = from.text(at++);
  return row;
}

std::string insert_sql(std::uint64_t shape) {
  std::string values;
  for (int i = 0; i < kColumnCount; ++i) values += (shape >> i & 1) != 0 ? ",''" : ",?";
  return fmt::format("INSERT INTO log({}) VALUES({})", kColumns, values.substr(1));
}

}  // namespace

Result<Statement*> LogStore::insert_of(std::uint64_t shape) {
  constexpr std::size_t kMaxShapes = 16;
  for (auto& [known, statement] : inserts_)
    if (known == shape) return &statement;
  if (inserts_.size() >= kMaxShapes) inserts_.erase(inserts_.begin());
  PG_TRY(Statement statement, db_.prepare(insert_sql(shape)));
  inserts_.emplace_back(shape, std::move(statement));
  return &inserts_.back().second;
}

Status LogStore::insert(std::span<const LogRow> rows) {
  if (rows.empty()) return {};
  PG_TRY(Transaction transaction, Transaction::begin(db_));
  for (const LogRow& row : rows) {
    PG_TRY(Statement * statement, insert_of(shape_of(row)));
    bind_row(*statement, row);
    if (auto done = statement->run(); !done) return make_error(Code::io_failed, done.error().message, done.error().detail);
  }
  return transaction.commit();
}

Status LogStore::select(const LogQuery& query, const std::function<bool(const LogRow&)>& each) {
  PG_TRY(LogWhere where, make_log_where(query));
  std::string sql = fmt::format("SELECT seq, {} FROM log WHERE {} ORDER BY seq", kColumns, where.sql);
  if (query.limit > 0) {
    sql = fmt::format("SELECT * FROM ({} DESC LIMIT ?) ORDER BY seq", sql);
    where.values.emplace_back(query.limit);
  }
  PG_TRY(Statement statement, db_.prepare(sql));
  int index = 0;
  for (const auto& value : where.values) std::visit([&](const auto& bound) { statement.bind(++index, bound); }, value);
  for (;;) {
    PG_TRY(const bool row, statement.step());
    if (!row || !each(read_row(statement))) return {};
  }
}

Result<LogRow> LogStore::find(std::string_view id_or_prefix) {
  if (id_or_prefix.empty()) return make_error(Code::bad_request, "which request? give its id or the beginning of it");
  // Ids are ASCII: everything that begins so lies between the prefix and the prefix with the highest byte behind it.
  PG_TRY(Statement statement,
         db_.prepare(
             fmt::format("SELECT seq, {} FROM log WHERE id >= ?1 AND id < ?1 || char(0x10ffff) ORDER BY id LIMIT 2", kColumns)));
  std::string upper(id_or_prefix);
  for (char& c : upper)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  statement.bind(1, upper);
  PG_TRY(const bool first, statement.step());
  if (!first) return make_error(Code::not_found, "no request \"" + escape_controls(id_or_prefix.substr(0, 64)) + "\"");
  LogRow row = read_row(statement);
  if (row.id == upper) return row;
  PG_TRY(const bool second, statement.step());
  if (second)
    return make_error(Code::bad_request, "several requests begin with \"" + escape_controls(id_or_prefix.substr(0, 64)) + "\"");
  return row;
}

Result<std::int64_t> LogStore::last_seq() {
  PG_TRY(Statement statement, db_.prepare("SELECT max(seq) FROM log"));
  PG_TRY(const bool row, statement.step());
  return row ? statement.integer(0) : 0;
}

}  // namespace pg
