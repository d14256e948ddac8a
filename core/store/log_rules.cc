// A row says of what was replaced which kind it was, and of what blocked it which rule: who asks for a kind means both.
#include <algorithm>

#include "core/store/log_query.h"

namespace pg {
namespace {

// The id that a rule of that kind has when it was named by the same words: EMPLOYEE_NUMBER, custom:employee-number.
std::string id_like(std::string kind) {
  std::replace(kind.begin(), kind.end(), '_', '-');
  return "custom:" + kind;
}

void add_ids(std::vector<LogTest>& tests, const LogPattern& asked, std::span<const std::pair<std::string, std::string>> rules) {
  const auto add = [&tests](const std::string& id) { tests.emplace_back().pattern.emplace(LogPattern::How::kinds, id); };
  for (const auto& [id, kind] : rules)
    if (asked.matches(kind) && !asked.matches(id)) add(id);
  add(id_like(asked.text()));
}

}  // namespace

bool asks_for_kinds(const LogExpr& expr) {
  return (expr.op == LogExpr::Op::term && joins_kinds(*expr.field)) ||
         std::any_of(expr.parts.begin(), expr.parts.end(), asks_for_kinds);
}

void add_rules_of_kinds(LogExpr& expr, std::span<const std::pair<std::string, std::string>> rules) {
  for (LogExpr& part : expr.parts) add_rules_of_kinds(part, rules);
  if (expr.op != LogExpr::Op::term || !joins_kinds(*expr.field)) return;
  std::vector<LogTest> more;
  for (const LogTest& test : expr.tests)
    if (test.pattern && test.pattern->names_kinds()) add_ids(more, *test.pattern, rules);
  expr.tests.insert(expr.tests.end(), more.begin(), more.end());
}

}  // namespace pg
