// Names are looked up until the connection's deadline, and not a moment longer.
#include "proxy/net/resolve.h"

#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <optional>

#include "tests/support/result.h"

namespace pg::test {
namespace {

using Endpoints = std::vector<asio::ip::tcp::endpoint>;
using Resolved = std::optional<Result<Endpoints>>;

Task<void> look_up(Loop& loop, std::string host, SteadyTime deadline, Resolved& found) {
  found = co_await resolve(loop, std::move(host), 443, deadline);
}

Result<Endpoints> resolve_now(const std::string& host,
                              SteadyTime deadline = SteadyTime::clock::now() + std::chrono::seconds(20)) {
  Loop loop;
  Resolved found;
  asio::co_spawn(loop.io(), look_up(loop, host, deadline, found), asio::detached);
  loop.io().run();  // until an answer that comes too late is there as well
  return std::move(found).value();
}

TEST_CASE("an address is not looked up, a name is") {
  const bool same4 = resolve_now("127.0.0.1", SteadyTime::min()).value() == Endpoints{{asio::ip::make_address("127.0.0.1"), 443}};
  const bool same6 = resolve_now("::1", SteadyTime::min()).value() == Endpoints{{asio::ip::make_address("::1"), 443}};
  CHECK(same4);
  CHECK(same6);
  const Endpoints local = resolve_now("localhost").value();
  REQUIRE_FALSE(local.empty());
  for (const auto& endpoint : local) CHECK((endpoint.address().is_loopback() && endpoint.port() == 443));
}

TEST_CASE("faults E55: a name that nobody knows is upstream_failed") {
  const Result<Endpoints> unknown = resolve_now(std::string(70, 'a') + ".invalid");  // too long to be asked for
  REQUIRE_FALSE(unknown.has_value());
  CHECK(unknown.error().code == Code::upstream_failed);
  CHECK(unknown.error().detail.starts_with("cannot resolve aaa"));
}

TEST_CASE("faults E55: what the name server tells too late is dropped") {
  // Names are asked for one after the other: the last one waits for all before it.
  constexpr std::size_t kBefore = 500;
  Loop loop;
  std::vector<Resolved> before(kBefore);
  Resolved late;
  for (Resolved& found : before) asio::co_spawn(loop.io(), look_up(loop, "localhost", SteadyTime::max(), found), asio::detached);
  asio::co_spawn(loop.io(), look_up(loop, "localhost", SteadyTime::clock::now(), late), asio::detached);
  loop.io().run();
  REQUIRE(late.has_value());
  REQUIRE_FALSE(late->has_value());
  CHECK(late->error().code == Code::upstream_timeout);
  for (const Resolved& found : before) CHECK((found.has_value() && found->has_value()));
}

TEST_CASE("only hosts that are on the public internet with every address are public") {
  const auto verdict = [](std::initializer_list<const char*> addresses) {
    Endpoints endpoints;
    for (const char* address : addresses) endpoints.emplace_back(asio::ip::make_address(address), 443);
    return check_public(endpoints, "host.example");
  };
  CHECK(verdict({"93.184.216.34"}));
  CHECK(verdict({"93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"}));
  for (const char* inside : {"127.0.0.1",
                             "0.0.0.0",
                             "10.0.0.1",
                             "172.16.9.9",
                             "192.168.1.1",
                             "169.254.169.254",
                             "100.64.0.1",
                             "224.0.0.1",
                             "255.255.255.255",
                             "::1",
                             "::",
                             "fe80::1",
                             "fe80::1%1",
                             "fd00::1",
                             "::ffff:10.0.0.1",
                             "::ffff:169.254.169.254",
                             "64:ff9b::7f00:1",
                             "2002:7f00:1::",
                             "ff02::1",
                             "2001:db8::1"}) {
    CHECK_MESSAGE(!verdict({inside}), inside);
    // A name that answers both is refused as a whole, in either order.
    CHECK_MESSAGE(!verdict({"93.184.216.34", inside}), inside);
    CHECK_MESSAGE(!verdict({inside, "93.184.216.34"}), inside);
  }
  const Status refused = verdict({"169.254.169.254"});
  CHECK(refused.error().code == Code::forbidden);
  CHECK(refused.error().detail == "host.example is 169.254.169.254");
}

TEST_CASE("a loop that ends forgets who waits for a name") {
  Resolved found;
  {
    Loop loop;
    asio::co_spawn(loop.io(), look_up(loop, "localhost", SteadyTime::max(), found), asio::detached);
    loop.io().poll_one();
  }
  CHECK_FALSE(found.has_value());
}

}  // namespace
}  // namespace pg::test
