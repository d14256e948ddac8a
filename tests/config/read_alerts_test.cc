// What users read when an alert is written wrongly, and what comes of one that is right.
#include "config/read_alerts.h"

#include <doctest/doctest.h>

#include "config/build_policy.h"
#include "config/load.h"
#include "config/show.h"
#include "core/guard/secrets.h"
#include "core/store/log_store.h"
#include "tests/support/result.h"
#include "tests/support/settings.h"

using namespace pg;
using pg::test::SettingsHome;

namespace {

std::string alert_problems(std::string_view settings) {
  return problems_text(read_settings_text(settings, "pg.toml").problems);
}

bool check_says(const std::string& all, std::string_view part) {
  const bool found = all.find(part) != std::string::npos;
  CHECK_MESSAGE(found, all);
  return found;
}

const std::string kHead = "[alerts.failing]\n";

}  // namespace

TEST_CASE("an alert's mistakes have a place and a way out") {
  check_says(alert_problems(kHead + "when = \"staus:500\"\n"),
             "pg.toml:2:8: when: unknown field \"staus\", did you mean \"status\"?");
  check_says(alert_problems(kHead + "when = \"status:500 cost:much\"\n"),
             "column 21 of the query; 'pg help filters' has the language");
  check_says(alert_problems(kHead + "when = \"body:x\"\n"), "\"body\" is not kept in the log");
  check_says(alert_problems(kHead + "when = \"time:>2h\"\n"), "leave out time, within says how long they count");
  check_says(alert_problems(kHead + "when = \"\"\n"), "status:* says so");
  check_says(alert_problems(kHead + "when = 5\n"), "when must be a text in quotes");
  check_says(alert_problems(kHead), "pg.toml:1:9: the alert \"failing\" does not say when");
  check_says(alert_problems(kHead + "when = \"status:500\"\ncuont = 5\n"), "pg.toml:3:1: unknown key \"cuont\"");
  check_says(alert_problems(kHead + "when = \"status:500\"\ncuont = 5\n"), "did you mean \"count\"?");
  check_says(alert_problems(kHead + "when = \"status:500\"\ncount = 0\n"),
             "pg.toml:3:9: count must be a whole number from 1 to 10000");
  check_says(alert_problems(kHead + "when = \"status:500\"\nwithin = \"10\"\n"), "within must be a duration from 1s to 30d");
  check_says(alert_problems(kHead + "when = \"status:500\"\nquiet = \"0s\"\n"), "quiet must be a duration from 1s to 30d");
  check_says(alert_problems("[alerts]\nwhen = \"status:500\"\n"), "pg.toml:2:1: an alert is a table with a name");
  CHECK(read_settings_text("[alerts]\nwhen = \"status:500\"\n", "pg.toml").problems.size() == 1);
  check_says(alert_problems("alerts = 5\n"), "pg.toml:1:");
  check_says(alert_problems("[alerts.\"No Name\"]\nwhen = \"status:500\"\n"), "an alert's name is lower-case letters");
  std::string many;
  for (int i = 0; i < 101; ++i) many += "[alerts.a" + std::to_string(i) + "]\nwhen = \"status:500\"\n";
  check_says(alert_problems(many), "more than 100 alerts");
  check_says(alert_problems("[alrts.failing]\nwhen = \"status:500\"\n"), "did you mean \"alerts\"?");
}

TEST_CASE("a missing when is not complained about where something else is wrong with it") {
  const std::string all = alert_problems(kHead + "when = \"staus:500\"\n");
  CHECK(all.find("does not say when") == std::string::npos);
}

TEST_CASE("an alert has defaults, is listed with the settings, and comes into the policy") {
  const SettingsHome home;
  home.simple_project();
  home.config(
      "[alerts.failing]\nwhen = \"status:>=500 -status:529\"\n[alerts.dear]\nwhen = \"cost:>$1\"\ncount = 3\nquiet = \"1d\"\n");
  const Settings settings = load_settings(home.options).value();
  CHECK(settings.alerts.at("failing").count == 1);
  CHECK(settings.alerts.at("failing").within == Millis(600'000));
  CHECK(settings.alerts.at("failing").quiet == Millis(3'600'000));
  std::string shown;
  for (const ShownSetting& row : show_settings(settings))
    if (row.key.starts_with("alerts.")) shown += row.key + "=" + row.value + " ";
  CHECK(shown ==
        "alerts.dear.when=\"cost:>$1\" alerts.dear.count=3 alerts.dear.within=\"10m\" alerts.dear.quiet=\"1d\" "
        "alerts.failing.when=\"status:>=500 -status:529\" alerts.failing.count=1 alerts.failing.within=\"10m\" "
        "alerts.failing.quiet=\"1h\" ");
  PolicyParts parts;
  parts.secrets = shipped_secret_rules();
  parts.environment = *home.options.environment;
  std::vector<Problem> problems;
  const auto policy = build_policy(settings, parts, problems);
  REQUIRE(policy != nullptr);
  REQUIRE(policy->alerts != nullptr);
  REQUIRE(policy->alerts->size() == 2);
  const AlertRule& rule = policy->alerts->back();
  CHECK(rule.name == "failing");
  LogRow row;
  row.status = 503;
  CHECK(matches_row(*rule.when, row));
  row.status = 529;
  CHECK_FALSE(matches_row(*rule.when, row));
}

TEST_CASE("without an alert the policy has none, and a filter that was never checked is a problem") {
  std::vector<Problem> problems;
  Settings settings;
  CHECK(build_alerts(settings, problems) == nullptr);
  settings.alerts["bad"].when = "nonsense:1";
  CHECK(build_alerts(settings, problems)->empty());
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].message.starts_with("alert bad: unknown field"));
}

TEST_CASE("a checkout's file sets no alert") {
  SettingsHome home;
  home.simple_project();
  home.config("");
  home.options.repo_file = true;
  home.options.directory = home.dir.path() + "/work";
  home.dir.write("work/.promptgate.toml", kHead + "when = \"status:500\"\n");
  check_says(problems_text(read_settings(home.options).problems), "\"alerts\" must not stand in a checkout's .promptgate.toml");
}
