#include "proxy/net/http_parse.h"

#include <doctest/doctest.h>

#include <initializer_list>
#include <string>
#include <string_view>

#include "core/base/error.h"
#include "tests/support/gen.h"
#include "tests/support/result.h"

namespace pg {
namespace {

using namespace std::string_view_literals;  // for bytes with NULs in them

/// "ok", or the name of the refusal.
std::string head_verdict(const std::string& raw) {
  const auto head = parse_request_head(raw);
  return head ? "ok" : std::string(code_name(head.error().code));
}
/// A POST of HTTP/1.1 with a Host and these further lines.
std::string post(const std::string& lines, const std::string& version = "HTTP/1.1") {
  return "POST /v1/messages " + version + "\r\nHost: localhost\r\n" + lines + "\r\n";
}
void check_heads(const char* expected, std::initializer_list<std::string> heads) {
  for (const std::string& head : heads) {
    CAPTURE(head.substr(0, 120));
    const std::string seen = head_verdict(head);
    CHECK(std::string("|" + std::string(expected) + "|").find("|" + seen + "|") != std::string::npos);
    if (seen != "ok") CHECK(parse_request_head(head).error().message.find('\n') == std::string::npos);
  }
}

TEST_CASE("a head is what it says") {
  const std::string raw =
      "POST /v1/messages?beta=true HTTP/1.1\r\nHost: localhost:8000\r\nX-A:  padded value \t\r\nx-empty:\r\ncontent-length: "
      "12\r\n\r\n";
  const auto head = parse_request_head(raw);
  REQUIRE(head);
  CHECK(head->method == "POST");
  CHECK(head->target == "/v1/messages?beta=true");
  CHECK(head->minor_version == 1);
  REQUIRE(head->fields.size() == 4);
  CHECK(head->fields[1].name == "X-A");
  CHECK(head->fields[1].value == "padded value");
  CHECK(head->find("x-a") == "padded value");
  CHECK(head->find("X-EMPTY") == "");
  CHECK_FALSE(head->find("x-b"));
  CHECK(head->content_length == 12);
  CHECK_FALSE(head->chunked);
  CHECK(head->keep_alive);
  CHECK_FALSE(head->upgrade);
  CHECK_FALSE(head->expects_continue);
  CHECK(head->target.data() >= raw.data());
  CHECK(head->target.data() < raw.data() + raw.size());
}

TEST_CASE("the end of a head is its blank line") {
  CHECK(find_head_end("") == 0);
  CHECK(find_head_end("GET / HTTP/1.1\r\nHost: x\r\n") == 0);
  CHECK(find_head_end("GET / HTTP/1.1\r\nHost: x\r\n\r") == 0);
  CHECK(find_head_end("GET / HTTP/1.1\r\nHost: x\r\n\r\n") == 27);
  CHECK(find_head_end("GET / HTTP/1.1\r\nHost: x\r\n\r\nbody\r\n\r\n") == 27);
}

TEST_CASE("faults A1-A5: lengths") {
  check_heads(
      "bad_request",
      {post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"),
       post("Content-Length: 5\r\nContent-Length: 6\r\n"), post("Content-Length: 5\r\nContent-Length: 5\r\n"),
       post("Content-Length: 5, 5\r\n"), post("Content-Length: 5,6\r\n"), post("content-length: 5\r\nCONTENT-LENGTH: 5\r\n")});
  for (const char* value : {"+5", "-1", "0x5", "5_0", " 5 5", "", "18446744073709551616", "99999999999999999999999", "5a", "5.0",
                            "1e3", "\"5\"", "5;", "\xEF\xBC\x95", "five"}) {
    check_heads("bad_request", {post("Content-Length: " + std::string(value) + "\r\n")});
  }
  CHECK(parse_request_head(post("Content-Length: 0\r\n"))->content_length == 0);
  CHECK(parse_request_head(post("Content-Length: 4294967296\r\n"))->content_length == 4294967296ULL);
  CHECK_FALSE(parse_request_head(post(""))->content_length);
}

TEST_CASE("faults A6-A8: transfer codings") {
  for (const char* value : {"xchunked", "identity", "chunked, gzip", "gzip, chunked", "gzip", "", "chunked, chunked",
                            "\x0b"
                            "chunked",
                            "chunked;q=1", "chunked chunked", "\"chunked\"", "chunked,", ",chunked", "chun ked"}) {
    check_heads("bad_request|not_implemented", {post("Transfer-Encoding: " + std::string(value) + "\r\n")});
  }
  check_heads("bad_request|not_implemented", {post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
                                              post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"),
                                              post("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n")});
  check_heads("bad_request", {post("Transfer-Encoding: chunked\r\n", "HTTP/1.0")});
  for (const char* value : {"chunked", "Chunked", "CHUNKED"}) {
    const auto head = parse_request_head(post("Transfer-Encoding: " + std::string(value) + "\r\n"));
    REQUIRE(head);
    CHECK(head->chunked);
    CHECK_FALSE(head->content_length);
  }
  const auto old = parse_request_head(post("", "HTTP/1.0"));
  REQUIRE(old);
  CHECK(old->minor_version == 0);
  CHECK_FALSE(old->keep_alive);
  CHECK_FALSE(old->chunked);
  CHECK_FALSE(old->content_length);
}

TEST_CASE("faults A13-A15: lines and fields") {
  check_heads("bad_request", {"GET / HTTP/1.1\nHost: x\n\n",
                              "GET / HTTP/1.1\r\nHost: x\nX: y\r\n\r\n",
                              "GET / HTTP/1.1\nHost: x\r\n\r\n",
                              "GET / HTTP/1.1\rHost: x\r\n\r\n",
                              post("X: a\rb\r\n"),
                              post("X: a\r\r\n"),
                              post("X: a\nb\r\n"),
                              post("X: a\r\n\n"),
                              post("X: a\r\n b\r\n"),
                              post("X: a\r\n\tb\r\n"),
                              post("X: a\r\n \r\n"),
                              "GET / HTTP/1.1\r\n Host: x\r\n\r\n",
                              "GET / HTTP/1.1\r\n\tHost: x\r\n\r\n",
                              post("X : a\r\n"),
                              post("X\t: a\r\n"),
                              post("X a\r\n"),
                              post(": a\r\n"),
                              post("X(: a\r\n"),
                              post("X Y: a\r\n"),
                              post("\"X\": a\r\n"),
                              post("X\xC3\xA9: a\r\n"),
                              post("X,Y: a\r\n"),
                              post("X/Y: a\r\n"),
                              post("X@: a\r\n"),
                              post(std::string("X: a\0b\r\n"sv)),
                              post(std::string("X\0: a\r\n"sv)),
                              post("X: a\x01"
                                   "b\r\n"),
                              post("X: a\x7f\r\n"),
                              post("X: \x1b[31m\r\n")});
  check_heads("ok", {post("X: a\tb\r\n"), post("X: caf\xC3\xA9\r\n"), post("!#$%&'*+-.^_`|~09aZ: a\r\n"), post("X:a\r\n"),
                     post("X: :a: b\r\n")});
}

TEST_CASE("faults A16, A17: whom the request is for") {
  const auto with_hosts = [](const std::string& lines) { return "GET / HTTP/1.1\r\n" + lines + "\r\n"; };
  check_heads("bad_request", {with_hosts(""), with_hosts("Host: a\r\nHost: b\r\n"), with_hosts("Host: a\r\nHost: a\r\n"),
                              with_hosts("Host: a,b\r\n"), with_hosts("Host: user@a\r\n"), with_hosts("Host: user:pw@a\r\n"),
                              with_hosts("Host: a/b\r\n"), with_hosts("Host: a b\r\n"), with_hosts("Host: a?b\r\n"),
                              with_hosts("Host: a#b\r\n"), with_hosts("Host: a\\b\r\n"), with_hosts("Host: http://a\r\n")});
  check_heads("ok", {with_hosts("Host: localhost\r\n"), with_hosts("Host: 127.0.0.1:8000\r\n"),
                     with_hosts("Host: [::1]:8000\r\n"), with_hosts("Host: [::1]\r\n")});
  const auto absolute = [](const std::string& target, const std::string& host) {
    return "GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n";
  };
  check_heads("misdirected",
              {absolute("http://evil.example/", "localhost:8000"), absolute("http://evil.example:8000/v1", "localhost:8000"),
               absolute("http://localhost:9999/v1", "localhost:8000")});
  check_heads("misdirected|bad_request",
              {absolute("https://evil.example/", "localhost:8000"), absolute("ftp://evil.example/", "localhost"),
               absolute("http://localhost:8000@evil.example/", "localhost:8000")});
  const std::string raw = absolute("http://localhost:8000/v1/models?a=b", "localhost:8000");
  const auto own = parse_request_head(raw);
  REQUIRE(own);
  CHECK(own->target == "/v1/models?a=b");
}

TEST_CASE("faults A18-A20: methods that are not for us, other protocols on this port") {
  check_heads("ok|method_not_allowed", {"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n"});
  check_heads("ok", {"TRACE / HTTP/1.1\r\nHost: x\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n"});
  check_heads("bad_request|version_not_supported", {"PRI * HTTP/2.0\r\n\r\n", "PRI * HTTP/2.0\r\nHost: x\r\n\r\n"});
  check_heads("bad_request", {std::string("\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03 a b\r\n\r\n"sv), "\r\n\r\n", " \r\n\r\n",
                              "GET\r\n\r\n", "GET /\r\n\r\n", std::string("\0\0\0\0\r\n\r\n"sv), "SSH-2.0-OpenSSH_9.2\r\n\r\n"});
  const auto upgrade =
      parse_request_head("GET /v1/responses HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  REQUIRE(upgrade);
  CHECK(upgrade->upgrade);
}

TEST_CASE("faults A21: sizes") {
  const auto get = [](std::size_t target) { return "GET /" + std::string(target - 1, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n"; };
  check_heads("ok", {get(kMaxTarget), post("X: " + std::string(kMaxFieldLine - 10, 'a') + "\r\n")});
  check_heads("uri_too_long", {get(kMaxTarget + 1), get(60'000)});
  check_heads("headers_too_large", {post("X: " + std::string(kMaxFieldLine + 1, 'a') + "\r\n"),
                                    post(std::string(kMaxFieldLine + 1, 'X') + ": a\r\n")});
  std::string fields;
  for (std::size_t i = 1; i < kMaxFields; ++i) fields += "X: y\r\n";
  check_heads("ok", {post(fields)});
  check_heads("headers_too_large", {post(fields + "X: y\r\n"), post(fields + fields + fields)});
  check_heads("ok", {std::string(kMaxMethod, 'M') + " / HTTP/1.1\r\nHost: x\r\n\r\n"});
  check_heads("not_implemented", {std::string(kMaxMethod + 1, 'M') + " / HTTP/1.1\r\nHost: x\r\n\r\n"});
}

TEST_CASE("faults A22, A23: versions and expectations") {
  for (const char* version : {"HTTP/2.0", "HTTP/1.2", "HTTP/3", "http/1.1", "HTTP/1.10", "HTTP/01.1", "HTTP/1", "HTTP/1.1 ",
                              " HTTP/1.1", "HTTPS/1.1", "HTTP/0.9", "HTTP/1,1", "", "HTTP/1.1\t"}) {
    check_heads("bad_request|version_not_supported", {post("", version)});
  }
  const auto waiting = parse_request_head(post("Content-Length: 5\r\nExpect: 100-Continue\r\n"));
  REQUIRE(waiting);
  CHECK(waiting->expects_continue);
  check_heads("expectation_failed", {post("Expect: 200-ok\r\n"), post("Expect: 100-continue, x\r\n"), post("Expect: \r\n")});
}

TEST_CASE("faults A26: request lines and targets") {
  const auto get = [](const std::string& target) { return "GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n"; };
  check_heads("bad_request", {get("a"),
                              get(""),
                              get("/a b"),
                              get("/a\tb"),
                              get("/a\x01"),
                              get(std::string("/a\0b"sv)),
                              get("/a\x7f"),
                              get("/a\rb"),
                              get("?a=b"),
                              get("*a"),
                              "GET  / HTTP/1.1\r\nHost: x\r\n\r\n",
                              "GET /  HTTP/1.1\r\nHost: x\r\n\r\n",
                              " GET / HTTP/1.1\r\nHost: x\r\n\r\n",
                              "G@T / HTTP/1.1\r\nHost: x\r\n\r\n",
                              "G\tT / HTTP/1.1\r\nHost: x\r\n\r\n",
                              "/ HTTP/1.1\r\nHost: x\r\n\r\n",
                              "GET\t/ HTTP/1.1\r\nHost: x\r\n\r\n",
                              get("/a#b"),
                              get("/caf\xC3\xA9"),
                              get("/a\xFF")});
  check_heads("ok", {get("/"), get("/a%20b?c=%0d%0a"), get("/a//b")});
}

TEST_CASE("keep-alive is what Connection says") {
  const auto keeps = [](const std::string& lines, const std::string& version = "HTTP/1.1") {
    const auto head = parse_request_head(post(lines, version));
    REQUIRE(head);
    return head->keep_alive;
  };
  CHECK(keeps(""));
  CHECK(keeps("Connection: keep-alive\r\n"));
  CHECK_FALSE(keeps("Connection: close\r\n"));
  CHECK_FALSE(keeps("Connection: CLOSE\r\n"));
  CHECK_FALSE(keeps("Connection: x-a, close\r\n"));
  CHECK_FALSE(keeps("Connection: x-a\r\nConnection: close\r\n"));
  CHECK(keeps("Connection: closed\r\n"));
  CHECK_FALSE(keeps("Connection: close\r\n", "HTTP/1.0"));
}

TEST_CASE("reply heads") {
  const std::string raw = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
  const auto reply = parse_reply_head(raw);
  REQUIRE(reply);
  CHECK(reply->status == 200);
  CHECK(reply->reason == "OK");
  CHECK(reply->chunked);
  CHECK(reply->keep_alive);
  CHECK_FALSE(reply->content_length);
  CHECK(reply->find("CONTENT-type") == "text/event-stream");
  CHECK(parse_reply_head("HTTP/1.1 204 \r\n\r\n")->status == 204);
  CHECK(parse_reply_head("HTTP/1.1 100 Continue\r\n\r\n")->status == 100);
  CHECK(parse_reply_head("HTTP/1.1 529 Overloaded\r\nContent-Length: 7\r\n\r\n")->content_length == 7);
  CHECK_FALSE(parse_reply_head("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")->keep_alive);
  CHECK_FALSE(parse_reply_head("HTTP/1.0 200 OK\r\n\r\n")->keep_alive);
}

TEST_CASE("faults E57, E58: replies that are not HTTP/1.x are upstream_failed") {
  for (const std::string& raw :
       {std::string("\r\n\r\n"), std::string("garbage\r\n\r\n"), std::string("HTTP/2 200\r\n\r\n"),
        std::string("HTTP/2.0 200 OK\r\n\r\n"), std::string("HTTP/1.1 20 OK\r\n\r\n"), std::string("HTTP/1.1 2000 OK\r\n\r\n"),
        std::string("HTTP/1.1 2x0 OK\r\n\r\n"), std::string("HTTP/1.1  200 OK\r\n\r\n"), std::string("HTTP/1.1\r\n\r\n"),
        std::string("ICY 200 OK\r\n\r\n"), std::string("HTTP/1.1 099 X\r\n\r\n"),
        std::string("HTTP/1.1 200 OK\r\nno colon\r\n\r\n"), std::string("HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n"),
        std::string("HTTP/1.1 200 OK\r\n: a\r\n\r\n"),
        std::string("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n"),
        std::string("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n"),
        std::string("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"),
        std::string("HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n"sv), std::string("\x15\x03\x01\0\x02\x02\x28\r\n\r\n"sv)}) {
    CAPTURE(raw);
    const auto reply = parse_reply_head(raw);
    REQUIRE_FALSE(reply);
    CHECK(reply.error().code == Code::upstream_failed);
  }
}

TEST_CASE("property: no bytes break the parsers, and what passes is sound") {
  PG_GEN(gen);
  const std::string good = post("Content-Length: 5\r\nConnection: keep-alive\r\nX-A: b\r\n");
  int passed = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string raw = round % 4 == 0 ? gen.bytes(gen.number(2, 40)) + "\r\n\r\n" : good;
    for (std::size_t faults = gen.number(1, 3); faults > 0; --faults) raw[gen.number(0, raw.size() - 5)] = gen.bytes(1)[0];
    CAPTURE(raw);
    if (const auto head = parse_request_head(raw)) {
      ++passed;
      REQUIRE_FALSE(head->method.empty());
      for (const Field& field : head->fields) {
        REQUIRE_FALSE(field.name.empty());
        REQUIRE(field.name.find_first_of("\r\n\0 :"sv) == std::string_view::npos);
        REQUIRE(field.value.find_first_of("\r\n\0"sv) == std::string_view::npos);
      }
    }
    (void)parse_reply_head(raw);
  }
  CHECK(passed > 100);
}

}  // namespace
}  // namespace pg
