#include "core/base/service_account.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "core/base/encode.h"
#include "core/base/text.h"
#include "tests/support/cloud.h"
#include "tests/support/result.h"

using namespace pg;
using Json = nlohmann::json;

TEST_CASE("service account: the claim is signed for the token endpoint, for an hour") {
  const ServiceAccount account = read_service_account(test::service_account_json("https://oauth2.example/token")).value();
  const std::string form = write_token_request(account, 1'700'000'000'500).value();
  const std::string start = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=";
  REQUIRE(form.starts_with(start));
  const auto parts = split(std::string_view(form).substr(start.size()), '.');
  REQUIRE(parts.size() == 3);
  CHECK(Json::parse(from_base64url(parts[0]).value()) == Json{{"alg", "RS256"}, {"typ", "JWT"}, {"kid", "kid-1"}});
  CHECK(Json::parse(from_base64url(parts[1]).value()) == Json{{"iss", "pg@p-1.iam.gserviceaccount.com"},
                                                              {"scope", "https://www.googleapis.com/auth/cloud-platform"},
                                                              {"aud", "https://oauth2.example/token"},
                                                              {"iat", 1'700'000'000},
                                                              {"exp", 1'700'003'600}});
  const std::string signed_part = std::string(parts[0]) + "." + std::string(parts[1]);
  CHECK(test::is_rs256(test::rsa_key(), signed_part, from_base64url(parts[2]).value()));
  CHECK_FALSE(test::is_rs256(test::rsa_key(), signed_part + "x", from_base64url(parts[2]).value()));
}

TEST_CASE("service account: what is no key file says why, and never what stood in it") {
  const Json good = Json::parse(test::service_account_json("https://oauth2.example/token"));
  const auto refused = [](const std::string& text, std::string_view why) {
    CAPTURE(why);
    const Result<ServiceAccount> account = read_service_account(text);
    REQUIRE_FALSE(account);
    CHECK(account.error().message.find(why) != std::string::npos);
    CHECK(account.error().message.find("p-1") == std::string::npos);
  };
  refused("", "no JSON object");
  refused("[]", "no JSON object");
  refused("{}", "service_account");
  const auto with = [&good](const char* name, const Json& value) {
    Json changed = good;
    changed[name] = value;
    return changed.dump();
  };
  refused(with("type", "authorized_user"), "service_account");
  refused(with("client_email", ""), "lacks");
  refused(with("private_key", 5), "lacks");
  refused(with("private_key", "-----BEGIN"), "no RSA key");
  refused(with("token_uri", "http://oauth2.example/token"), "https");
  refused(with("token_uri", nullptr), "https");
  CHECK(read_service_account(with("token_uri", "http://127.0.0.1:9/token")));
  const auto first = read_service_account(good.dump()), second = read_service_account(with("private_key_id", "kid-2"));
  CHECK(first.value().id != second.value().id);
}

TEST_CASE("service account: the answer is a token, or the endpoint's one word") {
  const auto token = read_token_reply(200, R"({"access_token":"ya29.abc......","expires_in":3599,"token_type":"Bearer"})");
  REQUIRE(token);
  CHECK(token.value().text.reveal() == "ya29.abc......");
  CHECK(token.value().seconds == 3599);
  const auto refused = read_token_reply(400, R"({"error":"invalid_grant","error_description":"Invalid JWT Signature."})");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::upstream_failed);
  CHECK(refused.error().detail == "status 400: invalid_grant");
  const std::string markup = R"({"error":"<script> alert"})";
  for (const std::string& bad :
       {std::string(), std::string("[]"), std::string("{}"), std::string(R"({"access_token":""})"),
        std::string(R"({"access_token":"a b"})"), std::string(R"({"access_token":"a","expires_in":-1})"), markup})
    CHECK(read_token_reply(200, bad).error().detail == "status 200");
}
