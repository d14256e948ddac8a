// Numbers are given by the database and never again, so that one that was pruned cannot come to mean something else.
#include "core/store/log_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "core/store/log_query.h"
#include "core/store/log_store.h"

namespace pg {
namespace {

// A caller that makes names up makes this forget, and costs a row of log_names for each of its own.
constexpr std::size_t kMaxKnown = 4'096;
constexpr std::size_t kMaxKnownBytes = 1 << 20;

constexpr std::int64_t kNewestNames = 5'000;
constexpr std::string_view kColumns[] = {"status",  "project", "key",  "agent",    "agent_version", "session",
                                         "dialect", "method",  "path", "provider", "model",         "model_served",
                                         "outcome", "route",   "ip",   "ua"};

constexpr std::string_view kWrite =
    "INSERT INTO log_names(id, last_seq, status, stream, project, project_id, key, agent, agent_version, session, dialect, "
    "method, "
    "path, provider, model, model_served, outcome, route, ip, ua) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, "
    "?14, ?15, ?16, ?17, ?18, ?19, ?20) ON CONFLICT(id) DO UPDATE SET last_seq = ?2";

// In the order of kWrite.
std::array<const std::string*, 16> texts_of(const LogRow& row) {
  return {&row.project, &row.project_id, &row.key,  &row.agent,    &row.agent_version, &row.session,
          &row.dialect, &row.method,     &row.path, &row.provider, &row.model,         &row.model_served,
          &row.outcome, &row.route,      &row.ip,   &row.ua};
}

void append_raw(std::string& to, std::uint32_t number) {
  char bytes[sizeof number];
  std::memcpy(bytes, &number, sizeof number);
  to.append(bytes, sizeof bytes);
}

// Lengths stand before the texts: no two rows that differ are spelled alike.
void spell(const LogRow& row, std::string& key) {
  key.clear();
  append_raw(key, static_cast<std::uint32_t>(row.status) << 1 | (row.stream ? 1u : 0u));
  for (const std::string* text : texts_of(row)) {
    const std::string_view shown = clip_log_text(*text);
    append_raw(key, static_cast<std::uint32_t>(shown.size()));
    key.append(shown);
  }
}

bool say_the_same(const LogRow& a, const LogRow& b) {
  const auto texts_a = texts_of(a), texts_b = texts_of(b);
  const auto same = [](const std::string* x, const std::string* y) { return *x == *y; };
  return a.status == b.status && a.stream == b.stream && std::equal(texts_a.begin(), texts_a.end(), texts_b.begin(), same);
}

}  // namespace

Result<std::int64_t> LogNames::number_of(Db& db, const LogRow& row) {
  // Most rows say what the one before said.
  const bool again = last_ != nullptr && last_->second.row != nullptr && say_the_same(*last_->second.row, row);
  if (!again) spell(row, key_);
  if (!again && (last_ == nullptr || last_->first != key_)) {
    if (batch_.empty() && (known_.size() >= kMaxKnown || known_bytes_ >= kMaxKnownBytes)) discard();
    const auto [place, fresh] = known_.try_emplace(key_);
    last_ = &*place;
    if (fresh) known_bytes_ += key_.size();
  }
  Known& known = last_->second;
  if (known.row == nullptr) batch_.push_back(last_);
  known.row = &row;
  if (known.number == 0)
    if (auto added = add(db, known); !added) return added.error();
  return known.number;
}

void LogNames::used(std::int64_t seq) {
  last_->second.last_seq = std::max(last_->second.last_seq, seq);
}

Status LogNames::add(Db& db, Known& known) {
  if (auto done = write(db, known, true); !done) return done;
  known.number = db.last_rowid();
  return {};
}

Status LogNames::write(Db& db, const Known& known, bool fresh) {
  if (!write_) {
    PG_TRY(Statement made, db.prepare(kWrite));
    write_.emplace(std::move(made));
  }
  if (!fresh) write_->bind(1, known.number);
  write_->bind(2, known.last_seq).bind(3, known.row->status).bind(4, std::int64_t{known.row->stream});
  int at = 4;
  for (const std::string* text : texts_of(*known.row)) write_->bind_view(++at, clip_log_text(*text));
  return write_->run();
}

Status LogNames::write(Db& db) {
  for (Table::value_type* entry : batch_) {
    if (auto done = write(db, entry->second, false); !done) return done;
    entry->second.row = nullptr;
  }
  batch_.clear();
  return {};
}

void LogNames::discard() {
  batch_.clear();
  known_.clear();
  known_bytes_ = 0;
  last_ = nullptr;
}

Result<std::vector<std::string>> read_log_values(Db& db, const LogField& field, std::int64_t most) {
  std::vector<std::string> values;
  if (std::find(std::begin(kColumns), std::end(kColumns), field.sql) == std::end(kColumns)) return values;
  PG_TRY(Statement statement, db.prepare(fmt::format("SELECT DISTINCT {0} FROM (SELECT {0} FROM log_names ORDER BY id DESC LIMIT "
                                                     "{1}) LIMIT ?",
                                                     field.sql, kNewestNames)));
  statement.bind(1, most);
  for (;;) {
    PG_TRY(const bool row, statement.step());
    if (!row) return values;
    values.push_back(statement.text(0));
  }
}

}  // namespace pg
