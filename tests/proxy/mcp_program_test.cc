// A program that speaks MCP, asked from several loops at once, left alone, and ended in the middle of things.
#include "proxy/mcp_program.h"

#include <doctest/doctest.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <thread>

#include "proxy/mcp_servers.h"

namespace pg {
namespace {

// Answers what it is asked, but "wait", which it never does.
constexpr const char* kScript = R"(while read -r line; do
  id=$(printf '%s' "$line" | sed -n 's/.*"id":\([0-9]*\).*/\1/p')
  case "$line" in
    *'"initialize"'*) echo "{\"jsonrpc\":\"2.0\",\"id\":$id,\"result\":{\"protocolVersion\":\"2025-11-25\",\"serverInfo\":{\"name\":\"s\",\"version\":\"1\"}}}" ;;
    *'"tools/list"'*) echo "{\"jsonrpc\":\"2.0\",\"id\":$id,\"result\":{\"tools\":[{\"name\":\"a\"}]}}" ;;
    *'"wait"'*) ;;
    *'"id":'*) echo "{\"jsonrpc\":\"2.0\",\"id\":$id,\"result\":{\"n\":$id}}" ;;
  esac
done)";

std::shared_ptr<McpServer> shell_server(std::string script = kScript) {
  auto server = std::make_shared<McpServer>();
  server->name = "shell";
  server->id = "id-1";
  server->command = {"sh", "-c", std::move(script)};
  return server;
}

/// One thread with a loop, and what asking needs.
struct Asker {
  Loop loop;
  TlsContexts tls;
  SystemClock clock;
  AccessTokens tokens;
  McpErrand errand() { return {loop, tls, clock, tokens, nullptr}; }
};

Task<void> ask_many(Asker& asker, std::shared_ptr<McpLink> link, int times, std::atomic<int>& good) {
  for (int i = 0; i < times; ++i) {
    McpAsk ask;
    ask.method = "tools/call";
    const McpErrand errand = asker.errand();
    Result<std::unique_ptr<McpAnswer>> asked = co_await link->ask(errand, std::move(ask));
    if (!asked) continue;
    const SteadyTime deadline = asker.clock.steady() + Millis{20'000};
    const McpEvent event = co_await asked.value()->next(deadline);
    RpcMessage message;
    if (event.kind == McpEvent::Kind::message && !message.read(event.text) && message.result["n"].raw() == message.id &&
        own_rpc_id(message.id) == asked.value()->id())
      ++good;
  }
}

Task<void> ask_in_vain(Asker& asker, std::shared_ptr<McpLink> link, Millis patience, McpEvent& event) {
  McpAsk ask;
  ask.method = "wait";
  const McpErrand errand = asker.errand();
  Result<std::unique_ptr<McpAnswer>> asked = co_await link->ask(errand, std::move(ask));
  const SteadyTime deadline = asker.clock.steady() + patience;
  event = co_await asked.value()->next(deadline);
}

}  // namespace

TEST_CASE("mcp program: many loops ask it at once, and each hears its own answers") {
  const std::shared_ptr<McpLink> link = make_mcp_link(shell_server());
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      Asker asker;
      asio::co_spawn(asker.loop.io(), ask_many(asker, link, 25, good), asio::detached);
      asker.loop.io().run();
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(good == 100);
  CHECK(link->facts().name == "s");
  CHECK(link->facts().revision == "2025-11-25");
  link->stop();
}

TEST_CASE("mcp program: who waits for what never comes hears of the deadline, of an end, and is forgotten when it leaves") {
  const std::shared_ptr<McpLink> link = make_mcp_link(shell_server());
  Asker asker;
  McpEvent event{McpEvent::Kind::message, {}, {}};
  asio::co_spawn(asker.loop.io(), ask_in_vain(asker, link, Millis{300}, event), asio::detached);
  asker.loop.io().run();
  CHECK(event.kind == McpEvent::Kind::quiet);
  asker.loop.io().restart();
  asio::co_spawn(asker.loop.io(), ask_in_vain(asker, link, Millis{20'000}, event), asio::detached);
  std::thread ender([&] {
    std::this_thread::sleep_for(Millis{200});
    link->stop();
  });
  asker.loop.io().run();
  ender.join();
  CHECK(event.kind == McpEvent::Kind::ended);
  CHECK(event.error.code == Code::unavailable);
}

TEST_CASE("mcp program: a loop that ends before the answer comes takes nothing with it") {
  const std::shared_ptr<McpLink> link = make_mcp_link(shell_server());
  {
    Asker asker;
    McpEvent event;
    asio::co_spawn(asker.loop.io(), ask_in_vain(asker, link, Millis{20'000}, event), asio::detached);
    asker.loop.io().run_for(Millis{300});
  }
  Asker other;
  std::atomic<int> good{0};
  asio::co_spawn(other.loop.io(), ask_many(other, link, 3, good), asio::detached);
  other.loop.io().run();
  CHECK(good == 3);
  link->stop();
}

TEST_CASE("mcp servers: a list is asked for once, and a failure is remembered for a moment") {
  McpServers servers;
  Asker asker;
  const auto fetch = [&](const std::shared_ptr<const McpServer>& server) {
    std::optional<Result<McpItems>> got;
    const auto task = [](Asker& with, std::shared_ptr<McpLive> live, std::optional<Result<McpItems>>& result) -> Task<void> {
      const SteadyTime deadline = with.clock.steady() + Millis{10'000};
      const McpErrand errand = with.errand();
      result = co_await fetch_list(live, errand, McpList::tools, deadline);
    };
    asio::co_spawn(asker.loop.io(), task(asker, servers.find(server), got), asio::detached);
    asker.loop.io().restart();
    asker.loop.io().run();
    return std::move(*got);
  };
  const std::shared_ptr<const McpServer> good = shell_server();
  const Result<McpItems> first = fetch(good), second = fetch(good);
  REQUIRE(first.has_value());
  REQUIRE(second.has_value());
  CHECK(first.value()->size() == 1);
  CHECK(first.value() == second.value());  // the same object
  auto bad = shell_server("echo no >&2; exit 1");
  bad->id = "id-2";
  CHECK(fetch(bad).error().message.find("exited with status 1") != std::string::npos);
  CHECK_FALSE(fetch(bad).has_value());
  servers.stop();
}

}  // namespace pg
