// A row costs a look into a small map; the text of its group is read and compared once for each number.
#include "core/store/name_groups.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/store/log_query.h"
#include "core/store/log_store.h"

namespace pg {
namespace {

constexpr std::string_view kShared[] = {"status",        "stream",       "project", "project_id", "key",  "agent",
                                        "agent_version", "session",      "dialect", "method",     "path", "provider",
                                        "model",         "model_served", "outcome", "route",      "ip",   "ua"};

// A million conversations must not stay in memory for one question; rows with the same number are near each other.
constexpr std::size_t kMaxNumbers = 65'536;

}  // namespace

bool stands_in_names(std::string_view column) {
  // mcp and tool are made of what stands there.
  constexpr std::string_view kMadeOfNames = "CASE WHEN dialect = 'mcp' ";
  return column.starts_with(kMadeOfNames) || std::find(std::begin(kShared), std::end(kShared), column) != std::end(kShared);
}

bool asks_names(const LogExpr& expr) {
  if (expr.op == LogExpr::Op::word) return true;  // looks at paths and models
  if (expr.field != nullptr) return stands_in_names(expr.field->sql);
  return std::any_of(expr.parts.begin(), expr.parts.end(), asks_names);
}

// Both tables have an `id`; that of the row is the one questions mean.
std::string_view rows_with_names() {
  static const std::string kFrom =
      fmt::format("log_rows CROSS JOIN (SELECT id AS number, {} FROM log_names) ON number = names", fmt::join(kShared, ", "));
  return kFrom;
}

LogSums read_sums(const Statement& row, int first, bool failed) {
  const auto known = [&](int at) { return std::max<std::int64_t>(row.integer(first + at), 0); };
  const auto says = [&](int at) { return row.view(first + at).empty() ? 0 : 1; };
  const std::int64_t price = row.integer(first + 1);
  return {.requests = 1,
          .cost = row.integer(first),  // NULL is 0
          .unpriced = price == kPriceUnknown ? 1 : 0,
          .estimated = price > 0 && price % 2 == 1 ? 1 : 0,
          .input_tokens = known(2),
          .output_tokens = known(3),
          .cached_tokens = known(4),
          .cache_write_tokens = known(5),
          .reasoning_tokens = known(6),
          .redacted = says(7),
          .blocked = says(8),
          .errors = failed ? 1 : 0,
          .cache_breaks = says(9),
          .cache_lost = known(10),
          .cache_lost_cost = known(11)};
}

NameGroups::NameGroups(Db& db, std::string sql, std::size_t most) : db_(db), sql_(std::move(sql)), most_(most) {}

Result<NameGroups::Said> NameGroups::find(std::int64_t number) {
  if (number == last_number_) return last_;
  auto known = numbers_.find(number);
  if (known == numbers_.end()) {
    if (!ask_) {
      PG_TRY(Statement made, db_.prepare(fmt::format("SELECT {}, outcome = 'error' FROM log_names WHERE id = ?", sql_)));
      ask_.emplace(std::move(made));
    }
    ask_->reset();
    ask_->bind(1, number);
    PG_TRY(const bool row, ask_->step());
    if (!row) return make_error(Code::io_failed, "a row of the log has lost its names");
    if (numbers_.size() >= kMaxNumbers) numbers_.clear();
    known = numbers_.emplace(number, Said{group_of(ask_->view(0)), ask_->integer(1) != 0}).first;
    ask_->reset();
  }
  last_number_ = number;
  last_ = known->second;
  return last_;
}

std::size_t NameGroups::group_of(std::string_view name) {
  std::string key(name);
  auto found = groups_.find(key);
  if (found == groups_.end() && groups_.size() >= most_) found = groups_.find(key = "(others)");
  if (found != groups_.end()) return found->second;
  const auto added = groups_.emplace(std::move(key), names_.size()).first;
  names_.push_back(&added->first);
  return added->second;
}

}  // namespace pg
