#include "cmd/http_probe.h"

#include <doctest/doctest.h>

using namespace pg;

TEST_CASE("a reply with a length, without one, and in chunks") {
  auto counted = read_probe_reply("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: b\r\n\r\nhi");
  REQUIRE(counted.has_value());
  CHECK(counted.value().status == 200);
  CHECK(counted.value().body == "hi");
  CHECK(counted.value().fields.back() == std::pair<std::string, std::string>{"x-a", "b"});
  CHECK(read_probe_reply("HTTP/1.1 404 Not Found\r\n\r\nall of it").value().body == "all of it");
  CHECK(read_probe_reply("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n")
            .value()
            .body == "abc0123456789");
}

TEST_CASE("what is cut short or not HTTP is refused") {
  for (const char* bytes :
       {"", "SSH-2.0-OpenSSH\r\n\r\n", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 abc\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nab\r\n"}) {
    CAPTURE(bytes);
    auto reply = read_probe_reply(bytes);
    REQUIRE_FALSE(reply.has_value());
    CHECK(reply.error().code == Code::upstream_failed);
  }
}

TEST_CASE("only this machine is asked, and never with TLS") {
  CHECK(probe(parse_url("https://127.0.0.1:1/").value(), {}, Millis{100}).error().code == Code::forbidden);
  CHECK(probe(parse_url("http://192.0.2.1:1/").value(), {}, Millis{100}).error().code == Code::forbidden);
}
