// URLs: what is taken apart comes together again, and what could be read two ways is refused.
#include "core/base/url.h"

#include <doctest/doctest.h>

#include <string>

#include "tests/support/result.h"

namespace pg {

TEST_CASE("a URL is taken apart") {
  const auto url = parse_url("HTTPS://API.Example.com:8443/v1/x?a=b&c");
  REQUIRE(url);
  CHECK(url->tls);
  CHECK(url->host == "api.example.com");
  CHECK(url->port == 8443);
  CHECK(url->path == "/v1/x");
  CHECK(url->query == "a=b&c");
  CHECK(url->authority() == "api.example.com:8443");
  CHECK(url->text() == "https://api.example.com:8443/v1/x?a=b&c");
}

TEST_CASE("defaults: port of the scheme, no trailing slash, no query") {
  const auto url = parse_url("http://localhost/");
  REQUIRE(url);
  CHECK_FALSE(url->tls);
  CHECK(url->port == 80);
  CHECK(url->path == "");
  CHECK(url->query == "");
  CHECK(url->authority() == "localhost");
  CHECK(parse_url("https://a.b")->port == 443);
  CHECK(parse_url("https://a.b:443/v1//")->text() == "https://a.b/v1");
  CHECK(parse_url("https://a.b?x=/")->query == "x=/");
  CHECK(parse_url("http://a.b:443")->authority() == "a.b:443");
}

TEST_CASE("addresses are hosts; IPv6 stands in brackets on the wire only") {
  const auto six = parse_url("http://[::1]:11434/v1");
  REQUIRE(six);
  CHECK(six->host == "::1");
  CHECK(six->port == 11434);
  CHECK(six->authority() == "[::1]:11434");
  CHECK(six->text() == "http://[::1]:11434/v1");
  CHECK(parse_url("http://127.0.0.1:8080")->host == "127.0.0.1");
}

TEST_CASE("everything doubtful is refused, and the refusal does not repeat the URL") {
  for (const char* bad : {"",
                          "example.com",
                          "ftp://a",
                          "//a",
                          "http:/a",
                          "http://",
                          "http:///x",
                          "http://user@a",
                          "http://user:pw@a/",
                          "http://a/#f",
                          "http://a:0",
                          "http://a:65536",
                          "http://a:99999999999999999999",
                          "http://a:",
                          "http://a:x",
                          "http://a:-1",
                          "http://a b",
                          "http://a\\b",
                          "http://a/\t",
                          "http://a\n",
                          "http://\xC3\xA9.com",
                          "http://a%2eb",
                          "http://-a",
                          "http://a-.b",
                          "http://a..b",
                          "http://.a",
                          "http://a.",
                          "http://127.1",
                          "http://0x7f.1",
                          "http://2130706433",
                          "http://1.2.3.256",
                          "http://a.0x1",
                          "http://[::1",
                          "http://::1",
                          "http://[::1]x",
                          "http://[1.2.3.4]",
                          "http://[]",
                          "http://[::1%25lo]",
                          "http://a/\"<>"}) {
    CAPTURE(bad);
    const auto url = parse_url(bad);
    REQUIRE_FALSE(url);
    CHECK(url.error().code == Code::bad_request);
    CHECK_FALSE(url.error().message.empty());
    CHECK(url.error().message.find("user:pw") == std::string::npos);
  }
  CHECK_FALSE(parse_url("http://" + std::string(64, 'a')));
  CHECK_FALSE(parse_url("http://" + std::string(300, 'a') + ".b"));
}

TEST_CASE("parsing a written URL gives the same URL") {
  for (const char* text : {"http://a", "https://a.b:1/x?y", "http://[2001:db8::1]/p", "http://a_b/c%20d"}) {
    CAPTURE(text);
    CHECK(parse_url(text)->text() == text);
  }
}

}  // namespace pg
