// Two writers over one tree. Nothing of the query's text becomes SQL: columns come from the table of fields, values are bound.
#include "core/store/log_filter.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/clock.h"

namespace pg {
namespace {

class WhereWriter {
 public:
  explicit WhereWriter(LogWhere& where) : where_(where) {}

  std::string rows(const LogExpr& expr) {
    switch (expr.op) {
      case LogExpr::Op::all_of:
        return join(expr, " AND ", "1", [&](const LogExpr& part) { return rows(part); });
      case LogExpr::Op::any_of:
        return join(expr, " OR ", "0", [&](const LogExpr& part) { return rows(part); });
      case LogExpr::Op::none_of:
        return "NOT " + rows(expr.parts.front());
      case LogExpr::Op::exists:
        return exists(*expr.field);
      case LogExpr::Op::term:
        return term(expr);
      case LogExpr::Op::word:
        break;
    }
    return either(expr, {"path", "model", "model_served", "error"});
  }

  // `holds`: the expression is asked for; otherwise its opposite is. What an hour cannot answer may be.
  std::string hours(const LogExpr& expr, bool holds) {
    switch (expr.op) {
      case LogExpr::Op::all_of:
      case LogExpr::Op::any_of: {
        const bool all = (expr.op == LogExpr::Op::all_of) == holds;
        return join(expr, all ? " AND " : " OR ", all ? "1" : "0", [&](const LogExpr& part) { return hours(part, holds); });
      }
      case LogExpr::Op::none_of:
        return hours(expr.parts.front(), !holds);
      case LogExpr::Op::word:
        return "1";
      default:
        break;
    }
    const LogField& field = *expr.field;
    if (field.hourly) return shared_by_group(expr, holds);
    return holds ? largest(expr) : "1";
  }

 private:
  template <class Each>
  static std::string join(const LogExpr& expr, std::string_view by, std::string_view none, const Each& each) {
    std::string out;
    for (const LogExpr& part : expr.parts) out += fmt::format("{}{}", out.empty() ? "" : by, each(part));
    return out.empty() ? std::string(none) : "(" + out + ")";
  }

  static std::string exists(const LogField& field) {
    if (field.kind == LogKind::model) return "(model <> '' OR model_served <> '')";
    if (joins_kinds(field)) return "(redactions <> '' OR blocked <> '' OR detected <> '')";
    return field.text != nullptr ? fmt::format("({} <> '')", field.sql)
                                 : fmt::format("(({}) >= {})", field.sql, least_there(field));
  }

  std::string term(const LogExpr& expr) {
    const LogField& field = *expr.field;
    if (field.kind == LogKind::model) return either(expr, {"model", "model_served"});
    if (field.text != nullptr) return either(expr, {field.sql});
    std::string any;
    for (const LogTest& test : expr.tests) any += fmt::format("{}{}", any.empty() ? "" : " OR ", between(field.sql, test));
    return "(" + any + ")";
  }

  std::string either(const LogExpr& expr, std::initializer_list<std::string_view> columns) {
    std::string any;
    for (const std::string_view column : columns)
      for (const LogTest& test : expr.tests)
        any += fmt::format("{}{}", any.empty() ? "" : " OR ", compare(column, *test.pattern));
    return "(" + any + ")";
  }

  std::string compare(std::string_view column, const LogPattern& pattern) {
    if (pattern.is_plain()) {
      where_.values.emplace_back(pattern.text());
      return fmt::format("{} = ? COLLATE NOCASE", column);
    }
    where_.values.emplace_back(static_cast<std::int64_t>(where_.patterns.size()));
    where_.patterns.push_back(&pattern);
    return fmt::format("pg_match(?, {})", column);
  }

  std::string between(std::string_view sql, const LogTest& test) {
    where_.values.emplace_back(std::max<std::int64_t>(test.least, 0));
    where_.values.emplace_back(test.most);
    return fmt::format("({}) BETWEEN ? AND ?", sql);
  }

  // All rows of a group share the value, unless they were put together under '*'.
  std::string shared_by_group(const LogExpr& expr, bool holds) {
    const std::string said = expr.op == LogExpr::Op::exists ? exists(*expr.field) : term(expr);
    const std::string wanted = holds ? said : "NOT " + said;
    const LogField& field = *expr.field;
    if (field.text == nullptr && field.kind != LogKind::model) return wanted;
    return field.kind == LogKind::model ? fmt::format("({} OR model = '*' OR model_served = '*')", wanted)
                                        : fmt::format("({} OR {} = '*')", wanted, field.sql);
  }

  std::string largest(const LogExpr& expr) {
    const LogField& field = *expr.field;
    if (field.kind == LogKind::time && expr.op == LogExpr::Op::term) {
      std::string any;
      for (const LogTest& test : expr.tests) {
        where_.values.emplace_back(test.least / kHour);
        where_.values.emplace_back(test.most / kHour);
        any += fmt::format("{}hour BETWEEN ? AND ?", any.empty() ? "" : " OR ");
      }
      return "(" + any + ")";
    }
    if (field.hour_most.empty()) return "1";
    if (field.text != nullptr) return fmt::format("{} > 0", field.hour_most);
    std::int64_t least = 0;
    if (expr.op == LogExpr::Op::term) {
      least = expr.tests.front().least;
      for (const LogTest& test : expr.tests) least = std::min(least, test.least);
    }
    where_.values.emplace_back(least);
    return fmt::format("{} >= ?", field.hour_most);
  }

  LogWhere& where_;
};

}  // namespace

LogWhere make_log_where(const LogExpr& expr) {
  LogWhere where;
  where.sql = WhereWriter(where).rows(expr);
  return where;
}

LogWhere make_hour_where(const LogExpr& expr) {
  LogWhere where;
  where.sql = WhereWriter(where).hours(expr, true);
  return where;
}

}  // namespace pg
