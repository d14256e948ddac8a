// The one language for questions about the log: `status:429 OR (model:gpt-4o* latency:>2s) -agent:codex "rate limit"`. Parsed
// once into a tree that becomes SQL (log_filter) or is asked about a row in memory.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/regex.h"
#include "core/base/result.h"

namespace pg {

struct LogRow;

/// What the values of a field are.
enum class LogKind : std::uint8_t {
  text,    // compared as a whole, without case; globs
  model,   // text, in either of two columns
  kinds,   // "EMAIL:2,IBAN:1": compared with the names
  rule,    // the rule ids in `places`
  status,  // 429, 4xx
  number,
  size,      // bytes
  duration,  // ms
  money,     // nano-USD
  time,      // Unix ms
  yes_no,
};

/// One row of the table of fields.
struct LogField {
  std::string_view name;
  LogKind kind = LogKind::text;
  std::string_view sql;             // of a text or a number; numbers that are not known are below 0
  std::string_view hint;            // "what does this field hold", for completions
  bool hourly = false;              // log_hours has the column under the same name
  std::string_view hour_most = {};  // log_hours' column with the hour's largest value
  std::string (*text)(const LogRow&) = nullptr;
  std::int64_t (*number)(const LogRow&) = nullptr;
};

/// From which number on there is one, as `field:*` asks: what is counted or answered with yes and no is known of every row.
constexpr std::int64_t least_there(const LogField& field) {
  return field.kind == LogKind::yes_no || field.name == "retries" ? 1 : 0;
}

/// Of all kinds that were found, whatever became of them.
constexpr bool joins_kinds(const LogField& field) {
  return field.name == "finding" || field.name == "kind";
}

/// The table, what is asked for most first.
std::span<const LogField> log_field_table();
/// The names alone, for "did you mean" and completion.
std::span<const std::string_view> log_fields();
/// nullptr when there is none.
const LogField* find_log_field(std::string_view name);
/// bad_request: unknown, with the nearest name, or known but not kept by pg.
Error unknown_log_field(std::string_view name);

/// How a text is compared. Shared by SQL (as pg_match) and memory, so that both mean the same.
class LogPattern {
 public:
  enum class How : std::uint8_t { whole, part, kinds, rule, regex };
  LogPattern(How how, std::string text) : how_(how), text_(std::move(text)) {}
  explicit LogPattern(Regex regex) : how_(How::regex), regex_(std::make_shared<const Regex>(std::move(regex))) {}
  bool matches(std::string_view text) const;
  /// `whole` without wildcards: SQL's own comparison will do.
  bool is_plain() const;
  /// Compared with the names of kinds.
  bool names_kinds() const { return how_ == How::kinds; }
  const std::string& text() const { return text_; }

 private:
  How how_;
  std::string text_;  // in lower case; a glob in `whole` and `kinds`, where `\` takes a wildcard's meaning
  std::shared_ptr<const Regex> regex_;
};

/// One value of a term: a pattern, or a range of numbers (both ends inside).
struct LogTest {
  std::optional<LogPattern> pattern;
  std::int64_t least = 0;
  std::int64_t most = 0;
};

struct LogExpr {
  enum class Op : std::uint8_t { all_of, any_of, none_of, exists, term, word };
  Op op = Op::all_of;
  std::vector<LogExpr> parts;       // all_of, any_of; none_of has one
  const LogField* field = nullptr;  // exists, term
  std::vector<LogTest> tests;       // term: any; word: one pattern
};

/// What an expression says of a row.
bool matches_row(const LogExpr& expr, const LogRow& row);

/// An empty text asks for every row. `now` is what durations in `time:>2h` count back from. bad_request with the column in its
/// detail for anything that is not of the language.
Result<LogExpr> parse_log_query(std::string_view text, std::int64_t now);

/// Whether it asks for `finding` or `kind`.
bool asks_for_kinds(const LogExpr& expr);
/// Lets these ask for the rules of a kind, too, of which rows tell when they blocked a call. `rules`: id and kind of each.
void add_rules_of_kinds(LogExpr& expr, std::span<const std::pair<std::string, std::string>> rules);

/// A moment as --since and `time:` take it: 15m (ago), 2w, 3mo, 1y, today, yesterday, 2026-11, 2026-11-20, 2026-11-20T10:00Z.
/// Local midnights; nothing is before 1970.
std::optional<std::int64_t> parse_moment(std::string_view text, std::int64_t now);

}  // namespace pg
