#include "cmd/alert_text.h"

#include <doctest/doctest.h>

using namespace pg;

TEST_CASE("an alert says how many, in what time, which was the newest, and how long it is silent now") {
  AlertRule rule{"failing", "status:>=500", nullptr, 5, Millis(600'000), Millis(5'400'000)};
  const AlertFiring firing{"failing", 1'700'000'000'000, 5, "01K"};
  CHECK(alert_words(rule, firing) == "failing: 5 requests within 10m, the newest is 01K; quiet for 90m");
  CHECK(alert_line(rule, firing) == "2023-11-14T22:13:20.000Z\talert\tfailing\t5\t600000\t01K");
  CHECK(alert_measure(5, rule.within) == "5 within 10m");
  CHECK(alert_words(rule, {"failing", 0, 1, "01K"}) == "failing: request 01K; quiet for 90m");
  CHECK(alert_measure(1, rule.within) == "1");
}
