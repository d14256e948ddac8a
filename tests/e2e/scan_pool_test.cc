// Large bodies are read on threads of their own: who leaves meanwhile, and what a shutdown makes of it.
#include <doctest/doctest.h>
#include <signal.h>

#include <atomic>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/support/log_rows.h"
#include "tests/support/model_wire.h"
#include "tests/support/run_pg.h"

namespace pg::test {
namespace {

using Json = nlohmann::json;

constexpr const char* kOneLoop = "[serve]\nthreads = 1\n[limits]\nremembered_verdict_bytes = 0\ndrain = \"200ms\"\n";

/// A conversation of that many messages of 16 KB, which take a while to read.
std::string long_body(std::size_t messages) {
  std::string text;
  while (text.size() < 16'000) text += "call +49 30 12 and key_id=AKIA0 token ghp_x at 10.0.0.1, sk-y eyJ0 4111 1111; ";
  std::string body = R"({"model":"m","messages":[)";
  for (std::size_t i = 0; i < messages; ++i)
    body += std::string(i > 0 ? "," : "") + R"({"role":"user","content":")" + std::to_string(i) + text + "\"}";
  return body + "]}";
}

Json only_row(const World& world) {
  return last_row(world, 1);
}

/// `busy` is asked first, and nothing is looked for in what it gets; it refuses what is large. World's provider is asked then,
/// under the project's guards.
struct BusyFirst {
  FakeUpstream busy;
  World w{kRedactAll,
          std::string(kOneLoop) +
              "[providers.busy]\ncredential = \"none\"\nguards = \"off\"\nopenai_base_url = \"http://127.0.0.1:" +
              std::to_string(busy.port()) + "/v1\"\n",
          {},
          "[[route]]\nmatch = { model = \"*\" }\nprovider = \"busy\"\nfallback = \"fake\"\n"};
  std::atomic<bool> refused{false};

  BusyFirst() {
    w.upstream.respond(Answer::json("{}"));
    busy.respond([this](const SeenRequest& seen) {
      if (seen.body.size() < 100'000) return Answer::json("{}");
      refused = true;
      return Answer::reply(503, "{}");
    });
  }
  ~BusyFirst() { busy.respond(Answer::json("{}")); }
  BusyFirst(const BusyFirst&) = delete;
  BusyFirst& operator=(const BusyFirst&) = delete;
};

}  // namespace

TEST_CASE("scan pool: a client that leaves while its body is read ends the reading, and nothing is sent") {
  World world(kRedactAll, kOneLoop);
  const std::string body = long_body(3'000);
  Json row = Json::object();
  // What the server has not taken from its socket goes with the connection: such a request is a broken one, not one that is read.
  for (std::size_t tries = 1; tries < 8 && row.value("status", 400) == 400; ++tries) {
    RawClient client(world.port());
    REQUIRE(client.send(world.request("v1/chat/completions", body), Ms{20'000}));
    std::this_thread::sleep_for(Ms{5 << tries});
    client.reset();
    row = last_row(world, tries);
  }
  CHECK(row["status"] == 499);
  CHECK(row["outcome"] == "canceled");
  CHECK(world.upstream.touched() == 0);
  world.upstream.respond(Answer::json("{}"));
  CHECK(world.post("v1/chat/completions", R"({"model":"m","messages":[]})").status == 200);
}

TEST_CASE("scan pool: others are answered while a large body is read, and it is answered too") {
  World world(kRedactAll, kOneLoop);
  world.upstream.respond(Answer::json("{}"));
  RawReply slow;
  std::jthread reading([&] { slow = world.post("v1/chat/completions", long_body(2'000), {}, Ms{30'000}); });
  int answered = 0;
  while (world.upstream.count() <= static_cast<std::size_t>(answered) && answered < 2'000) {
    const RawReply quick = world.post("v1/chat/completions", R"({"model":"m","messages":[]})");
    REQUIRE(quick.status == 200);
    ++answered;
  }
  reading.join();
  CHECK(slow.status == 200);
  CHECK(answered > 1);
}

TEST_CASE("scan pool: others are answered while a large body is read for the provider that is asked next, under other guards") {
  BusyFirst b;
  std::string body = long_body(1'000);
  body.insert(body.size() - 2, R"(,{"role":"user","content":"write to jane.roe@acme-mail.com"})");
  RawReply slow;
  std::jthread reading([&] { slow = b.w.post("v1/chat/completions", body, {}, Ms{60'000}); });
  for (int tries = 0; tries < 1'500 && !b.refused; ++tries) std::this_thread::sleep_for(Ms{20});
  REQUIRE(b.refused);
  int answered = 0;
  while (b.w.upstream.count() == 0 && answered < 2'000) {
    const RawReply quick = b.w.post("v1/chat/completions", R"({"model":"m","messages":[]})");
    REQUIRE(quick.status == 200);
    ++answered;
  }
  reading.join();
  CHECK(slow.status == 200);
  CHECK(answered > 3);
  REQUIRE(b.w.upstream.count() == 1);
  const std::string sent = b.w.upstream.last().body;
  CHECK(sent.find("[[EMAIL_001]]") != std::string::npos);
  CHECK(sent.find("jane.roe") == std::string::npos);
}

TEST_CASE("scan pool: a client that leaves while its body is read for the provider that is asked next is told of to nobody") {
  BusyFirst b;
  RawClient client(b.w.port());
  REQUIRE(client.send(b.w.request("v1/chat/completions", long_body(3'000)), Ms{20'000}));
  for (int tries = 0; tries < 1'500 && !b.refused; ++tries) std::this_thread::sleep_for(Ms{20});
  REQUIRE(b.refused);
  client.reset();
  const Json row = only_row(b.w);
  CHECK(row["status"] == 499);
  CHECK(row["outcome"] == "canceled");
  CHECK(b.w.upstream.touched() == 0);
  CHECK(b.w.post("v1/chat/completions", R"({"model":"m","messages":[]})").status == 200);
}

TEST_CASE("scan pool: a shutdown does not wait for what is being read") {
  World world(kRedactAll, kOneLoop);
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 3; ++i) {  // one is read, two wait
    clients.push_back(std::make_unique<RawClient>(world.port()));
    REQUIRE(clients.back()->send(world.request("v1/chat/completions", long_body(1'500)), Ms{20'000}));
  }
  world.server.signal(SIGTERM);
  CHECK(world.server.wait(Ms{10'000}) == 0);
}

TEST_CASE("scan pool: two requests to stop at once end it in the middle of the reading") {
  World world(kRedactAll, kOneLoop);
  RawClient client(world.port());
  REQUIRE(client.send(world.request("v1/chat/completions", long_body(3'000)), Ms{20'000}));
  world.server.signal(SIGTERM);
  std::this_thread::sleep_for(Ms{30});
  world.server.signal(SIGINT);
  CHECK(world.server.wait(Ms{5'000}) == 0);
}

}  // namespace pg::test
