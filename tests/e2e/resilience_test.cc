// Providers that are busy, refuse a credential, or are down: who is asked next, and what the client and the row hear of it.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "tests/support/hello.h"
#include "tests/support/log_rows.h"
#include "tests/support/model_wire.h"
#include "tests/support/run_pg.h"

namespace pg::test {
namespace {

using Json = nlohmann::json;

Answer refuse(int status, Fields fields = {}) {
  return Answer::reply(status, R"({"error":{"message":"no","type":"x","code":null}})", std::move(fields));
}

/// pg in front of two providers: `fake`, and `second`, which is another host with a credential of its own.
struct TwoProviders {
  FakeUpstream second;
  World w;
  explicit TwoProviders(std::string_view provider = {}, std::string_view project = "fallback = \"second\"\n",
                        std::string_view settings = {})
      : w(kRedactAll, std::string(settings) + row_of(second.port()), provider, project) {
    second.respond([](const SeenRequest& seen) {
      for (const DialectId dialect : kModelDialects)
        if (seen.target == "/" + model_path(dialect)) return answer(seen, dialect);
      return refuse(404);
    });
  }
  static Answer answer(const SeenRequest& seen, DialectId dialect) {
    const Blocks blocks = {text_block({"from the second"})};
    if (seen.body.find("\"stream\":true") == std::string::npos && seen.body.find("\"stream\": true") == std::string::npos)
      return Answer::json(say_whole(dialect, blocks));
    return Answer::stream(say_stream(dialect, blocks));
  }
  static std::string row_of(std::uint16_t port) {
    const std::string base = "http://127.0.0.1:" + std::to_string(port) + "/v1";
    return "[providers.second]\nopenai_base_url = \"" + base + "\"\nanthropic_base_url = \"" + base +
           "\"\ncredential = \"env:FAKE_KEY_2\"\n";
  }
  RawReply post(DialectId dialect = kChat, bool stream = false) { return w.post(model_path(dialect), hello(dialect, stream)); }
};

constexpr std::string_view kTwoCredentials = "credentials = [\"env:FAKE_KEY\", \"env:FAKE_KEY_2\"]\n";

/// pg with two credentials for one provider. World names one; that line is taken away.
struct TwoKeys {
  World w{kRedactAll,
          "[providers.keyed]\nopenai_base_url = \"@UP\"\nanthropic_base_url = \"@UP\"\n" + std::string(kTwoCredentials), "",
          "providers = [\"keyed\"]\n"};
  std::string first = "Bearer " + w.credential;
  std::string other = "Bearer " + w.credential + "-second";

  std::vector<std::string> asked() const {
    std::vector<std::string> credentials;
    for (const SeenRequest& seen : w.upstream.seen()) credentials.push_back(seen.field("authorization") == first ? "1" : "2");
    return credentials;
  }
  /// The first credential gets `refusal`, the other an answer.
  void refuse_first(Answer refusal) {
    w.upstream.forget();
    w.upstream.respond([this, refusal](const SeenRequest& seen) {
      return seen.field("authorization") == first ? refusal : answer_hello("from the other");
    });
  }
};

/// The row with these attempts among the newest: two threads may write theirs in either order.
Json row_of_attempts(const World& w, std::string_view attempts) {
  Json found = find_row(w, 4, [&](const Json& row) { return row.value("attempts", "") == attempts; });
  CHECK_MESSAGE(!found.empty(), "no row with attempts " << std::string(attempts) << " in\n" << join(w.home.rows(4)));
  return found;
}

/// The events that say, first of all, that the provider cannot: per dialect, with the status they mean.
std::pair<std::string, int> first_error(DialectId dialect) {
  switch (dialect) {
    case DialectId::anthropic:
      return {"event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n",
              529};
    case DialectId::openai_responses:
      return {
          "event: response.failed\ndata: {\"type\":\"response.failed\",\"sequence_number\":0,\"response\":{\"id\":\"resp_1\","
          "\"status\":\"failed\",\"error\":{\"code\":\"rate_limit_exceeded\",\"message\":\"slow down\"}}}\n\n",
          429};
    default:
      return {"data: {\"error\":{\"message\":\"slow down\",\"type\":\"requests\",\"code\":\"rate_limit_exceeded\"}}\n\n", 429};
  }
}

}  // namespace

TEST_CASE("credentials: one that is refused or over its rate rests, and the next is asked before the client hears of it") {
  for (const int status : {401, 403, 429}) {
    CAPTURE(status);
    TwoKeys k;
    k.refuse_first(refuse(status, {{"Retry-After", "60"}}));
    const RawReply reply = k.w.post("v1/chat/completions", hello());
    CHECK(reply.status == 200);
    CHECK_FALSE(reply.has("retry-after"));
    CHECK(hear_whole(kChat, reply.body).text() == "from the other");
    CHECK(k.asked() == std::vector<std::string>{"1", "2"});
    const Json row = row_of_attempts(k.w, "keyed:" + std::to_string(status));
    CHECK(row.value("provider", "") == "keyed");
    CHECK(row.value("answered_by", "") == "keyed#2");
    CHECK(k.w.post("v1/chat/completions", hello()).status == 200);
    CHECK(k.asked() == std::vector<std::string>{"1", "2", "2"});
    row_of_attempts(k.w, "keyed:resting");
  }
}

TEST_CASE("credentials: when all are refused the client gets the provider's own last word") {
  TwoKeys k;
  k.w.upstream.respond(refuse(401));
  const RawReply reply = k.w.post("v1/chat/completions", hello());
  CHECK(reply.status == 401);
  CHECK(reply.body == R"({"error":{"message":"no","type":"x","code":null}})");
  CHECK(k.asked() == std::vector<std::string>{"1", "2"});
  // Both rest now, and still somebody is asked: the provider is the one to say no.
  CHECK(k.w.post("v1/chat/completions", hello()).status == 401);
  CHECK(k.w.upstream.count() >= 3);
  // Neither shows in what was written.
  std::this_thread::sleep_for(Ms{200});
  const std::string all = k.w.home.everything();
  CHECK(all.find(k.w.credential) == std::string::npos);
}

TEST_CASE("credentials: other errors are the client's to see, and no other credential is burnt on them") {
  TwoKeys k;
  for (const int status : {400, 404, 500, 503}) {
    k.w.upstream.forget();
    k.w.upstream.respond(refuse(status));
    CHECK(k.w.post("v1/chat/completions", hello()).status == status);
    CHECK(k.asked() == std::vector<std::string>{"1"});
  }
}

TEST_CASE("credentials: a rest ends when the provider said; a conversation that moved stays where its cache is") {
  TwoKeys k;
  const Fields session{{"User-Agent", "claude-cli/2.1.329 (external, cli)"}, {"X-Claude-Code-Session-Id", "conversation-1"}};
  k.refuse_first(refuse(429, {{"retry-after-ms", "300"}}));
  CHECK(k.w.post("v1/chat/completions", hello(), session).status == 200);
  k.w.upstream.respond(answer_hello());
  std::this_thread::sleep_for(Ms{350});
  k.w.upstream.forget();
  CHECK(k.w.post("v1/chat/completions", hello(), session).status == 200);
  CHECK(k.w.post("v1/chat/completions", hello()).status == 200);
  CHECK(k.asked() == std::vector<std::string>{"2", "1"});
}

TEST_CASE("credentials: a rate limit is one model's, not all models'") {
  TwoKeys k;
  k.refuse_first(refuse(429, {{"Retry-After", "60"}}));
  CHECK(k.w.post("v1/chat/completions", hello()).status == 200);
  k.w.upstream.forget();
  k.w.upstream.respond(answer_hello());
  CHECK(k.w.post("v1/chat/completions", R"({"model":"another-model","messages":[{"role":"user","content":"hi"}]})").status ==
        200);
  CHECK(k.asked() == std::vector<std::string>{"1"});
}

TEST_CASE("fallback: a busy provider is left alone as long as it asked for, and the client hears from the other") {
  TwoProviders p;
  p.w.upstream.respond(refuse(429, {{"Retry-After", "60"}}));
  CHECK(hear_whole(kChat, p.post().body).text() == "from the second");
  row_of_attempts(p.w, "fake:429");
  CHECK(hear_whole(kChat, p.post().body).text() == "from the second");
  row_of_attempts(p.w, "fake:resting");
  CHECK(p.w.upstream.count() == 1);
  // The other rests too: the first is asked all the same, and its own words go to the client.
  p.second.respond(refuse(529, {{"Retry-After", "60"}}));
  CHECK(p.post().status == 529);
  p.w.upstream.respond(refuse(429, {{"Retry-After", "7"}}));
  const RawReply reply = p.post();
  CHECK(reply.status == 429);
  CHECK(reply.field("retry-after") == "7");
  row_of_attempts(p.w, "fake:resting,second:resting");
}

TEST_CASE("fallback: a full queue sends a call on, to wait in the other's own queue") {
  TwoProviders p("concurrency = 1\nqueue = 0\n");
  p.w.upstream.respond(Answer{}.hang());
  RawClient holder(p.w.port());
  holder.send(p.w.request("v1/chat/completions", hello()));
  REQUIRE(p.w.upstream.wait_for(1));
  CHECK(hear_whole(kChat, p.post().body).text() == "from the second");
  row_of_attempts(p.w, "fake:queue-full");
  CHECK(p.w.upstream.count() == 1);
  const CommandResult tail = p.w.home.run({"logs", "tail", "-n", "1"});
  CHECK_MESSAGE(tail.out.find("fallback:1(queue-full)") != std::string::npos, tail.out);
}

TEST_CASE("fallback: several are asked in their order, and the row tells of each") {
  std::uint16_t nobody = 0;
  { nobody = FakeUpstream().port(); }
  TwoProviders p({}, "fallback = [\"gone\", \"second\"]\nfallback_on_failure = true\n",
                 "[providers.gone]\nopenai_base_url = \"http://127.0.0.1:" + std::to_string(nobody) +
                     "/v1\"\ncredential = \"env:FAKE_KEY\"\nconnect_timeout = \"500ms\"\n");
  p.w.upstream.respond(refuse(503));
  CHECK(hear_whole(kChat, p.post().body).text() == "from the second");
  const Json row = row_of_attempts(p.w, "fake:503,gone:upstream_failed");
  CHECK(row.value("provider", "") == "second");
  const CommandResult page = p.w.home.run({"logs", "show", row.value("id", "")});
  CHECK_MESSAGE(page.out.find("attempts\t2. gone upstream_failed") != std::string::npos, page.out);
}

TEST_CASE("fallback: when the others cannot be reached, the busy one's own answer stands") {
  std::uint16_t nobody = 0;
  { nobody = FakeUpstream().port(); }
  World w(kRedactAll,
          "[providers.gone]\nopenai_base_url = \"http://127.0.0.1:" + std::to_string(nobody) +
              "/v1\"\ncredential = \"env:FAKE_KEY\"\n",
          {}, "fallback = \"gone\"\n");
  w.upstream.respond(refuse(429, {{"Retry-After", "9"}}));
  const RawReply reply = w.post("v1/chat/completions", hello());
  CHECK(reply.status == 429);
  CHECK(reply.field("retry-after") == "9");
  CHECK(reply.body == R"({"error":{"message":"no","type":"x","code":null}})");
  CHECK(row_of_attempts(w, "fake:429,gone:upstream_failed").value("provider", "") == "fake");
}

TEST_CASE("upstream E64: all are down: one 503 that names those asked, without their addresses or keys") {
  std::uint16_t nobody = 0;
  { nobody = FakeUpstream().port(); }
  const std::string gone = "\nopenai_base_url = \"http://127.0.0.1:" + std::to_string(nobody) +
                           "/v1\"\nanthropic_base_url = \"http://127.0.0.1:" + std::to_string(nobody) +
                           "/v1\"\ncredential = \"env:FAKE_KEY\"\nconnect_timeout = \"500ms\"\n";
  World w(kRedactAll, "[providers.one]" + gone + "[providers.two]" + gone, {},
          "providers = [\"one\"]\nfallback = \"two\"\nfallback_on_failure = true\n");
  for (const DialectId dialect : kModelDialects) {
    const RawReply reply = w.post(model_path(dialect), hello(dialect, true));
    CHECK(reply.status == 503);
    CHECK(reply.has("retry-after"));
    const Heard heard = hear_whole(dialect, reply.body);
    CHECK(heard.error_message.find("one:upstream_failed,two:upstream_failed") != std::string::npos);
    CHECK(reply.body.find("127.0.0.1") == std::string::npos);
    CHECK(reply.body.find(w.credential) == std::string::npos);
  }
}

TEST_CASE("fallback: a caller's own credential stays with the provider it was meant for") {
  FakeUpstream second;
  second.respond(answer_hello("from the second", DialectId::anthropic));
  World w(kRedactAll,
          TwoProviders::row_of(second.port()) +
              "[providers.mine]\nanthropic_base_url = \"@UP\"\nvendor = \"mine\"\ncredential = \"client\"\n",
          {}, "providers = [\"mine\"]\nfallback = \"second\"\n");
  w.upstream.respond(refuse(529));
  const std::string own = "own-" + std::string(20, 'k');
  const RawReply reply = w.post("v1/messages", hello(DialectId::anthropic),
                                {{"x-api-key", own}, {"Authorization", "Bearer " + own}, {"x-pg-key", w.key}});
  CHECK(reply.status == 200);
  CHECK(w.upstream.last().field("x-api-key") == own);
  REQUIRE(second.count() == 1);
  CHECK(second.last().head.find(own) == std::string::npos);
}

TEST_CASE("breaker: after failures in a row nobody is asked for a while, then one call tries") {
  World w(kRedactAll, {}, "breaker_failures = 2\nbreaker_open = \"400ms\"\n");
  w.upstream.respond(refuse(500));
  for (int i = 0; i < 2; ++i) CHECK(w.post("v1/chat/completions", hello()).status == 500);
  for (const DialectId dialect : kModelDialects) {
    const RawReply open = w.post(model_path(dialect), hello(dialect));
    CHECK(open.status == 503);
    CHECK(open.field("retry-after") == "1");
    CHECK(hear_whole(dialect, open.body).error_message.find("fake:breaker-open") != std::string::npos);
  }
  CHECK(w.upstream.count() == 2);
  CHECK(row_of_attempts(w, "fake:breaker-open").value("answered_by", "x").empty());  // pg itself
  std::this_thread::sleep_for(Ms{450});
  CHECK(w.post("v1/chat/completions", hello()).status == 500);  // the probe
  CHECK(w.post("v1/chat/completions", hello()).status == 503);
  CHECK(w.upstream.count() == 3);
  w.upstream.respond(answer_hello());
  std::this_thread::sleep_for(Ms{850});
  for (int i = 0; i < 3; ++i) CHECK(w.post("v1/chat/completions", hello()).status == 200);
}

TEST_CASE("breaker: what the client did wrong, 501 and rate limits are no failures") {
  World w(kRedactAll, {}, "breaker_failures = 2\n");
  for (const int status : {400, 401, 404, 429, 501, 501, 501}) {
    w.upstream.respond(refuse(status));
    CHECK(w.post("v1/chat/completions", hello()).status == status);
  }
}

TEST_CASE("breaker: a provider that stands alone is asked however often it fails, unless its row says otherwise") {
  World w;
  w.upstream.respond(refuse(500));
  for (int i = 0; i < 8; ++i) CHECK(w.post("v1/chat/completions", hello()).status == 500);
  CHECK(w.upstream.count() == 8);
}

TEST_CASE("breaker: with a fallback calls go straight there while it is open") {
  TwoProviders p("breaker_failures = 2\nbreaker_open = \"1m\"\nfirst_byte_timeout = \"200ms\"\n",
                 "fallback = \"second\"\nfallback_on_failure = true\n");
  p.w.upstream.respond(Answer{}.hang());
  for (int i = 0; i < 4; ++i) CHECK(hear_whole(kChat, p.post().body).text() == "from the second");
  CHECK(p.w.upstream.count() == 2);
  row_of_attempts(p.w, "fake:breaker-open");
}

TEST_CASE("first event: an error that opens a 200 stream is the status it means, and the fallback answers") {
  TwoProviders p;
  for (const DialectId dialect : kModelDialects) {
    CAPTURE(dialect);
    const auto [event, status] = first_error(dialect);
    p.w.upstream.respond(Answer::stream({event.substr(0, 20), event.substr(20)}, Ms{10}));
    const RawReply reply = p.post(dialect, true);
    CHECK(reply.status == 200);
    const Heard heard = hear_stream(dialect, reply.body);
    CHECK_MESSAGE(heard.text() == "from the second", reply.body);
    CHECK(heard.finished);
    CHECK(reply.body.find("slow down") == std::string::npos);
    row_of_attempts(p.w, "fake:" + std::to_string(status));
  }
}

TEST_CASE("first event: with nobody else to ask it passes, byte for byte; a breaker counts it all the same") {
  World plain;
  World armed(kRedactAll, {}, "breaker_failures = 3\nbreaker_open = \"1m\"\n");
  TwoProviders busy;
  for (const DialectId dialect : kModelDialects) {
    CAPTURE(dialect);
    const auto [event, status] = first_error(dialect);
    const std::string stream = event + "event: more\ndata: {\"not\": \"json\n\n";
    for (World* w : {&plain, &armed, &busy.w}) {
      w->upstream.respond(Answer::stream({stream}));
      busy.second.respond(Answer::stream({stream}));
      const RawReply reply = w->post(model_path(dialect), hello(dialect, true));
      CHECK(reply.status == 200);
      CHECK(reply.body == stream);
    }
  }
  // Rate limits are none of the breaker's business; an overloaded provider is.
  const auto [event, status] = first_error(DialectId::anthropic);
  armed.upstream.respond(Answer::stream({event}));
  for (int i = 0; i < 3; ++i) CHECK(armed.post("v1/messages", hello(DialectId::anthropic, true)).status == 200);
  CHECK(armed.post("v1/messages", hello(DialectId::anthropic, true)).status == 503);
}

TEST_CASE("first event: anything else ends the look at once, and what follows is the client's to hear") {
  TwoProviders p;
  const auto [event, status] = first_error(DialectId::anthropic);
  for (const std::string& first : {std::string("event: ping\ndata: {\"type\": \"ping\"}\n\n"),
                                   say_stream(DialectId::anthropic, {text_block({"x"})}).front()}) {
    p.w.upstream.respond(Answer::stream({first, event}, Ms{20}));
    CHECK(p.post(DialectId::anthropic, true).body == first + event);
    // Nobody waits for a second event.
    p.w.upstream.respond(Answer::stream_head().chunk(first).hang());
    RawClient client(p.w.port());
    client.send(p.w.request("v1/messages", hello(DialectId::anthropic, true)));
    CHECK(client.wait_for(first.substr(0, first.size() - 1), Ms{2000}));
  }
  CHECK(p.second.count() == 0);
}

TEST_CASE("first event: comments before it are heard by whoever gets it, and an error after them still counts") {
  TwoProviders p({}, "fallback = \"second\"\n", "[limits]\nping_after = \"300ms\"\n");
  const auto [event, status] = first_error(kChat);
  const std::string comments = ": OPENROUTER PROCESSING\n\n";
  p.w.upstream.respond(Answer::stream({comments, event}, Ms{20}));
  const RawReply helped = p.post(kChat, true);
  CHECK(hear_stream(kChat, helped.body).text() == "from the second");
  CHECK(helped.body.find("OPENROUTER") == std::string::npos);
  row_of_attempts(p.w, "fake:" + std::to_string(status));
  auto pieces = say_stream(kChat, {text_block({"x"})});
  pieces.insert(pieces.begin(), comments);
  p.w.upstream.respond(Answer::stream(pieces, Ms{20}));
  const RawReply heard = p.post(kChat, true);
  CHECK(heard.body.starts_with(comments));
  CHECK(hear_stream(kChat, heard.body).text() == "x");
  // Nobody waits for the event longer than until a ping is due.
  p.w.upstream.respond(Answer::stream_head().chunk(comments).hang());
  RawClient client(p.w.port());
  client.send(p.w.request("v1/chat/completions", hello(kChat, true)));
  CHECK(client.wait_for(": OPENROUTER PROCESSING", Ms{2000}));
}

TEST_CASE("first event: silence in its place is bridged by pings, as without a fallback") {
  TwoProviders p({}, "fallback = \"second\"\n", "[limits]\nping_after = \"150ms\"\n");
  const auto events = say_stream(DialectId::anthropic, {text_block({"late"})});
  Answer slow = Answer::stream_head().pause(Ms{500});
  for (const std::string& event : events) slow.chunk(event);
  p.w.upstream.respond(slow.last_chunk());
  const RawReply reply = p.post(DialectId::anthropic, true);
  CHECK(reply.body.find("ping") != std::string::npos);
  CHECK(hear_stream(DialectId::anthropic, reply.body).text() == "late");
}

TEST_CASE("first event: a stream that breaks off before it is a failure like any other") {
  TwoProviders p({}, "fallback = \"second\"\nfallback_on_failure = true\n");
  TwoProviders strict;
  for (TwoProviders* pair : {&p, &strict}) pair->w.upstream.respond(Answer::stream_head().chunk("event: mess").reset());
  CHECK(hear_stream(DialectId::anthropic, p.post(DialectId::anthropic, true).body).text() == "from the second");
  row_of_attempts(p.w, "fake:upstream_failed");
  const RawReply reply = strict.post(DialectId::anthropic, true);
  CHECK_FALSE(hear_stream(DialectId::anthropic, reply.body).finished);
  CHECK(strict.second.count() == 0);
}

TEST_CASE("first event: a stream that ends without one, and one that stays silent, are failures like any other") {
  TwoProviders p("idle_timeout = \"400ms\"\n", "fallback = \"second\"\nfallback_on_failure = true\n");
  for (const auto& [answer, why] : {std::pair(Answer::stream_head().last_chunk(), "fake:upstream_failed"),
                                    std::pair(Answer::stream_head().chunk(": hm\n\n").last_chunk(), "fake:upstream_failed"),
                                    std::pair(Answer::stream_head().hang(), "fake:upstream_timeout")}) {
    p.w.upstream.respond(answer);
    CHECK(hear_stream(DialectId::anthropic, p.post(DialectId::anthropic, true).body).text() == "from the second");
    row_of_attempts(p.w, why);
  }
}

TEST_CASE("first event: the wait for it is part of idle_timeout, not another one") {
  TwoProviders p("idle_timeout = \"600ms\"\n", "fallback = \"second\"\n", "[limits]\nping_after = \"500ms\"\n");
  p.w.upstream.respond(Answer::stream_head().hang());
  const auto begun = std::chrono::steady_clock::now();
  const RawReply reply = p.post(DialectId::anthropic, true);
  const auto took = std::chrono::steady_clock::now() - begun;
  CHECK_FALSE(hear_stream(DialectId::anthropic, reply.body).finished);
  CHECK(took >= Ms{550});
  CHECK(took < Ms{950});
  CHECK(p.second.count() == 0);
}

TEST_CASE("once the client has heard a byte nobody else is asked") {
  TwoProviders p({}, "fallback = \"second\"\nfallback_on_failure = true\n");
  auto events = say_stream(DialectId::anthropic, {text_block({"partial"})});
  p.w.upstream.respond(Answer::stream_head().chunk(events.front()).pause(Ms{50}).reset());
  const RawReply reply = p.post(DialectId::anthropic, true);
  CHECK_FALSE(hear_stream(DialectId::anthropic, reply.body).finished);
  CHECK(p.second.count() == 0);
}

TEST_CASE("the guards' work goes to whoever answers, and to nobody else unguarded") {
  TwoProviders p;
  const std::string mail = make_email();
  p.w.upstream.respond(refuse(429));
  p.second.respond(answer_hello("to [[EMAIL_001]]"));
  const RawReply reply = p.w.post("v1/chat/completions", ask(kChat, false, "I am " + mail));
  CHECK(hear_whole(kChat, reply.body).text() == "to " + mail);
  CHECK(p.w.upstream.last().body.find(mail) == std::string::npos);
  CHECK(p.second.last().body.find(mail) == std::string::npos);
}

}  // namespace pg::test
