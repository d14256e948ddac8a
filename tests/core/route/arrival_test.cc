#include "core/route/arrival.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "tests/support/result.h"

namespace pg {
namespace {

using Lines = std::vector<std::pair<std::string, std::string>>;

Address address(std::string_view text) {
  const auto parsed = parse_address(text);
  REQUIRE(parsed.has_value());
  return *parsed;
}

const std::vector<Network> kTrusted = {*parse_network("10.0.0.0/8"), *parse_network("2001:db8:1::/48")};

Result<Arrival> arrive(const Lines& lines, std::string_view peer = "10.0.0.1") {
  RequestHead head;
  for (const auto& [name, value] : lines) head.fields.push_back({name, value});
  return read_arrival(head, address(peer), kTrusted);
}

/// "HOST by CLIENT", CLIENT "?" when unknown, "!" for any other than `client`; with the scheme where there is one.
std::string seen_client(const Lines& lines, std::string_view client, std::string_view peer = "10.0.0.1") {
  const auto arrival = arrive(lines, peer);
  if (!arrival) return std::string(code_name(arrival.error().code));
  const std::string who = !arrival->client ? "?" : *arrival->client == address(client) ? std::string(client) : "!";
  return arrival->host + " by " + who + (arrival->scheme.empty() ? "" : " over " + arrival->scheme);
}

}  // namespace

TEST_CASE("a stranger's forwarding fields are nothing but noise") {
  const Lines spoof = {{"Host", "Pg.Example.com:8787"},
                       {"X-Forwarded-For", "127.0.0.1"},
                       {"X-Forwarded-Host", "llm.example.com"},
                       {"X-Forwarded-Proto", "https"},
                       {"Forwarded", "for=127.0.0.1;host=llm.example.com;proto=https"}};
  CHECK(seen_client(spoof, "203.0.113.9", "203.0.113.9") == "pg.example.com by 203.0.113.9");
  CHECK_FALSE(arrive(spoof, "203.0.113.9")->forwarded);
  CHECK(seen_client(spoof, "127.0.0.1", "10.0.0.1") == "llm.example.com by 127.0.0.1 over https");
  CHECK(seen_client(spoof, "127.0.0.1", "::ffff:10.0.0.1") == "llm.example.com by 127.0.0.1 over https");
}

TEST_CASE("the client is the right-most hop that is no proxy of ours") {
  CHECK(seen_client({{"X-Forwarded-For", "198.51.100.7"}}, "198.51.100.7") == " by 198.51.100.7");
  CHECK(seen_client({{"X-Forwarded-For", "127.0.0.1, 198.51.100.7"}}, "198.51.100.7") == " by 198.51.100.7");
  CHECK(seen_client({{"X-Forwarded-For", "127.0.0.1 ,198.51.100.7,  10.2.3.4 , 10.9.9.9"}}, "198.51.100.7") ==
        " by 198.51.100.7");
  CHECK(seen_client({{"X-Forwarded-For", "10.2.3.4, 10.9.9.9"}}, "10.2.3.4") == " by 10.2.3.4");
  CHECK(seen_client({{"X-Forwarded-For", "198.51.100.7, ,"}}, "198.51.100.7") == " by 198.51.100.7");
  // Doubled fields are one list in the order they came: the spoof stands left.
  CHECK(seen_client({{"X-Forwarded-For", "127.0.0.1"}, {"x-forwarded-for", "198.51.100.7"}}, "198.51.100.7") ==
        " by 198.51.100.7");
  CHECK(seen_client({{"Host", "h"}}, "10.0.0.1") == "h by 10.0.0.1");
}

TEST_CASE("ports, brackets and nonsense in a list of hops") {
  CHECK(seen_client({{"X-Forwarded-For", "198.51.100.7:4711"}}, "198.51.100.7") == " by 198.51.100.7");
  CHECK(seen_client({{"X-Forwarded-For", "[2001:db8::7]:4711"}}, "2001:db8::7") == " by 2001:db8::7");
  CHECK(seen_client({{"X-Forwarded-For", "[2001:db8::7]"}}, "2001:db8::7") == " by 2001:db8::7");
  CHECK(seen_client({{"X-Forwarded-For", "2001:db8::7"}}, "2001:db8::7") == " by 2001:db8::7");
  CHECK(seen_client({{"X-Forwarded-For", "2001:db8::7, [2001:db8:1::5]:80"}}, "2001:db8::7") == " by 2001:db8::7");
  CHECK(seen_client({{"X-Forwarded-For", "::ffff:198.51.100.7"}}, "198.51.100.7") == " by 198.51.100.7");
  for (const char* nonsense : {"unknown", "_hidden", "198.51.100.7:x", "198.51.100.7:", "[2001:db8::7", "[2001:db8::7]x", "127.1",
                               "localhost", "198.51.100.7 10.0.0.2", "\"198.51.100.7\"", "198.51.100.7:123456"}) {
    CAPTURE(nonsense);
    CHECK(seen_client({{"X-Forwarded-For", "127.0.0.1, " + std::string(nonsense)}}, "127.0.0.1") == " by ?");
  }
}

TEST_CASE("the host is the one that goes with the client's hop") {
  CHECK(seen_client({{"Host", "inner"}, {"X-Forwarded-For", "198.51.100.7"}, {"X-Forwarded-Host", "LLM.example.com:443"}},
                    "198.51.100.7") == "llm.example.com by 198.51.100.7");
  CHECK(seen_client({{"X-Forwarded-For", "198.51.100.7"}, {"X-Forwarded-Host", "spoof.example, llm.example.com"}},
                    "198.51.100.7") == "llm.example.com by 198.51.100.7");
  CHECK(seen_client({{"X-Forwarded-For", "198.51.100.7, 10.1.1.1"}, {"X-Forwarded-Host", "llm.example.com, inner.local"}},
                    "198.51.100.7") == "llm.example.com by 198.51.100.7");
  CHECK(seen_client({{"X-Forwarded-For", "198.51.100.7"}, {"X-Forwarded-Host", "[2001:DB8::9]:8443"}}, "198.51.100.7") ==
        "[2001:db8::9] by 198.51.100.7");
  CHECK(seen_client({{"Host", "inner"}, {"X-Forwarded-Host", "llm.example.com"}}, "10.0.0.1") == "llm.example.com by ?");
  CHECK(arrive({{"X-Forwarded-Host", "llm.example.com"}})->forwarded);
}

TEST_CASE("Forwarded says the same in its own words") {
  CHECK(seen_client({{"Forwarded", "for=198.51.100.7;proto=HTTPS;host=llm.example.com"}}, "198.51.100.7") ==
        "llm.example.com by 198.51.100.7 over https");
  CHECK(seen_client({{"Forwarded", "For=\"[2001:db8::7]:4711\" ; By=10.0.0.1"}}, "2001:db8::7") == " by 2001:db8::7");
  CHECK(seen_client({{"Forwarded", "for=127.0.0.1, for=\"198.51.100.7\";host=\"llm.example.com:443\", for=10.1.1.1;host=inner"}},
                    "198.51.100.7") == "llm.example.com by 198.51.100.7");
  CHECK(seen_client({{"Forwarded", "for=127.0.0.1"}, {"Forwarded", "for=198.51.100.7"}}, "198.51.100.7") == " by 198.51.100.7");
  CHECK(seen_client({{"Forwarded", "for=\"127.0.0.1, for=198.51.100.7\""}}, "127.0.0.1") == " by ?");
  CHECK(seen_client({{"Forwarded", "for=\"198.51.\\100.7\""}}, "198.51.100.7") == " by 198.51.100.7");
  CHECK(seen_client({{"Forwarded", "for=_gazonk"}}, "127.0.0.1") == " by ?");
  CHECK(seen_client({{"Forwarded", "for=127.0.0.1,"}}, "127.0.0.1") == " by ?");
  CHECK(seen_client({{"Forwarded", "host=llm.example.com"}}, "127.0.0.1") == "llm.example.com by ?");
  CHECK(seen_client({{"Forwarded", ";;=,\"\\"}}, "127.0.0.1") == " by ?");
}

TEST_CASE("two families that contradict each other are refused: one of them is the client's own") {
  CHECK(seen_client({{"X-Forwarded-For", "198.51.100.7"}, {"Forwarded", "for=127.0.0.1"}}, "127.0.0.1") == "bad_request");
  CHECK(seen_client({{"X-Forwarded-Host", "a"}, {"Forwarded", "for=127.0.0.1;host=b"}}, "127.0.0.1") == "bad_request");
  // Where they agree, the host comes from the one family only.
  CHECK(seen_client({{"Host", "h"}, {"X-Forwarded-For", "198.51.100.7"}, {"Forwarded", "for=198.51.100.7;host=spoof"}},
                    "198.51.100.7") == "h by 198.51.100.7");
}

}  // namespace pg
