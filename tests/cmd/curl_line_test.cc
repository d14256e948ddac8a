#include "cmd/curl_line.h"

#include <doctest/doctest.h>
#include <fmt/ranges.h>

#include "cmd/log_lines.h"
#include "tests/support/test_shell.h"

using namespace pg;
using pg::test::TestShell;

namespace {

Settings settings() {
  Settings made;
  made.projects["team"].id = "7b1f0c52-3d0e-4c3e-9a55-0a4f5f1f2b11";
  made.projects["team"].name = "team";
  made.providers["mine"].credential = "client";
  return made;
}

LogRow curl_row(std::string path = "/v1/messages", std::string model = "m") {
  LogRow row;
  row.id = "01KAJ2Q8ZZZZZZZZZZZZZZZZZZ";
  row.project_id = "7B1F0C52-3d0e-4c3e-9a55-0a4f5f1f2b11";
  row.project = "team";
  row.key = "laptop";
  row.provider = "acme";
  row.path = std::move(path);
  row.model = std::move(model);
  return row;
}

LogBody sent_body(std::string dialect, std::string request = R"({"model":"m","input":"x","messages":[]})") {
  LogBody body;
  body.dialect = std::move(dialect);
  body.request = std::move(request);
  return body;
}

std::string line(const CurlLine& curl) {
  return fmt::format("{}", fmt::join(curl.parts, " "));
}

}  // namespace

TEST_CASE("curl: what sends a kept request again is one line of sh, whoever wrote path, body and names") {
  const CurlLine plain = make_curl_line(settings(), "", curl_row("/api/team/v1/v1/messages/"), sent_body("anthropic"));
  CHECK(line(plain) ==
        "pg logs show 01KAJ2Q8ZZZZZZZZZZZZZZZZZZ --only request | curl -sS http://127.0.0.1:8787/api/team/v1/messages "
        "-H \"x-api-key: $PG_KEY\" -H 'anthropic-version: 2023-06-01' -H 'Content-Type: application/json' --data-binary @-");
  CHECK(plain.differs.empty());
  CHECK(plain.why.empty());
  const std::string counted =
      line(make_curl_line(settings(), "", curl_row("/api/x/v1/messages/count_tokens"), sent_body("anthropic")));
  CHECK(counted.find("/api/team/v1/messages/count_tokens -H") != std::string::npos);
  for (const char* dialect : {"openai-chat", "openai-responses", "embeddings"}) {
    const std::string text = line(make_curl_line(settings(), "", curl_row(), sent_body(dialect)));
    CHECK(text.find("-H \"Authorization: Bearer $PG_KEY\" -H 'Content-Type") != std::string::npos);
  }
  // Nothing that a stranger wrote is in it.
  const std::string hostile = "'$(touch x)`id`\";\n\x1b[2J|";
  LogRow foreign = curl_row("/api/" + hostile + "/v1/messages", hostile);
  foreign.provider = foreign.agent = foreign.session = foreign.ua = foreign.project = hostile;
  CHECK(line(make_curl_line(settings(), "", foreign,
                            sent_body("anthropic", R"({"model":"m","x":")" + std::string("$(id)`'") + "\"}"))) == line(plain));
  CHECK(line(make_curl_line(settings(), "it's $(id).toml", curl_row(), sent_body("anthropic")))
            .starts_with("pg --config 'it'\\''s $(id).toml' logs show "));
  CHECK(make_curl_line(settings(), "a\nb", curl_row(), sent_body("anthropic")).parts.empty());
}

TEST_CASE("curl: in what the line differs from what the client sent is said, and why there is none") {
  LogBody starred = sent_body("anthropic");
  starred.masked = 1;
  CHECK(make_curl_line(settings(), "", curl_row("/v1/messages", "fast"), starred).differs ==
        "it asks for m, as the provider was, and not for fast; 1 secret is starred in it");
  LogRow own = curl_row();
  own.provider = "mine";
  const CurlLine login = make_curl_line(settings(), "", own, sent_body("openai-chat"));
  CHECK(line(login).find("-H \"x-pg-key: $PG_KEY\" -H 'Content-Type") != std::string::npos);
  CHECK(login.differs == "mine wants your own credential in a header beside these");
  LogRow open = curl_row();
  open.key.clear();
  CHECK(line(make_curl_line(settings(), "", open, sent_body("openai-chat"))).find("PG_KEY") == std::string::npos);

  LogBody cut = sent_body("anthropic");
  cut.request_cut = true;
  CHECK(make_curl_line(settings(), "", curl_row(), cut).why.find("body_max_size") != std::string::npos);
  for (const LogBody& other : {sent_body("gemini"), sent_body("cohere"), sent_body("anthropic", R"({"messages":[]})"),
                               sent_body("anthropic", "no json"), sent_body("embeddings", R"({"model":"m","texts":["x"]})")}) {
    const CurlLine none = make_curl_line(settings(), "", curl_row(), other);
    CHECK(none.parts.empty());
    CHECK(none.why == "acme was asked in a form of its own, which pg does not take");
  }
  const CurlLine nothing = make_curl_line(settings(), "", curl_row(), sent_body("anthropic", ""));
  CHECK(nothing.parts.empty());
  CHECK(nothing.why.empty());
}

TEST_CASE("curl: a terminal gets the line with escaped ends, which may be pasted as it stands; a program all in one") {
  TestShell test;
  const CurlLine curl = make_curl_line(settings(), "", curl_row("/v1/messages", "fast"), sent_body("anthropic"));
  const std::string piped = log_page(test.shell, curl_row(), "", curl);
  CHECK(piped.ends_with("\ncurl\t" + line(curl) + "\n"));
  test.shell.out_tty = true;
  test.shell.width = 40;
  const std::string page = log_page(test.shell, curl_row(), "", curl);
  CHECK(
      page.ends_with("\ncurl\n  pg logs show 01KAJ2Q8ZZZZZZZZZZZZZZZZZZ --only request | \\\n"
                     "  curl -sS http://127.0.0.1:8787/api/team/v1/messages \\\n  -H \"x-api-key: $PG_KEY\" \\\n"
                     "  -H 'anthropic-version: 2023-06-01' \\\n  -H 'Content-Type: application/json' \\\n"
                     "  --data-binary @-\n"));
  CHECK(page.find("curl differs ") != std::string::npos);
  CHECK(log_page(test.shell, curl_row(), "").find("curl") == std::string::npos);
}
