// Buying an access token: once for many, and honestly when it cannot be had.
#include <doctest/doctest.h>
#include <signal.h>

#include <atomic>
#include <filesystem>
#include <thread>
#include <vector>

#include "tests/support/cloud.h"
#include "tests/support/provider_world.h"

namespace pg::test {
namespace {

std::size_t tokens_asked(const World& w) {
  std::size_t count = 0;
  for (const SeenRequest& seen : w.upstream.seen()) count += seen.target == "/token" ? 1 : 0;
  return count;
}

// A world of its own, so that no token is there yet.
struct TokenWorld : World {
  TokenWorld() : World(kRedactAll, "") {
    const std::string raw = "http://127.0.0.1:" + std::to_string(upstream.port());
    const std::filesystem::path config(home.config_file());
    home.write(config.parent_path() / "sa.json", service_account_json(raw + "/token"));
    home.write(config, Home::read(config) + "[providers.vertexed]\nvertex_base_url = \"" + raw +
                           "/v1/projects/p/locations/l\"\ncredential = \"file:sa.json\"\n");
    home.write(home.project_file("v"), "id = \"7b1f0c52-3d0e-4c3e-9a55-0a4f5f1f3d01\"\nproviders = [\"vertexed\"]\n");
    server.signal(SIGHUP);
    for (int i = 0; i < 150 && ask_v("{").status != 400; ++i) std::this_thread::sleep_for(Ms{20});
    upstream.forget();
  }
  RawReply ask_v(std::string_view body) {
    return exchange(port(), write_request("POST", "/api/v/v1/messages",
                                          {{"Authorization", "Bearer " + key}, {"Content-Type", "application/json"}}, body));
  }
};

}  // namespace

TEST_CASE("token: many calls at once buy one token") {
  TokenWorld w;
  w.upstream.respond([](const SeenRequest& seen) {
    if (seen.target != "/token") return Answer::json(say_whole(DialectId::anthropic, {text_block({"ok"})}));
    Answer slow;
    slow.pause(Ms{150});
    for (const Answer::Step& step : Answer::json(R"({"access_token":"tok-1","expires_in":3599})").steps)
      slow.steps.push_back(step);
    return slow;
  });
  std::vector<std::thread> callers;
  std::atomic<int> good{0};
  for (int i = 0; i < 8; ++i)
    callers.emplace_back(
        [&] { good += w.ask_v(ask_model(DialectId::anthropic, "claude-x", false, "hi")).status == 200 ? 1 : 0; });
  for (std::thread& caller : callers) caller.join();
  CHECK(good == 8);
  CHECK(tokens_asked(w) == 1);
}

TEST_CASE("token: one that is refused before its end is replaced, once") {
  TokenWorld w;
  std::atomic<int> sold{0};
  std::atomic<bool> refuse_all{false};
  w.upstream.respond([&](const SeenRequest& seen) {
    if (seen.target == "/token")
      return Answer::json(R"({"access_token":"tok-)" + std::to_string(++sold) + R"(","expires_in":3599})");
    const bool withdrawn = refuse_all || seen.field("authorization") == "Bearer tok-1";
    if (withdrawn) return Answer::reply(401, R"({"error":{"code":401,"message":"no","status":"UNAUTHENTICATED"}})");
    return Answer::json(say_whole(DialectId::anthropic, {text_block({"ok"})}));
  });
  const std::string body = ask_model(DialectId::anthropic, "claude-x", false, "hi");
  CHECK(w.ask_v(body).status == 200);
  CHECK(sold == 2);
  refuse_all = true;
  for (int i = 0; i < 3; ++i) CHECK(w.ask_v(body).status == 401);
  CHECK(sold == 2);  // it was replaced a moment ago
}

TEST_CASE("token: a refusal says so without the key, for a moment to all") {
  TokenWorld w;
  w.upstream.respond([](const SeenRequest& seen) {
    if (seen.target == "/token") return Answer::reply(400, R"({"error":"invalid_grant","error_description":"secret words"})");
    return Answer::json("{}");
  });
  const std::string body = ask_model(DialectId::anthropic, "claude-x", false, "hi");
  for (int i = 0; i < 3; ++i) {
    const RawReply refused = w.ask_v(body);
    CHECK(refused.status == 502);
    CHECK(refused.body.find("token endpoint") != std::string::npos);
    CHECK(refused.body.find("secret words") == std::string::npos);
  }
  CHECK(tokens_asked(w) == 1);
  bool told = false;  // rows are written behind the reply
  for (int i = 0; i < 75 && !told; ++i) {
    const auto rows = w.home.rows(1);
    told = !rows.empty() && rows.back().find("invalid_grant") != std::string::npos;
    if (!told) std::this_thread::sleep_for(Ms{40});
  }
  CHECK(told);
  CHECK(w.home.everything().find("secret words") == std::string::npos);
}

}  // namespace pg::test
