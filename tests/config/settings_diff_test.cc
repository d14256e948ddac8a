#include "config/settings_diff.h"

#include <doctest/doctest.h>

#include "core/guard/rule_examples.h"

using namespace pg;

TEST_CASE("a diff names what changed, with before and after") {
  Settings before, after;
  CHECK(diff_settings(before, after).detail.empty());
  after.serve.log_requests = false;
  after.guards.email = Action::block;
  const SettingsDiff diff = diff_settings(before, after);
  CHECK(diff.target == "settings");
  CHECK(diff.detail == "guards.email: \"redact\" -> \"block\"; serve.log_requests: true -> false");
}

TEST_CASE("a diff tells of prices") {
  Settings before, after;
  Price price;
  price.provider = "own";
  price.model = "large-*";
  price.rates.input = 2'500'000'000;
  before.prices = after.prices = {price};
  after.prices[0].rates.input = 1;
  after.prices[0].rates.output = 10'000'000'000;
  CHECK(diff_settings(before, after).detail ==
        "prices.\"own/large-*\".input: \"2.5\" -> \"0.000000001\"; prices.\"own/large-*\".output: unset -> \"10\"");
}

TEST_CASE("a diff of one project is that project's") {
  Settings before, after;
  before.projects["work"].name = after.projects["work"].name = "work";
  after.projects["work"].log_bodies = "redacted";
  after.projects["work"].endpoint_rates["/v1/embeddings"].rpm = 3;
  const SettingsDiff diff = diff_settings(before, after);
  CHECK(diff.target == "project work");
  CHECK(diff.detail ==
        "projects.work.limits.endpoints./v1/embeddings.rph: unset -> 0; projects.work.limits.endpoints./v1/embeddings.rpm: unset "
        "-> 3; projects.work.log_bodies: unset -> \"redacted\"");
}

TEST_CASE("an alert that is set, changed or taken away is told") {
  Settings none, set;
  set.alerts["failing"].when = "status:>=500";
  CHECK(diff_settings(none, set).detail ==
        "alerts.failing.count: unset -> 1; alerts.failing.quiet: unset -> \"1h\"; alerts.failing.when: unset -> "
        "\"status:>=500\"; alerts.failing.within: unset -> \"10m\"");
  Settings changed = set;
  changed.alerts["failing"].count = 5;
  CHECK(diff_settings(set, changed).detail == "alerts.failing.count: 1 -> 5");
}

TEST_CASE("no header, no excepted value and no secret comes into a diff, and it is short") {
  const std::string secret = spell_example("{github_crc:ghp_}", 3).value();
  Settings before, after;
  ProviderSettings& own = after.providers["own"];
  own.name = "own";
  own.credential = "client";
  own.openai_base_url = "https://example.com/" + secret;
  own.headers.emplace_back("X-Team", "headervalue");
  after.guards.allow["email"] = {"boss@example.com"};
  after.prompt_policies["house"].text = "be secretive";
  for (int i = 0; i < 200; ++i) after.providers["p" + std::to_string(i)] = own;
  const std::string detail = diff_settings(before, after).detail;
  for (const std::string& hidden : {secret, std::string("headervalue"), std::string("boss@"), std::string("secretive")})
    CHECK_MESSAGE(detail.find(hidden) == std::string::npos, detail);
  CHECK(detail.find("guards.allow.email changed") != std::string::npos);
  CHECK(detail.size() < 2'100);
  CHECK(detail.find(" more") != std::string::npos);
}
