#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "core/store/log_query.h"
#include "core/store/log_store.h"
#include "tests/support/result.h"

using namespace pg;

namespace {

const std::vector<std::pair<std::string, std::string>> kRules = {{"aws-access-key-id", "AWS_ACCESS_KEY"}, {"email", "EMAIL"}};

bool finds(const std::string& query, const LogRow& row) {
  LogExpr expr = parse_log_query(query, 1'000).value();
  if (asks_for_kinds(expr)) add_rules_of_kinds(expr, kRules);
  return matches_row(expr, row);
}

LogRow blocked_row(std::string by) {
  LogRow row;
  row.blocked = std::move(by);
  return row;
}

}  // namespace

TEST_CASE("finding and kind ask for what was replaced and for the rules that blocked, in the same words") {
  const LogRow aws = blocked_row("aws-access-key-id"), mail = blocked_row("jwt,email"), own = blocked_row("custom:staff-number");
  for (const std::string field : {"finding", "kind"}) {
    CHECK(finds(field + ":AWS_ACCESS_KEY", aws));
    CHECK(finds(field + ":aws_access_*", aws));
    CHECK(finds(field + ":aws-access-key-id", aws));
    CHECK(finds(field + ":IBAN,EMAIL", mail));
    CHECK(finds(field + ":STAFF_NUMBER", own));
    CHECK(finds(field + ":custom:staff-number", own));
    CHECK_FALSE(finds(field + ":EMAIL", aws));
    CHECK_FALSE(finds("-" + field + ":EMAIL", mail));
    CHECK(finds("(status:5xx OR " + field + ":EMAIL)", mail));
  }
  LogRow replaced;
  replaced.redactions = "AWS_ACCESS_KEY:2";
  CHECK(finds("finding:AWS_ACCESS_KEY", replaced));
  CHECK_FALSE(finds("finding:2", replaced));
  CHECK_FALSE(asks_for_kinds(parse_log_query("blocked:jwt status:5xx", 1'000).value()));
}
