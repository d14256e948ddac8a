// What each filter field means in SQL. Values are bound, never pasted.
#include "core/store/log_filter.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "core/base/ids.h"
#include "core/base/text.h"

namespace pg {
namespace {

enum class FieldKind : std::uint8_t { text, model, kinds, status, number, duration, yes_no };

struct LogField {
  std::string_view name;
  FieldKind kind;
  std::string_view column;
};

// In the order of completion: what people filter by most comes first.
constexpr LogField kFields[] = {{"status", FieldKind::status, "status"},
                                {"model", FieldKind::model, "model"},
                                {"model.requested", FieldKind::text, "model"},
                                {"model.served", FieldKind::text, "model_served"},
                                {"project", FieldKind::text, "project"},
                                {"agent", FieldKind::text, "agent"},
                                {"key", FieldKind::text, "key"},
                                {"provider", FieldKind::text, "provider"},
                                {"dialect", FieldKind::text, "dialect"},
                                {"class", FieldKind::text, "outcome"},
                                {"outcome", FieldKind::text, "outcome"},
                                {"session", FieldKind::text, "session"},
                                {"redactions", FieldKind::kinds, "redactions"},
                                {"detected", FieldKind::kinds, "detected"},
                                {"blocked", FieldKind::kinds, "blocked"},
                                {"latency", FieldKind::duration, "latency_ms"},
                                {"ttft", FieldKind::duration, "ttft_ms"},
                                {"tokens.in", FieldKind::number, "input_tokens"},
                                {"tokens.out", FieldKind::number, "output_tokens"},
                                {"tokens.cached", FieldKind::number, "cached_tokens"},
                                {"tokens.cache_write", FieldKind::number, "cache_write_tokens"},
                                {"tokens.reasoning", FieldKind::number, "reasoning_tokens"},
                                {"stream", FieldKind::yes_no, "stream"},
                                {"method", FieldKind::text, "method"},
                                {"path", FieldKind::text, "path"},
                                {"error", FieldKind::text, "error"},
                                {"id", FieldKind::text, "id"}};

constexpr auto kFieldNames = [] {
  std::array<std::string_view, std::size(kFields)> names{};
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = kFields[i].name;
  return names;
}();

constexpr std::size_t kMaxValues = 500;  // well under SQLite's 32766 variables and 1000 levels of expression

Error unknown_field(std::string_view name) {
  std::string message = "unknown field \"" + escape_controls(name.substr(0, 64)) + "\"";
  if (auto near = find_nearest(name, kFieldNames))
    return make_error(Code::bad_request, message + ", did you mean \"" + std::string(*near) + "\"?");
  return make_error(Code::bad_request, message + "; try status, model, project, agent, key, provider or class");
}

Error bad_value(const LogField& field, std::string_view value, std::string_view wanted) {
  return make_error(Code::bad_request,
                    fmt::format("{}: \"{}\" is not {}", field.name, escape_controls(value.substr(0, 64)), wanted));
}

bool is_glob(std::string_view value) {
  return value.find_first_of("*?") != std::string_view::npos;
}

// `*` and `?` are the only wildcards: LIKE's own are escaped. LIKE ignores ASCII case, as every value here does.
std::string like_pattern(std::string_view glob) {
  std::string pattern;
  for (const char c : glob) {
    if (c == '*')
      pattern += '%';
    else if (c == '?')
      pattern += '_';
    else if (c == '%' || c == '_' || c == '\\')
      (pattern += '\\') += c;
    else
      pattern += c;
  }
  return pattern;
}

std::optional<std::int64_t> parse_whole(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string text_term(std::string_view column, std::string_view value, LogWhere& where) {
  if (is_glob(value)) {
    where.values.emplace_back(like_pattern(value));
    return fmt::format("{} LIKE ? ESCAPE '\\'", column);
  }
  where.values.emplace_back(std::string(value));
  return fmt::format("{} = ? COLLATE NOCASE", column);
}

// A list such as "EMAIL:2,IBAN:1"; the value names a kind, `*` any.
std::string kinds_term(std::string_view column, std::string_view value, LogWhere& where) {
  where.values.emplace_back("%," + like_pattern(value) + ":%");
  return fmt::format("({0} <> '' AND (',' || {0} || ':') LIKE ? ESCAPE '\\')", column);
}

// The index holds failures only, and SQLite uses it where the term itself says so.
std::string status_sql(std::int64_t lowest, std::string_view term) {
  return lowest >= 400 ? fmt::format("(status >= 400 AND {})", term) : std::string(term);
}

Result<std::string> status_term(const LogField& field, std::string_view value, LogWhere& where) {
  const std::string lower = to_lower(value);
  if (lower.size() == 3 && lower[0] >= '1' && lower[0] <= '5' && lower.substr(1) == "xx") {
    const std::int64_t first = (lower[0] - '0') * 100;
    where.values.emplace_back(first);
    where.values.emplace_back(first + 99);
    return status_sql(first, "status BETWEEN ? AND ?");
  }
  const auto number = parse_whole(value);
  if (!number || *number < 0 || *number > 999) return bad_value(field, value, "a status such as 429 or 4xx");
  where.values.emplace_back(*number);
  return status_sql(*number, "status = ?");
}

std::optional<std::int64_t> parse_measure(FieldKind kind, std::string_view text) {
  if (kind == FieldKind::duration)
    if (auto millis = parse_duration_ms(text)) return millis;
  return parse_whole(text);
}

Result<std::string> measure_term(const LogField& field, std::string_view value, LogWhere& where) {
  std::string_view op = "=";
  for (const std::string_view candidate : {">=", "<=", ">", "<"})
    if (value.substr(0, candidate.size()) == candidate) {
      op = candidate;
      value.remove_prefix(candidate.size());
      break;
    }
  const auto number = parse_measure(field.kind, value);
  if (!number || *number < 0)
    return bad_value(field, value,
                     field.kind == FieldKind::duration ? "a duration such as >2s or <300ms" : "a number such as >1000");
  where.values.emplace_back(*number);
  // -1 stands for "not known", which no comparison holds for.
  return fmt::format("({0} >= 0 AND {0} {1} ?)", field.column, op);
}

Result<std::string> yes_no_term(const LogField& field, std::string_view value, LogWhere& where) {
  const bool yes = value == "true" || value == "yes";
  if (!yes && value != "false" && value != "no") return bad_value(field, value, "true or false");
  where.values.emplace_back(std::int64_t{yes});
  return fmt::format("{} = ?", field.column);
}

Result<std::string> make_term(const LogField& field, std::string_view value, LogWhere& where) {
  switch (field.kind) {
    case FieldKind::text:
      return text_term(field.column, value, where);
    case FieldKind::model: {
      const std::string asked = text_term("model", value, where);
      return "(" + asked + " OR " + text_term("model_served", value, where) + ")";
    }
    case FieldKind::kinds:
      return kinds_term(field.column, value, where);
    case FieldKind::status:
      return status_term(field, value, where);
    case FieldKind::number:
    case FieldKind::duration:
      return measure_term(field, value, where);
    case FieldKind::yes_no:
      break;
  }
  return yes_no_term(field, value, where);
}

const LogField* find_field(std::string_view name) {
  const auto* found = std::find_if(std::begin(kFields), std::end(kFields), [&](const LogField& f) { return f.name == name; });
  return found == std::end(kFields) ? nullptr : found;
}

// Splits `a,"b,c",d` at the commas outside quotes.
Result<std::vector<std::string>> split_values(std::string_view text) {
  std::vector<std::string> values(1);
  bool quoted = false;
  for (const char c : text) {
    if (c == '"')
      quoted = !quoted;
    else if (c == ',' && !quoted)
      values.emplace_back();
    else
      values.back() += c;
  }
  if (quoted) return make_error(Code::bad_request, "a quote is not closed");
  if (std::any_of(values.begin(), values.end(), [](const std::string& value) { return value.empty(); }))
    return make_error(Code::bad_request, "a value is missing; write \"field:value\"");
  return values;
}

}  // namespace

std::span<const std::string_view> log_fields() {
  return kFieldNames;
}

Result<LogWhere> make_log_where(const LogQuery& query) {
  LogWhere where;
  for (const auto& [name, values] : query.filters) {
    const bool negated = !name.empty() && name.front() == '-';
    const LogField* field = find_field(std::string_view(name).substr(negated ? 1 : 0));
    if (field == nullptr) return unknown_field(std::string_view(name).substr(negated ? 1 : 0));
    std::string any;
    for (const std::string& value : values) {
      PG_TRY(const std::string term, make_term(*field, value, where));
      any += (any.empty() ? "" : " OR ") + term;
    }
    if (any.empty()) continue;
    where.sql += fmt::format(" AND {}({})", negated ? "NOT " : "", any);
    if (where.values.size() > kMaxValues) return make_error(Code::bad_request, "too many filter values");
  }
  const auto bound = [&](std::string_view sql, std::int64_t value) {
    if (value == 0) return;
    where.sql += sql;
    where.values.emplace_back(value);
  };
  bound(" AND time >= ?", query.since);
  if (query.since > 0) {
    // An id's time is never before its row's, so that this leaves nothing out.
    where.sql += " AND id >= ?";
    where.values.emplace_back(exchange_id_floor(query.since));
  }
  bound(" AND time < ?", query.until);
  bound(" AND seq > ?", query.after_seq);
  return where;
}

Status parse_log_filters(std::span<const std::string> words, LogQuery& query) {
  for (const std::string& word : words) {
    const std::size_t colon = word.find(':');
    if (colon == std::string::npos || colon == 0)
      return make_error(Code::bad_request,
                        "\"" + escape_controls(word.substr(0, 64)) + "\" is not field:value, such as status:429");
    const std::string name = to_lower(std::string_view(word).substr(0, colon));
    const std::string_view bare = std::string_view(name).substr(name.front() == '-' ? 1 : 0);
    if (find_field(bare) == nullptr) return unknown_field(bare);
    PG_TRY(std::vector<std::string> values, split_values(std::string_view(word).substr(colon + 1)));
    LogQuery one;
    one.filters.emplace_back(name, values);
    if (auto checked = make_log_where(one); !checked) return std::move(checked).error();
    query.filters.emplace_back(name, std::move(values));
  }
  return {};
}

}  // namespace pg
