#include "proxy/posture.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "tests/support/result.h"

namespace pg {
namespace {

using Lines = std::vector<std::pair<std::string, std::string>>;

std::string posture_verdict(const Lines& lines, const Policy& policy = {}, const std::string& listen_host = "127.0.0.1") {
  RequestHead head;
  head.method = "POST";
  head.target = "/api/test/v1/messages";
  for (const auto& [name, value] : lines) head.fields.push_back({name, value});
  const Status status = check_posture(head, policy, listen_host);
  return status ? "ok" : std::string(code_name(status.error().code));
}
std::string host(const std::string& name, const Policy& policy = {}, const std::string& listen_host = "127.0.0.1") {
  return posture_verdict({{"Host", name}}, policy, listen_host);
}
std::string with(const std::string& name, const std::string& value, const Policy& policy = {}) {
  return posture_verdict({{"Host", "localhost:8000"}, {name, value}}, policy);
}

TEST_CASE("faults C37, C42: only our own names are answered") {
  for (const char* own :
       {"localhost", "localhost:8000", "LOCALHOST:8000", "127.0.0.1", "127.0.0.1:8000", "[::1]", "[::1]:8000"}) {
    CAPTURE(own);
    CHECK(host(own) == "ok");
  }
  for (const char* foreign : {"evil.example",
                              "evil.example:8000",
                              "localhost.evil",
                              "localhost.evil:8000",
                              "127.0.0.1.nip.io",
                              "127.0.0.1.nip.io:8000",
                              "evil.localhost.example",
                              "xlocalhost",
                              "localhostx",
                              "0.0.0.0",
                              "0.0.0.0:8000",
                              "[::]",
                              "127.1",
                              "127.1:8000",
                              "2130706433",
                              "0x7f.1",
                              "0177.0.0.1",
                              "10.0.0.5",
                              "192.168.1.1",
                              "[fe80::1]",
                              "[::ffff:10.0.0.5]",
                              "169.254.169.254",
                              "",
                              ":8000",
                              "localhost,evil.example",
                              "localhost evil",
                              "localhost:b",
                              "localhost:80:80",
                              "[::1",
                              "localhost:",
                              "localhost:80@evil.example"}) {
    CAPTURE(foreign);
    CHECK(host(foreign) == "host_not_allowed");
  }
  for (const char* dotted : {"evil.example.", "localhost.evil.", "127.0.0.1.nip.io."}) CHECK(host(dotted) == "host_not_allowed");
}

TEST_CASE("names of the settings and the bound address are ours too") {
  Policy policy;
  policy.allowed_hosts = {"pg.corp.example"};
  CHECK(host("pg.corp.example:8000", policy) == "ok");
  CHECK(host("PG.corp.example", policy) == "ok");
  CHECK(host("x.pg.corp.example", policy) == "host_not_allowed");
  CHECK(host("pg.corp.example.evil", policy) == "host_not_allowed");
  CHECK(host("corp.example", policy) == "host_not_allowed");
  CHECK(host("10.0.0.5:8000", {}, "10.0.0.5") == "ok");
  CHECK(host("10.0.0.6:8000", {}, "10.0.0.5") == "host_not_allowed");
}

TEST_CASE("faults C38: no page of another origin") {
  for (const char* origin : {"https://evil.example", "http://evil.example:8000", "null", "file://", "http://localhost.evil",
                             "http://127.0.0.1.nip.io:8000", "chrome-extension://abcdef", "", "http://",
                             "https://evil.example http://localhost:8000"}) {
    CAPTURE(origin);
    CHECK(with("Origin", origin) == "host_not_allowed");
  }
  Policy policy;
  policy.allowed_origins = {"https://app.example"};
  CHECK(with("Origin", "https://app.example", policy) == "ok");
  CHECK(with("Origin", "http://app.example", policy) == "host_not_allowed");
  CHECK(with("Origin", "https://app.example.evil", policy) == "host_not_allowed");
  CHECK(with("Origin", "https://app.example:444", policy) == "host_not_allowed");
}

TEST_CASE("faults C39: no cross-site request; headers of Node's fetch are no browser") {
  CHECK(with("Sec-Fetch-Site", "cross-site") == "host_not_allowed");
  CHECK(with("sec-fetch-site", "Cross-Site") == "host_not_allowed");
  CHECK(with("Sec-Fetch-Site", "none") == "ok");
  CHECK(with("Sec-Fetch-Site", "same-origin") == "ok");
  CHECK(with("sec-fetch-mode", "cors") == "ok");
  CHECK(with("anthropic-dangerous-direct-browser-access", "true") == "ok");
}

TEST_CASE("a refusal does not repeat the foreign name to a terminal") {
  RequestHead head;
  head.fields = {{"Host", "evil\x1b[31m.example"}};
  const Status status = check_posture(head, Policy{}, "127.0.0.1");
  REQUIRE_FALSE(status);
  CHECK((status.error().message + status.error().detail).find('\x1b') == std::string::npos);
}

TEST_CASE("a forwarded host must be ours as well, and the page of another scheme is another's") {
  Policy policy;
  policy.hosts["llm.example.com"] = nullptr;
  const auto forwarded = [&](const std::string& own_host, const std::string& named, const std::string& origin = "") {
    RequestHead head;
    head.fields.push_back({"Host", own_host});
    if (!origin.empty()) head.fields.push_back({"Origin", origin});
    Arrival arrival;
    arrival.forwarded = true;
    arrival.host = named;
    arrival.scheme = "https";
    const Status status = check_posture(head, policy, "127.0.0.1", arrival);
    return status ? "ok" : std::string(code_name(status.error().code));
  };
  CHECK(host("LLM.example.com:443", policy) == "ok");
  CHECK(forwarded("127.0.0.1:8787", "llm.example.com") == "ok");
  CHECK(forwarded("127.0.0.1:8787", "") == "ok");
  CHECK(forwarded("127.0.0.1:8787", "evil.example") == "host_not_allowed");
  CHECK(forwarded("evil.example", "llm.example.com") == "host_not_allowed");
  CHECK(forwarded("127.0.0.1", "llm.example.com", "https://llm.example.com") == "ok");
  CHECK(forwarded("127.0.0.1", "llm.example.com", "http://llm.example.com") == "host_not_allowed");
  CHECK(forwarded("127.0.0.1", "llm.example.com", "https://evil.example") == "host_not_allowed");
}

TEST_CASE("a project without keys answers this machine alone") {
  Arrival arrival;
  CHECK(is_from_here(arrival));
  arrival.forwarded = true;
  CHECK_FALSE(is_from_here(arrival));
  arrival.client = parse_address("203.0.113.9");
  CHECK_FALSE(is_from_here(arrival));
  arrival.client = parse_address("::1");
  CHECK(is_from_here(arrival));
}

TEST_CASE("faults C40: a body must be declared as JSON") {
  const auto type = [](const char* value) {
    RequestHead head;
    if (value != nullptr) head.fields = {{"content-type", value}};
    const Status status = check_json_type(head);
    return status ? "ok" : std::string(code_name(status.error().code));
  };
  for (const char* json : {"application/json", "application/json; charset=utf-8", "Application/JSON",
                           "application/json;charset=UTF-8", "application/json ; a=b"}) {
    CAPTURE(json);
    CHECK(type(json) == "ok");
  }
  for (const char* other :
       {"text/plain", "text/plain;charset=UTF-8", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "",
        "json", "text/plain; application/json", "text/plain, application/json", "application/jsonx",
        "application/json, text/plain", "x/application/json", "application / json", "text/json"}) {
    CAPTURE(other);
    CHECK(type(other) == "unsupported_media");
  }
  CHECK(type(nullptr) == "unsupported_media");
}

}  // namespace
}  // namespace pg
