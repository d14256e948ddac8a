// Alerts of a running serve: said once, kept, quiet over a restart, new ones by a reload; and their try on the log.
#include <doctest/doctest.h>

#include <csignal>
#include <nlohmann/json.hpp>

#include "core/store/db.h"
#include "tests/support/hello.h"
#include "tests/support/model_wire.h"
#include "tests/support/run_pg.h"
#include "tests/support/soon.h"

namespace pg::test {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kFailing = "[alerts.failing]\nwhen = \"status:>=500 -status:529\"\ncount = 3\n";

void fail(World& w, int times) {
  w.upstream.respond(Answer::reply(500, R"({"error":{"message":"over-and-out","type":"server_error"}})"));
  for (int i = 0; i < times; ++i) CHECK(w.post("v1/chat/completions", ask(kChat, false, "hi")).status >= 500);
}

std::size_t count_of(const std::string& text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; ++at) ++count;
  return count;
}

Json alert_of(World& w, std::string_view name) {
  const CommandResult listed = w.home.run({"alerts", "--json"});
  CHECK_MESSAGE(listed.status == 0, listed.err);
  const Json alerts = Json::parse(listed.out, nullptr, false);
  REQUIRE_MESSAGE(alerts.is_array(), listed.out);
  for (const Json& alert : alerts)
    if (alert.value("name", "") == name) return alert;
  return Json::object();
}

std::int64_t times_of(World& w, std::string_view name) {
  return alert_of(w, name).value("times", std::int64_t{-1});
}

bool has_rows(World& w, std::size_t rows) {
  return soon([&] { return w.home.rows().size() == rows; });
}

}  // namespace

TEST_CASE("alerts: one fires once, is said and kept, and its quiet time outlives serve") {
  World w(kRedactAll, "[logs]\nfile = \"requests.log\"\n" + std::string(kFailing));
  CHECK(w.home.run({"alerts", "test", "failing"}).status == 1);
  fail(w, 2);
  REQUIRE(has_rows(w, 2));
  CHECK(times_of(w, "failing") == 0);
  CHECK(alert_of(w, "failing").at("last_fired").is_null());
  const CommandResult not_yet = w.home.run({"alerts", "test", "failing"});
  CHECK(not_yet.status == 1);
  CHECK_MESSAGE(not_yet.out.find("would not have fired: 2 requests since ") == 0, not_yet.out);
  CHECK_MESSAGE(not_yet.out.find(" fit, never 3 within 10m\n") != std::string::npos, not_yet.out);
  CHECK(w.home.run({}).out.find("failing fired") == std::string::npos);

  fail(w, 4);
  REQUIRE(has_rows(w, 6));
  REQUIRE(soon([&] { return times_of(w, "failing") == 1; }));
  const Json third = Json::parse(w.home.rows().at(2));
  const std::string said = "alert: failing: 3 requests within 10m, the newest is " + third.value("id", "") + "; quiet for 1h\n";
  CHECK_MESSAGE(w.server.err().find(said) != std::string::npos, w.server.err());
  CHECK(count_of(w.server.err(), "alert:") == 1);
  const Json alert = alert_of(w, "failing");
  CHECK(alert.at("last_request") == third.at("id"));
  CHECK(alert.at("count") == 3);
  CHECK(alert.at("within_ms") == 600'000);
  CHECK(alert.at("quiet_ms") == 3'600'000);
  CHECK(alert.at("when") == "status:>=500 -status:529");
  const std::string file = Home::read(std::filesystem::path(w.home.config_file()).parent_path() / "requests.log");
  CHECK(count_of(file, "\talert\tfailing\t3\t600000\t" + third.value("id", "") + "\n") == 1);
  CHECK(count_of(file, "\n") == 7);
  const CommandResult table = w.home.run({"alerts"});
  CHECK(table.out.find("failing\tstatus:>=500 -status:529\t3/10m\t20") == 0);
  CHECK(w.home.run({"alerts", "list"}).out == table.out);
  CHECK(w.home.run({}).out.find("failing fired") != std::string::npos);

  w.server.signal(SIGTERM);
  REQUIRE(w.server.wait() == 0);
  REQUIRE(w.server.start({"-q"}));
  fail(w, 4);
  REQUIRE(has_rows(w, 10));
  CHECK(count_of(w.server.err(), "alert:") == 1);
  CHECK(times_of(w, "failing") == 1);

  const CommandResult tried = w.home.run({"alerts", "test", "failing", "--json"});
  CHECK(tried.status == 0);
  const Json report = Json::parse(tried.out, nullptr, false);
  REQUIRE(report.is_object());
  CHECK(report.at("requests") == 10);
  REQUIRE(report.at("fired").size() == 1);
  CHECK(report.at("fired").at(0).at("request") == third.at("id"));
  CHECK(report.at("fired").at(0).at("count") == 3);
  CHECK(report.at("fired").at(0).at("time") == alert.at("last_fired"));

  // A day later.
  w.server.signal(SIGTERM);
  REQUIRE(w.server.wait() == 0);
  {
    Db db = Db::open(w.home.database()).value();
    db.execute("UPDATE alerts_fired SET time = time - 90000000").value();
  }
  CHECK(w.home.run({}).out.find("failing fired") == std::string::npos);
  REQUIRE(w.server.start({"-q"}));
  fail(w, 3);
  CHECK(soon([&] { return times_of(w, "failing") == 2; }));
  CHECK(count_of(w.server.err(), "alert:") == 2);
}

TEST_CASE("alerts: a reload takes in a new one, which is said with -q, too; the audit log tells of it") {
  World w;
  const CommandResult none = w.home.run({"alerts"});
  CHECK(none.status == 0);
  CHECK(none.err.find("no alerts are set") == 0);
  CHECK(none.err.find("[alerts.failing]") != std::string::npos);
  CHECK(w.home.run({"alerts", "--json"}).out == "[]\n");
  w.server.signal(SIGTERM);
  REQUIRE(w.server.wait() == 0);
  REQUIRE(w.server.start({"-q"}));
  fail(w, 1);
  REQUIRE(has_rows(w, 1));  // that one was seen while there was no alert
  w.home.write(w.home.config_file(), Home::read(w.home.config_file()) + "[alerts.any]\nwhen = \"status:5xx\"\nquiet = \"1s\"\n");
  REQUIRE(soon([&] { return w.home.run({"audit", "tail"}).out.find("alerts.any.when: unset -> ") != std::string::npos; }));
  fail(w, 1);
  REQUIRE(soon([&] { return times_of(w, "any") == 1; }));
  CHECK(count_of(w.server.err(), "alert: any: request ") == 1);
}

TEST_CASE("alerts: what is wrong with a name or a filter is said with the way out") {
  World w(kRedactAll, kFailing);
  const CommandResult unknown = w.home.run({"alerts", "test", "faling"});
  CHECK(unknown.status == 5);
  CHECK_MESSAGE(unknown.err.find("no alert 'faling' (did you mean 'failing'?)") != std::string::npos, unknown.err);
  CHECK(w.home.run({"alerts", "lst"}).err.find("did you mean 'list'") != std::string::npos);
  CHECK(w.home.run({"alerts", "test"}).status == 2);
  CHECK(w.home.run({"alerts", "test", "failing", "--since", "soon"}).status == 2);
  CHECK(w.home.run({"__complete", "ALERT"}).out == "failing\n");
  const std::string before = Home::read(w.home.config_file());
  w.home.write(w.home.config_file(), before + "[alerts.slow]\nwhen = \"latncy:>30s\"\n");
  const CommandResult checked = w.home.run({"config", "check"});
  CHECK(checked.status == 1);
  const std::string found = checked.out + checked.err;
  CHECK_MESSAGE(found.find("unknown field \"latncy\", did you mean \"latency\"?") != std::string::npos, found);
  // A serve that reads it goes on with what it had.
  REQUIRE(soon([&] { return w.server.err().find("latncy") != std::string::npos; }));
  fail(w, 3);
  CHECK(soon([&] { return count_of(w.server.err(), "alert: failing") == 1; }));
}

}  // namespace pg::test
