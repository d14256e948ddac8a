// Limits on calls under way: who waits, who is told to come again, and that a place always comes back.
#include <doctest/doctest.h>

#include <atomic>
#include <csignal>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/support/hello.h"
#include "tests/support/log_rows.h"
#include "tests/support/model_wire.h"
#include "tests/support/run_pg.h"

namespace pg::test {
namespace {

using Json = nlohmann::json;

/// Answers the first request with silence, so that it keeps its place, and all others at once.
void hold_first(FakeUpstream& upstream) {
  upstream.respond([&upstream](const SeenRequest&) { return upstream.count() <= 1 ? Answer{}.hang() : answer_hello(); });
}

/// A client whose call is with the provider.
struct Holder {
  RawClient client;
  explicit Holder(World& w, Fields fields = {}) : client(w.port()) {
    client.send(w.request("v1/chat/completions", hello(), std::move(fields)));
    REQUIRE(w.upstream.wait_for(1));
  }
};

void check_told_to_wait(const RawReply& reply, DialectId dialect, std::string_view whose) {
  CHECK_MESSAGE(reply.status == 429, reply.head << reply.body);
  CHECK(reply.field("retry-after") == "2");
  const Heard heard = hear_whole(dialect, reply.body);
  CHECK(heard.error_type == "rate_limit_error");
  CHECK_MESSAGE(heard.error_message.find(whose) != std::string::npos, heard.error_message);
}

}  // namespace

TEST_CASE("limits: a provider's place is taken: 429 in every dialect, with a time to come again, and nothing reaches it") {
  World w(kRedactAll, {}, "concurrency = 1\nqueue = 0\n");
  hold_first(w.upstream);
  {
    const Holder holder(w);
    for (const DialectId dialect : kModelDialects)
      check_told_to_wait(w.post(model_path(dialect), ask(dialect, true, "hi")), dialect, "provider fake");
    CHECK(w.upstream.count() == 1);
  }
  // The client left, so its place is free again.
  RawReply reply;
  for (int i = 0; i < 100 && reply.status != 200; ++i) {
    reply = w.post("v1/chat/completions", hello());
    std::this_thread::sleep_for(Ms{20});
  }
  CHECK(reply.status == 200);
}

TEST_CASE("limits: who waits is served when a place comes back, and the row says how long it took") {
  World w(kRedactAll, {}, "concurrency = 1\nqueue = 5\n");
  hold_first(w.upstream);
  std::thread waiting;
  RawReply reply;
  {
    const Holder holder(w);
    waiting = std::thread([&] { reply = w.post("v1/chat/completions", hello()); });
    std::this_thread::sleep_for(Ms{500});  // long enough to have come and to wait, also on a busy machine
    CHECK(w.upstream.count() == 1);
  }
  waiting.join();
  CHECK(reply.status == 200);
  CHECK(w.upstream.count() == 2);
  const Json row = find_row(w, 20, [](const Json& found) { return found.value("status", 0) == 200; });
  CHECK(row.value("queue_ms", 0) > 0);
  CHECK(row.value("attempts", "x").empty());
  const CommandResult page = w.home.run({"logs", "show", row.value("id", "")});
  CHECK_MESSAGE(page.out.find("queued\t") != std::string::npos, page.out);
}

TEST_CASE("limits: a wait has an end") {
  World w(kRedactAll, {}, "concurrency = 1\nqueue = 5\nqueue_timeout = \"150ms\"\n");
  hold_first(w.upstream);
  const Holder holder(w);
  const RawReply reply = w.post("v1/messages", ask(DialectId::anthropic, false, "hi"));
  check_told_to_wait(reply, DialectId::anthropic, "provider fake");
  CHECK(w.upstream.count() == 1);
  const Json row = find_row(w, 20, [](const Json& found) { return found.value("status", 0) == 429; });
  CHECK(row.value("error", "").find("queue-timeout") != std::string::npos);
}

TEST_CASE("limits: a client that leaves while it waits never reaches the provider") {
  World w(kRedactAll, {}, "concurrency = 1\nqueue = 5\n");
  hold_first(w.upstream);
  {
    const Holder holder(w);
    {
      RawClient leaver(w.port());
      leaver.send(w.request("v1/chat/completions", hello()));
      std::this_thread::sleep_for(Ms{100});
      leaver.reset();
    }
    CHECK(find_row(w, 20, [](const Json& found) { return found.value("status", 0) == 499; }).value("outcome", "") == "canceled");
  }
  CHECK(w.post("v1/chat/completions", hello()).status == 200);
  CHECK(w.upstream.count() == 2);
}

TEST_CASE("limits: never more at once than there are places, over all threads, and nobody is forgotten") {
  World w(kRedactAll, "[serve]\nthreads = 3\n", "concurrency = 2\nqueue = 100\n");
  std::atomic<int> inside{0}, most{0};
  w.upstream.respond([&](const SeenRequest&) {
    const int now = ++inside;
    for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
    }
    std::this_thread::sleep_for(Ms{5});
    --inside;
    return answer_hello();
  });
  std::atomic<int> served{0};
  std::vector<std::thread> clients;
  for (int i = 0; i < 12; ++i)
    clients.emplace_back([&] {
      for (int call = 0; call < 5; ++call) served += w.post("v1/chat/completions", hello(), {}, Ms{20'000}).status == 200 ? 1 : 0;
    });
  for (std::thread& client : clients) client.join();
  CHECK(served == 60);
  CHECK(most <= 2);
}

TEST_CASE("limits: a key has places of its own, shown by the commands that show keys") {
  World w(kRedactAll, "[limits]\nqueue = 0\n");
  const std::string narrow = w.home.add_key("narrow", {"--concurrency", "1"});
  const Fields as_narrow{{"Authorization", "Bearer " + narrow}};
  RawReply known;
  for (int i = 0; i < 100 && known.status != 400; ++i) {  // a running serve knows new keys within a second
    known = w.post("v1/chat/completions", "{}", as_narrow);
    std::this_thread::sleep_for(Ms{20});
  }
  REQUIRE(known.status == 400);
  hold_first(w.upstream);
  const Holder holder(w, as_narrow);
  check_told_to_wait(w.post("v1/chat/completions", hello(), as_narrow), kChat, "key narrow");
  CHECK(w.post("v1/chat/completions", hello()).status == 200);
  CHECK(w.home.run({"keys", "show", "narrow"}).out.find("at once\t1 call\n") != std::string::npos);
  CHECK(Json::parse(w.home.run({"keys", "show", "narrow", "--json"}).out).value("concurrency", 0) == 1);
  CHECK(w.home.run({"keys", "list", "--json"}).out.find("\"concurrency\":0") != std::string::npos);
  CHECK(w.home.run({"keys", "add", "bad", "--concurrency", "-1"}).status == 2);
}

TEST_CASE("limits: all calls together, and what is no model call is not one of them") {
  World w(kRedactAll, "[limits]\nmax_concurrent = 1\nqueue = 0\n");
  hold_first(w.upstream);
  const Holder holder(w);
  check_told_to_wait(w.post("v1/messages", ask(DialectId::anthropic, false, "hi")), DialectId::anthropic, "this gateway");
  w.upstream.respond(Answer::json("{\"data\":[]}"));
  CHECK(w.get("v1/models").status == 200);
}

TEST_CASE("limits: a shutdown sends those away who wait, while calls under way may end") {
  World w(kRedactAll, "[limits]\ndrain = \"600ms\"\n", "concurrency = 1\nqueue = 5\n");
  hold_first(w.upstream);
  const Holder holder(w);
  RawClient waiting(w.port());
  waiting.send(write_request("GET", "/healthz", {}, {}));
  REQUIRE(waiting.read_reply().status == 200);
  waiting.send(w.request("v1/chat/completions", hello()));
  std::this_thread::sleep_for(Ms{100});
  w.server.signal(SIGTERM);
  const RawReply reply = waiting.read_reply();
  CHECK(reply.status == 503);
  CHECK(reply.body.find("shutting down") != std::string::npos);
  CHECK(reply.has("retry-after"));
  CHECK(w.server.wait() == 0);
  CHECK(w.upstream.count() == 1);
}

TEST_CASE("limits: a changed limit is in force with the file, for those who wait too") {
  World w(kRedactAll, {}, "concurrency = 1\nqueue = 5\nqueue_timeout = \"20s\"\n");
  hold_first(w.upstream);
  const Holder holder(w);
  RawReply reply;
  std::thread waiting([&] { reply = w.post("v1/chat/completions", hello(), {}, Ms{15'000}); });
  std::this_thread::sleep_for(Ms{100});
  std::string settings = Home::read(w.home.config_file());
  w.home.write(w.home.config_file(), replace_all(settings, "concurrency = 1", "concurrency = 2"));
  waiting.join();
  CHECK(reply.status == 200);
}

}  // namespace pg::test
