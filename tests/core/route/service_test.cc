// What a project allows of a service, and how its credential and its token are asked for.
#include "core/route/service.h"

#include <doctest/doctest.h>

#include "tests/support/result.h"

using namespace pg;

namespace {

Service allowing(std::vector<std::string> methods, std::vector<std::string> paths = {}, std::vector<std::string> deny = {}) {
  Service service;
  service.name = "github";
  service.methods = std::move(methods);
  service.paths = std::move(paths);
  service.deny_paths = std::move(deny);
  return service;
}

}  // namespace

TEST_CASE("methods and paths: what is not allowed says why") {
  const Service service = allowing({"GET", "POST"}, {"/repos/**"}, {"/repos/*/*/keys"});
  CHECK(check_service_call(service, "GET", "/repos/o/r"));
  const Status method = check_service_call(service, "DELETE", "/repos/o/r");
  REQUIRE(!method);
  CHECK(method.error().code == Code::method_not_allowed);
  CHECK(method.error().detail == "GET, POST");
  const Status denied = check_service_call(service, "GET", "/repos/o/r/keys/1");
  REQUIRE(!denied);
  CHECK(denied.error().code == Code::forbidden);
  CHECK(denied.error().message.find("deny_paths") != std::string::npos);
  CHECK(check_service_call(service, "GET", "/user").error().code == Code::forbidden);
  CHECK(check_service_call(allowing({"GET"}), "GET", "/anything/at/all"));
  CHECK_FALSE(check_service_call(allowing({"GET"}), "get", "/"));
}

TEST_CASE("a credential in the words of its field") {
  Service service;
  service.auth = ServiceAuth::bearer;
  CHECK(service_credential(service, "abc").reveal() == "Bearer abc");
  service.auth = ServiceAuth::basic;
  CHECK(service_credential(service, "me:pw").reveal() == "Basic bWU6cHc=");
  service.auth = ServiceAuth::header;
  CHECK(service_credential(service, "abc").reveal() == "abc");
  service.auth = ServiceAuth::query;
  CHECK(service_credential(service, "a&b").reveal() == "a%26b");
  service.auth = ServiceAuth::none;
  CHECK(service_credential(service, "abc").empty());
}

TEST_CASE("the forms of RFC 6749: client credentials and refresh token, by Basic and in the body") {
  OAuthClient client;
  client.client_id = "id&1";
  client.client_secret = SecretString("s p");
  client.scope = "a b";
  CHECK(write_oauth_form(client, "").reveal() == "grant_type=client_credentials&scope=a%20b");
  CHECK(write_oauth_field(client).reveal() ==
        "Authorization: Basic "
        "aWQlMjYxOnMlMjBw\r\n");
  client.audience = "https://x";
  CHECK(write_oauth_form(client, "r1").reveal() ==
        "grant_type=refresh_token&refresh_token=r1&scope=a%20b&audience=https%3A%2F%2Fx");
  client.in_body = true;
  CHECK(write_oauth_form(client, "").reveal() ==
        "grant_type=client_credentials&scope=a%20b&audience=https%3A%2F%2Fx&client_id=id%261&client_secret=s%20p");
  CHECK(write_oauth_field(client).empty());
  OAuthClient open;
  open.client_id = "me";
  CHECK(write_oauth_form(open, "r").reveal() == "grant_type=refresh_token&refresh_token=r&client_id=me");
  CHECK(write_oauth_field(open).empty());
}
