// URLs in the heads of replies: what lies below the base comes back to the gateway, and nothing leads to another service.
#include "core/route/service_url.h"

#include <doctest/doctest.h>

using namespace pg;

namespace {

constexpr ServicePlace kCrm{"https://api.example.com/v2", "https://api.example.com/v2/users/7?x=1", "/api/web/crm"};

std::string mapped_in_crm(std::string_view url) {
  return map_service_url(url, kCrm);
}

}  // namespace

TEST_CASE("a URL below the base becomes one of the gateway") {
  CHECK(mapped_in_crm("https://api.example.com/v2/a?b=c#d") == "/api/web/crm/a?b=c#d");
  CHECK(mapped_in_crm("HTTPS://API.example.COM/v2/a") == "/api/web/crm/a");
  CHECK(mapped_in_crm("https://api.example.com:443/v2/a") == "/api/web/crm/a");
  CHECK(mapped_in_crm("https://api.example.com/v2") == "/api/web/crm");
  CHECK(mapped_in_crm("/v2/a") == "/api/web/crm/a");
  CHECK(mapped_in_crm("//api.example.com/v2/a") == "/api/web/crm/a");
  CHECK(map_service_url("/x", {"https://h.example", "https://h.example/y", "/api/p/s"}) == "/api/p/s/x");
  CHECK(map_service_url("x", {"https://h.example", "https://h.example", "/api/p/s"}) == "/api/p/s/x");
}

TEST_CASE("one elsewhere stays, or gets the service's own scheme and authority") {
  for (const char* same :
       {"https://api.example.com/v20/a", "https://api.example.com:8443/v2/a", "https://api.example.com.evil.example/v2/a",
        "http://api.example.com/v2/a", "https://user@api.example.com/v2/a", "mailto:x", "https://api.example.com/V2/a"})
    CHECK(mapped_in_crm(same) == same);
  CHECK(mapped_in_crm("/login") == "https://api.example.com/login");
  CHECK(mapped_in_crm("/v20") == "https://api.example.com/v20");
  CHECK(mapped_in_crm("//other.example/v2/a") == "https://other.example/v2/a");
  CHECK(mapped_in_crm("http:other.example/a") == "http://other.example/a");
}

TEST_CASE("what is relative is resolved against what was asked for") {
  CHECK(mapped_in_crm("8") == "/api/web/crm/users/8");
  CHECK(mapped_in_crm("./8/") == "/api/web/crm/users/8/");
  CHECK(mapped_in_crm("..") == "/api/web/crm/");
  CHECK(mapped_in_crm("../groups?y#z") == "/api/web/crm/groups?y#z");
  CHECK(mapped_in_crm("?page=2") == "/api/web/crm/users/7?page=2");
  CHECK(mapped_in_crm("#top") == "/api/web/crm/users/7?x=1#top");
  CHECK(mapped_in_crm("") == "/api/web/crm/users/7?x=1");
  CHECK(mapped_in_crm("https:8") == "/api/web/crm/users/8");
  CHECK(mapped_in_crm("1:2") == "/api/web/crm/users/1:2");
}

TEST_CASE("dots lead out of the service, not into another one") {
  for (const char* out :
       {"../../billing/x", "/v2/../billing/x", "..\\..\\billing/x", "%2e%2e/%2E./billing/x", "/v2/.%2e/billing/x",
        "../../../../billing/x", ".\t./../billing/x", "https:../../billing/x", "/v2/users/../../billing/x"})
    CHECK_MESSAGE(mapped_in_crm(out) == "https://api.example.com/billing/x", out);
  CHECK(mapped_in_crm("https://api.example.com/v2/../billing") == "https://api.example.com/v2/../billing");
  CHECK(mapped_in_crm("/x/../v2/a") == "/api/web/crm/a");
  CHECK(mapped_in_crm("/\\other.example/x") == "https://other.example/x");
  CHECK(mapped_in_crm("?to=../../x\\y") == "/api/web/crm/users/7?to=../../x\\y");
  CHECK(map_service_url("../../../b/x", {"https://h.example", "https://h.example/a", "/api/p/s"}) == "/api/p/s/b/x");
}

TEST_CASE("every target of a Link, and nothing in its quoted strings") {
  CHECK(map_service_links(R"(<https://api.example.com/v2/a?page=2>; rel="next", <https://x.example/>; rel="last")", kCrm) ==
        R"(</api/web/crm/a?page=2>; rel="next", <https://x.example/>; rel="last")");
  CHECK(map_service_links(R"(<8>; title="a\"<", <../../billing>)", kCrm) ==
        R"(</api/web/crm/users/8>; title="a\"<", <https://api.example.com/billing>)");
  CHECK(map_service_links("a", kCrm) == "a");
  CHECK(map_service_links("", kCrm).empty());
  CHECK(map_service_links("<../../billing", kCrm) == "<https://api.example.com/billing");
}
