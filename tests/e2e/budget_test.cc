// Rates, token caps and budgets of keys and projects, and keys that are taken away amid an answer (fault catalogue F74, G81, H89
// to H92).
#include <doctest/doctest.h>

#include <atomic>
#include <csignal>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/support/model_wire.h"
#include "tests/support/priced.h"
#include "tests/support/run_pg.h"
#include "tests/support/soon.h"

namespace pg::test {
namespace {

using Json = nlohmann::json;

constexpr DialectId kAnthropic = DialectId::anthropic;

const std::string kReserving = std::string(kFakePrices) + "[budgets]\nreserve_output = 1000\n";

std::string ask_anthropic(std::string_view text = "hi", int max_tokens = 1000) {
  return R"({"model":"claude-x","max_tokens":)" + std::to_string(max_tokens) + R"(,"messages":[{"role":"user","content":")" +
         std::string(text) + "\"}]}";
}

Json error_of(const RawReply& reply) {
  const Json body = Json::parse(reply.body, nullptr, false);
  REQUIRE(body.is_object());
  return body.at("error");
}

bool edit_key(const World& w, std::vector<std::string> more) {
  more.insert(more.begin(), {"keys", "edit", "e2e"});
  return w.home.run(more).status == 0;
}

Json budgets_of(const World& w) {
  return Json::parse(w.home.run({"budgets", "--json"}).out, nullptr, false);
}

std::string spent_by_key(const World& w) {
  const Json budgets = budgets_of(w);
  for (const Json& line : budgets.at("budgets"))
    if (line.at("kind") == "key") return line.at("spent_usd");
  return "";
}

}  // namespace

TEST_CASE("limits H92: over its rate a caller gets a 429 in its dialect that says whose limit it is and when to come again") {
  World w(kDetectAll, {}, {}, "[limits]\nrpm = 1\n");
  w.upstream.respond([](const SeenRequest&) { return Answer::json("{}"); });
  CHECK(w.post("v1/messages", ask_anthropic()).status == 200);
  for (const DialectId dialect : kModelDialects) {
    CAPTURE(static_cast<int>(dialect));
    const RawReply reply = w.post(model_path(dialect), ask(dialect, true, "hi"));
    CHECK(reply.status == 429);
    const int wait = std::atoi(reply.field("Retry-After").c_str());
    CHECK(wait >= 1);
    CHECK(wait <= 61);
    const Json error = error_of(reply);
    CHECK(error.at("type") == "rate_limit_error");
    CHECK(error.at("message").get<std::string>().find("project test is limited to 1 call a minute; try again in ") == 0);
  }
  CHECK(w.upstream.count() == 1);
  CHECK(soon([&] {
    return w.home.run({"logs", "search", "error:rate_limited*", "--json"}).out.find("\"status\":429") != std::string::npos;
  }));
  CHECK(w.home.run({"logs", "search", "over-rate"}).out.empty());
}

TEST_CASE("limits: a key's edit acts in a running serve, and a reload keeps what was counted") {
  World w;
  w.upstream.respond([](const SeenRequest&) { return Answer::json("{}"); });
  CHECK(edit_key(w, {"--rpm", "1000"}));
  for (int i = 0; i < 3; ++i) CHECK(w.post("v1/messages", ask_anthropic()).status == 200);
  CHECK(edit_key(w, {"--rpm", "2"}));
  CHECK(soon([&] { return w.post("v1/messages", ask_anthropic()).status == 429; }));
  CHECK(edit_key(w, {"--rpm", "0"}));
  CHECK(soon([&] { return w.post("v1/messages", ask_anthropic()).status == 200; }));
  const std::string audit = w.home.run({"audit", "tail", "--json"}).out;
  CHECK(audit.find("rpm 1000 -> 2") != std::string::npos);
}

TEST_CASE("rates: a rate of one path holds without any other") {
  World w(kDetectAll, {}, {}, "[limits.endpoints.\"/v1/messages\"]\nrpm = 1\n");
  w.upstream.respond(Answer::json(say_whole(DialectId::anthropic, {text_block({"hi"})})));
  CHECK(w.post("v1/messages", ask(DialectId::anthropic, false, "hi")).status == 200);
  CHECK(w.post("v1/messages", ask(DialectId::anthropic, false, "hi")).status == 429);
  CHECK(w.post("v1/chat/completions", ask(DialectId::openai_chat, false, "hi")).status == 200);
}

TEST_CASE("limits: an endpoint's rate stops its own calls alone, and what it refuses counts nowhere else") {
  World w(kDetectAll, {}, {}, "[limits]\nrpm = 4\n[limits.endpoints.\"/v1/messages\"]\nrpm = 2\n");
  w.upstream.respond([](const SeenRequest&) { return Answer::json("{}"); });
  for (int i = 0; i < 2; ++i) CHECK(w.post("v1/messages", ask_anthropic()).status == 200);
  for (int i = 0; i < 3; ++i) {
    const RawReply reply = w.post("v1/messages", ask_anthropic());
    CHECK(reply.status == 429);
    CHECK(reply.has("Retry-After"));
    CHECK(error_of(reply).at("message").get<std::string>().find("project test at /v1/messages is limited to 2 calls a minute") ==
          0);
  }
  for (int i = 0; i < 2; ++i) CHECK(w.post("v1/chat/completions", ask(DialectId::openai_chat, false, "hi")).status == 200);
  const RawReply reply = w.post("v1/chat/completions", ask(DialectId::openai_chat, false, "hi"));
  CHECK(reply.status == 429);
  CHECK(error_of(reply).at("message").get<std::string>().find("project test is limited to 4 calls a minute") == 0);
}

TEST_CASE("limits: a provider's rate lets the fallback answer, and says 429 where there is none") {
  World w(kDetectAll, {}, "rpm = 1\n");
  w.upstream.respond([](const SeenRequest&) { return Answer::json("{}"); });
  CHECK(w.post("v1/messages", ask_anthropic()).status == 200);
  const RawReply reply = w.post("v1/messages", ask_anthropic());
  CHECK(reply.status == 429);
  CHECK(reply.has("Retry-After"));
  CHECK(error_of(reply).at("message").get<std::string>().find("provider fake is limited to 1 call a minute") == 0);
}

TEST_CASE("limits: over a provider's rate the fallback is asked, and the row says why") {
  World w(kDetectAll, {}, "rpm = 1\n", "fallback = \"echo\"\n");
  w.upstream.respond([](const SeenRequest&) { return Answer::json("{}"); });
  CHECK(w.post("v1/messages", ask_anthropic()).status == 200);
  const RawReply reply = w.post("v1/messages", ask_anthropic());
  CHECK(reply.status == 200);
  CHECK(reply.body.find("You said: hi") != std::string::npos);
  CHECK(w.upstream.count() == 1);
  CHECK(soon([&] {
    return w.home.run({"logs", "search", "provider:echo", "--json"}).out.find("fake:over-rate") != std::string::npos;
  }));
}

TEST_CASE("limits: what a running call has set aside is shown, and given back when its client leaves") {
  World w(kDetectAll, kReserving, {}, "[limits]\nbudget = \"5 USD\"\n");
  Answer silent;
  silent.hang();
  w.upstream.respond(silent);
  const auto reserved = [&] {
    const Json budgets = budgets_of(w);
    return budgets.at("budgets").at(0).at("reserved_usd").get<std::string>();
  };
  {
    RawClient client(w.port());
    client.send(w.request("v1/messages", ask_anthropic()));
    CHECK(soon([&] { return reserved().find("0.010") == 0; }));  // 1000 tokens out, and a few in
  }
  CHECK(soon([&] { return reserved() == "0"; }));
}

TEST_CASE("limits: more input than the cap is a 422 that names both, and no provider is asked") {
  World w(kDetectAll, {}, {}, "[limits]\nmax_tokens = 500\n");
  w.upstream.respond([](const SeenRequest&) { return Answer::json("{}"); });
  CHECK(w.post("v1/messages", ask_anthropic()).status == 200);
  std::string words;
  for (int i = 0; i < 600; ++i) words += "word ";
  const RawReply reply = w.post("v1/messages", ask_anthropic(words));
  CHECK(reply.status == 422);
  CHECK(reply.field("x-should-retry") == "false");
  const std::string message = error_of(reply).at("message");
  CHECK(message.find("tokens of input; project test may send 500 in one request") != std::string::npos);
  CHECK(w.upstream.count() == 1);
}

TEST_CASE(
    "limits H91: fifty calls at once spend no more than the budget, and the rest is refused before the provider hears of it") {
  World w(kDetectAll, kReserving);
  REQUIRE(edit_key(w, {"--budget", "0.05"}));
  w.upstream.respond([](const SeenRequest&) { return costly_answer(); });
  std::atomic<int> good{0}, refused{0}, other{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 50; ++i)
    threads.emplace_back([&] {
      const RawReply reply = w.post("v1/messages", ask_anthropic());
      if (reply.status == 200)
        ++good;
      else if (reply.status == 422 && reply.body.find("e2e has spent") != std::string::npos &&
               reply.field("x-should-retry") == "false")
        ++refused;
      else
        ++other;
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(other == 0);
  CHECK(good >= 1);
  CHECK(good <= 4);  // a fifth would cost 0.05005 USD
  CHECK(refused == 50 - good);
  CHECK(w.upstream.count() == static_cast<std::size_t>(good));
  const std::string sum = "0.0" + std::to_string(1001 * good);
  CHECK(soon([&] { return spent_by_key(w) == sum; }));
}

TEST_CASE("limits: what a call did cost is counted once: a written row sets nothing aside any more") {
  World w(kDetectAll, kReserving);
  w.upstream.respond([](const SeenRequest&) { return costly_answer(); });
  CHECK(edit_key(w, {"--budget", "0.031"}));
  for (const std::string_view spent : {"0.01001", "0.02002", "0.03003"}) {
    CHECK(w.post("v1/messages", ask_anthropic()).status == 200);
    CHECK(soon([&] { return spent_by_key(w) == spent; }));
  }
  CHECK(soon([&] { return budgets_of(w).at("budgets").at(0).at("reserved_usd") == "0"; }));
}

TEST_CASE("limits: a refusal costs nothing, whatever form it takes for its agent") {
  World w(kDetectAll, kReserving, {}, "[limits]\nbudget = \"0.001 USD\"\n");
  w.upstream.respond([](const SeenRequest&) { return costly_answer(); });
  for (const DialectId dialect : kModelDialects) {
    const RawReply reply =
        w.post(model_path(dialect), R"({"model":"m","max_tokens":900,"stream":true,"messages":[],"input":"hi"})");
    CHECK(reply.status == (dialect == DialectId::openai_responses ? 200 : 422));
    CHECK(reply.body.find("project test has spent $0 of its $0.0010") != std::string::npos);
  }
  CHECK(w.upstream.count() == 0);
  CHECK(soon([&] { return w.home.rows().size() == 3; }));
  const Json budgets = budgets_of(w);
  CHECK(budgets.at("budgets").at(0).at("spent_usd") == "0");
  CHECK(w.home.run({"usage", "--json"}).out.find("\"cost_usd\":\"0\"") != std::string::npos);
}

TEST_CASE("limits F74: what was spent is found again after kill -9, and replies warn from 80 % on") {
  World w(kDetectAll, kReserving);
  REQUIRE(edit_key(w, {"--budget", "0.05"}));
  w.upstream.respond([](const SeenRequest&) { return costly_answer(); });
  for (int i = 0; i < 4; ++i) CHECK(w.post("v1/messages", ask_anthropic("hi", 10)).status == 200);
  REQUIRE(soon([&] { return spent_by_key(w) == "0.04004"; }));
  w.server.signal(SIGKILL);
  CHECK(w.server.wait() == 128 + SIGKILL);
  CHECK(spent_by_key(w) == "0.04004");
  CHECK(budgets_of(w).at("serve_running") == false);
  REQUIRE(w.server.start());
  CHECK(budgets_of(w).at("serve_running") == true);
  const RawReply warned = w.post("v1/messages", ask_anthropic("hi", 10));
  CHECK(warned.status == 200);
  CHECK(warned.field("x-pg-budget").find("key e2e: 80% of 0.05 USD spent in ") == 0);
  CHECK(soon([&] { return w.post("v1/messages", ask_anthropic("hi", 10)).status == 422; }));
}

TEST_CASE("limits: under a budget a model without a price is refused, unless it may go through uncounted") {
  World w(kDetectAll, {}, {}, "[limits]\nbudget = \"5 USD\"\n");
  w.upstream.respond([](const SeenRequest&) { return costly_answer(); });
  const RawReply reply = w.post("v1/messages", ask_anthropic());
  CHECK(reply.status == 422);
  CHECK(error_of(reply).at("message").get<std::string>().find("is not known") != std::string::npos);
  CHECK(w.upstream.count() == 0);
  const std::string settings = Home::read(w.home.config_file());
  w.home.write(w.home.config_file(), settings + "\n[budgets]\nunknown_prices = \"allow\"\n");
  CHECK(soon([&] {
    const RawReply now = w.post("v1/messages", ask_anthropic());
    return now.status == 200 && now.field("x-pg-budget") == "price not known, not counted";
  }));
}

TEST_CASE("keys H90: a revoked key's stream ends with an error event of its dialect, and the provider's connection with it") {
  for (const DialectId dialect : kModelDialects) {
    CAPTURE(static_cast<int>(dialect));
    World w;
    std::vector<std::string> events = say_stream(dialect, {text_block({"one", "two", "three"})});
    Answer endless = Answer::stream_head();
    for (std::size_t i = 0; i + 2 < events.size() && i < 3; ++i) endless.chunk(events[i]);
    endless.hang();
    w.upstream.respond(endless);
    RawClient client(w.port());
    client.send(w.request(model_path(dialect), ask(dialect, true, "hi")));
    REQUIRE(client.wait_for("data:"));
    const auto since = std::chrono::steady_clock::now();
    REQUIRE(w.home.run({"keys", "revoke", "e2e"}).status == 0);
    const RawReply reply = client.read_reply();
    CHECK(reply.complete);
    const Heard heard = hear_stream(dialect, reply.body);
    CHECK_FALSE(heard.finished);
    CHECK(heard.error_message.find("revoked") != std::string::npos);
    CHECK(w.upstream.wait_for_leave(since).count() >= 0);
    CHECK(w.post(model_path(dialect), ask(dialect, true, "hi")).status == 401);
    CHECK(soon([&] {
      return w.home.run({"logs", "search", "error:*revoked*", "--json"}).out.find("unauthenticated") != std::string::npos;
    }));
  }
}

TEST_CASE("keys H90: so does a stream that is translated on the way") {
  World w(kDetectAll, {}, "responses = false\n");
  const std::vector<std::string> events = say_stream(DialectId::openai_chat, {text_block({"one", "two", "three"})});
  Answer endless = Answer::stream_head();
  for (std::size_t i = 0; i < 3; ++i) endless.chunk(events[i]);
  endless.hang();
  w.upstream.respond(endless);
  RawClient client(w.port());
  client.send(w.request("v1/responses", ask(DialectId::openai_responses, true, "hi")));
  REQUIRE(client.wait_for("output_text.delta"));
  REQUIRE(w.home.run({"keys", "rotate", "e2e"}).status == 0);
  const RawReply reply = client.read_reply();
  const Heard heard = hear_stream(DialectId::openai_responses, reply.body);
  CHECK_FALSE(heard.finished);
  CHECK(heard.fault() == "");
  CHECK(heard.error_message.find("was rotated") != std::string::npos);
}

TEST_CASE("keys H90: an answer that has not begun becomes a 401") {
  World w;
  Answer silent;
  silent.hang();
  w.upstream.respond(silent);
  RawClient client(w.port());
  client.send(w.request("v1/messages", ask(kAnthropic, false, "hi")));
  REQUIRE(w.upstream.wait_for(1));
  REQUIRE(w.home.run({"keys", "disable", "e2e"}).status == 0);
  const RawReply reply = client.read_reply();
  CHECK(reply.status == 401);
  CHECK(reply.body.find("authentication_error") != std::string::npos);
  CHECK(reply.body.find("was disabled") != std::string::npos);
}

TEST_CASE("keys H90: a key that expires amid an answer ends it, when that was set after the answer began too") {
  World w;
  const std::vector<std::string> events = say_stream(kAnthropic, {text_block({"one", "two"})});
  Answer endless = Answer::stream_head();
  for (std::size_t i = 0; i < 3; ++i) endless.chunk(events[i]);
  endless.hang();
  w.upstream.respond(endless);
  RawClient client(w.port());
  client.send(w.request("v1/messages", ask(kAnthropic, true, "hi")));
  REQUIRE(client.wait_for("data:"));
  REQUIRE(edit_key(w, {"--expires", "1s"}));
  const Heard heard = hear_stream(kAnthropic, client.read_reply().body);
  CHECK_FALSE(heard.finished);
  CHECK(heard.error_message.find("has expired") != std::string::npos);
}

TEST_CASE("keys H90: with revoke_streams off a running answer ends by itself") {
  World w(kDetectAll, "[serve]\nrevoke_streams = false\n");
  std::vector<std::string> events = say_stream(kAnthropic, {text_block({"one", "two"})});
  Answer slow = Answer::stream_head();
  for (std::size_t i = 0; i < events.size(); ++i) {
    slow.chunk(events[i]);
    if (i == 1) slow.pause(Ms{1'200});
  }
  slow.last_chunk();
  w.upstream.respond(slow);
  RawClient client(w.port());
  client.send(w.request("v1/messages", ask(kAnthropic, true, "hi")));
  REQUIRE(client.wait_for("data:"));
  REQUIRE(w.home.run({"keys", "disable", "e2e"}).status == 0);
  CHECK(hear_stream(kAnthropic, client.read_reply().body).finished);
  CHECK(w.post("v1/messages", ask(kAnthropic, true, "hi")).status == 401);
}

}  // namespace pg::test
