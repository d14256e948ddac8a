#include "core/guard/rule_kinds.h"

#include <doctest/doctest.h>

#include <algorithm>

using namespace pg;

TEST_CASE("every shipped rule has its kind") {
  const KindsOfRules kinds = shipped_rule_kinds();
  const auto has = [&kinds](const char* id, const char* kind) {
    return std::find(kinds.begin(), kinds.end(), std::pair<std::string, std::string>(id, kind)) != kinds.end();
  };
  CHECK(has("email", "EMAIL"));
  CHECK(has("aws-access-key-id", "AWS_ACCESS_KEY"));
  CHECK(kinds.size() > 100);
}
