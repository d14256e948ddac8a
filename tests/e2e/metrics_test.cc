// GET /metrics of the running product: who may read it, and that it says what happened without a word of what was said.
#include <doctest/doctest.h>

#include <string>

#include "tests/support/model_wire.h"
#include "tests/support/run_pg.h"
#include "tests/support/soon.h"

namespace pg::test {
namespace {

RawReply scrape(const World& w, const std::string& key = "", Fields fields = {}) {
  if (!key.empty()) fields.emplace_back("Authorization", "Bearer " + key);
  return exchange(w.port(), write_request("GET", "/metrics", fields, {}));
}

}  // namespace

TEST_CASE("metrics: by default a key of no project with the scope admin is asked for") {
  World w(kRedactAll);
  const std::string admin = w.home.add_key("prometheus", {"--scopes", "admin"});
  CHECK(scrape(w).status == 401);
  CHECK(scrape(w,
               "pg_"
               "live_" +
                   std::string(43, 'x'))
            .status == 401);
  CHECK(scrape(w, w.key).status == 403);  // chat,models
  CHECK(scrape(w, w.home.add_key("own", {"--scopes", "admin", "--project", "test"})).status == 403);
  const RawReply text = scrape(w, admin);
  REQUIRE_MESSAGE(text.status == 200, text.body);
  CHECK(text.field("content-type") == "text/plain; version=0.0.4; charset=utf-8");
  CHECK(says(text.body, "pg_inflight 0\n"));
  CHECK(exchange(w.port(), write_request("POST", "/metrics", {}, {})).status == 405);
}

TEST_CASE("metrics: \"loopback\" lets this machine in, but nobody whom a proxy brings; \"off\" lets nobody in") {
  World w(kRedactAll, "[serve]\nmetrics = \"loopback\"\n");
  CHECK(scrape(w).status == 200);
  for (const char* field : {"X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"}) {
    CAPTURE(field);
    CHECK(scrape(w, "", {{field, "203.0.113.9"}}).status == 401);
  }
  CHECK(scrape(w, "", {{"Host", "evil.example"}}).status == 403);
  CHECK(scrape(w, "", {{"Origin", "https://evil.example"}}).status == 403);
  World none(kRedactAll, "[serve]\nmetrics = \"off\"\n");
  CHECK(scrape(none, none.home.add_key("prometheus", {"--scopes", "admin"})).status == 404);
}

TEST_CASE("metrics: calls, tokens, redactions and blocks are counted, and no text, key or value is told") {
  World w(kBlockSecrets, "[serve]\nmetrics = \"loopback\"\n");
  w.upstream.respond(Answer::json(say_whole(DialectId::anthropic, {text_block({"well said"})})));
  const std::string mail = make_email("joe.bloggs"), token = make_github_token(7);
  CHECK(w.post("v1/messages", ask(DialectId::anthropic, false, "write to " + mail)).status == 200);
  CHECK(w.post("v1/messages", ask(DialectId::anthropic, false, "deploy with " + token)).status == 422);
  std::string text;
  CHECK(soon([&] {
    text = scrape(w).body;
    return says(text, "pg_blocked_total{") && says(text, "pg_redactions_total{kind=\"EMAIL\"} 1\n");
  }));
  CHECK(says(text, "provider=\"fake\""));
  CHECK(says(text, "project=\"test\""));
  CHECK(says(text, "code=\"200\"} 1\n"));
  CHECK(says(text, "code=\"422\"} 1\n"));
  CHECK(says(text, "pg_request_duration_seconds_count 2\n"));
  for (const std::string& secret : {mail, token, w.key, w.credential, std::string("well said")}) CHECK_FALSE(says(text, secret));
}

TEST_CASE("metrics, serve: settings that are wrong are a 0 until they are put right, which is said once") {
  World w(kRedactAll, "[serve]\nmetrics = \"loopback\"\n");
  const auto reads = [&](const char* line) { return says(scrape(w).body, line); };
  CHECK(reads("pg_config_last_reload_success 1\n"));
  const std::string good = Home::read(w.home.config_file());
  w.home.write(w.home.config_file(), good + "\n[serve\n");
  CHECK(soon([&] { return reads("pg_config_last_reload_success 0\n"); }));
  w.home.write(w.home.config_file(), good);
  CHECK(soon([&] { return reads("pg_config_last_reload_success 1\n"); }));
  constexpr std::string_view kMended = "the settings files are in order again";
  CHECK(soon([&] { return says(w.server.err(), kMended); }));
  w.home.add_key("another");  // what makes a new policy without a file
  std::this_thread::sleep_for(Ms{600});
  const std::string err = w.server.err();
  CHECK(err.find(kMended) == err.rfind(kMended));
}

}  // namespace pg::test
