#include "config/checks.h"

#include <doctest/doctest.h>

using namespace pg;

namespace {

std::string complaint_text(const std::optional<Complaint>& complaint) {
  return complaint ? complaint->message : "fine";
}

}  // namespace

TEST_CASE("a credential is named, never written") {
  for (const char* good : {"sealed", "client", "none", "env:OPENAI_API_KEY", "env:_X1", "file:/run/secrets/x", "file:x"})
    CHECK_MESSAGE(!check_credential(good), good);
  CHECK(check_credential("sealde")->hint == "did you mean \"sealed\"?");
  CHECK(complaint_text(check_credential("env:")) == "credential: \"env:\" takes the name of a variable");
  CHECK(complaint_text(check_credential("env:1X")) == "credential: \"env:\" takes the name of a variable");
  CHECK(complaint_text(check_credential("file:")) != "fine");
  const std::string secret = "sk-" + std::string("abcdefghij1234567890");
  for (const std::string& text : {secret, "Bearer " + secret, std::string("sixteen characters")}) {
    const auto complaint = check_credential(text);
    CHECK(complaint_text(complaint) == "a credential must not stand in a settings file");
    CHECK(complaint->hint.find("pg providers login NAME") != std::string::npos);
  }
  CHECK(complaint_text(check_credential("env:" + secret)).find("abcdefghij") == std::string::npos);
}

TEST_CASE("base URLs, hosts and origins") {
  CHECK_FALSE(check_base_url("https://api.openai.com/v1"));
  CHECK_FALSE(check_base_url("http://127.0.0.1:11434/v1"));
  for (const char* bad :
       {"", "api.openai.com", "ftp://x", "https://user@host/", "https://x/v1?key=1", "https://x/\\y", "file:///etc"})
    CHECK_MESSAGE(check_base_url(bad), bad);
  for (const char* good : {"127.0.0.1", "::1", "localhost", "0.0.0.0"}) CHECK_MESSAGE(!check_bind_host(good), good);
  for (const char* bad : {"", "127.1", "example.com", "127.0.0.1:80"}) CHECK_MESSAGE(check_bind_host(bad), bad);
  for (const char* good : {"pg.example.com", "PG", "192.168.1.7"}) CHECK_MESSAGE(!check_host_name(good), good);
  for (const char* bad : {"", "a:80", "a:81", "a/b", "a b", "x@a", "a?b", "*"}) CHECK_MESSAGE(check_host_name(bad), bad);
  CHECK_FALSE(check_origin("https://app.example.com"));
  CHECK_FALSE(check_origin("http://localhost:3000"));
  for (const char* bad : {"", "*", "null", "https://x/", "https://x/y", "file://x"}) CHECK_MESSAGE(check_origin(bad), bad);
}

TEST_CASE("names, ids, types and ways to sign in") {
  CHECK_FALSE(check_provider_name("my-gateway_2"));
  for (const char* bad : {"", "-x", "_x", "X", "a b", "a.b"}) CHECK_MESSAGE(check_provider_name(bad), bad);
  CHECK(check_provider_name(std::string(64, 'a')));
  CHECK_FALSE(check_uuid("0f1e2d3c-4b5a-4968-8776-a5b4c3d2e1f0"));
  CHECK(check_uuid("x")->hint.find("made for you just now") != std::string::npos);
  CHECK_FALSE(check_project_type("agent"));
  CHECK(check_project_type("agnet")->hint == "did you mean \"agent\"?");
  CHECK_FALSE(check_auth("x-api-key"));
  CHECK(complaint_text(check_auth("basic")) ==
        "auth must be \"bearer\", \"x-api-key\", \"x-goog-api-key\", \"api-key\", \"sigv4\", \"google\" or \"none\"");
  CHECK(check_plain_text(""));
  CHECK(check_plain_text("a\nb"));
}

TEST_CASE("headers cannot split, frame or carry credentials") {
  CHECK_FALSE(check_header("anthropic-beta", "context-1m-2025-08-07"));
  CHECK(complaint_text(check_header("x-a", "b\r\nx: y")) == "a header value must not hold control characters");
  CHECK(complaint_text(check_header("x a", "b")) == "not a header name");
  CHECK(complaint_text(check_header("", "b")) == "not a header name");
  CHECK(complaint_text(check_header("Transfer-Encoding", "chunked")) == "the header \"transfer-encoding\" is set by pg itself");
  CHECK(complaint_text(check_header("X-Api-Key", "1")) == "a credential must not stand in a settings file");
  CHECK(complaint_text(check_header("x-other", "Bearer sk-" + std::string("abcdefghij1234567890"))) ==
        "a credential must not stand in a settings file");
}
