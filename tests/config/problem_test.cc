#include "config/problem.h"

#include <doctest/doctest.h>

#include "core/access/keys.h"

using namespace pg;

TEST_CASE("a problem is three lines: headline, source, caret with the hint") {
  const Problem problem{{"pg.toml", 12, 3, "  secrts = \"redact\"", 6}, "unknown key \"secrts\"", "did you mean \"secrets\"?"};
  CHECK(problem_text(problem) ==
        "pg.toml:12:3: unknown key \"secrts\"\n"
        "    secrts = \"redact\"\n"
        "    ^~~~~~ did you mean \"secrets\"?");
}

TEST_CASE("without a source line a problem is one line") {
  CHECK(problem_text({{"pg.toml", 0, 0, "", 1}, "larger than 5 bytes", ""}) == "pg.toml: larger than 5 bytes");
  CHECK(problem_text({{"", 0, 0, "", 1}, "no file", "pg init makes one"}) == "no file (pg init makes one)");
  CHECK(problems_text({{{"a", 0, 0, "", 1}, "x", ""}, {{"b", 0, 0, "", 1}, "y", ""}}) == "a: x\nb: y");
}

TEST_CASE("the caret stands under wide characters, tabs and escaped bytes") {
  CHECK(problem_text({{"f", 1, 4, "\t\xe6\x97\xa5 x", 1}, "m", ""}) == "f:1:4: m\n   \xe6\x97\xa5 x\n      ^");
  CHECK(problem_text({{"f", 1, 2, "\x1b[31m", 1}, "m", ""}) == "f:1:2: m\n  \\x1B[31m\n      ^");
}

TEST_CASE("nothing in a problem drives a terminal or begins a line of its own") {
  const std::string text = problem_text({{"a\nb", 1, 1, "x", 1}, "key \"\xe2\x80\xae\x1b\"", "did you\nmean"});
  CHECK(text == "a\\x0Ab:1:1: key \"\\u{202E}\\x1B\"\n  x\n  ^ did you\\x0Amean");
}

TEST_CASE("of a long line a window is shown") {
  const Problem problem{{"f", 1, 2001, std::string(2000, 'a') + " x " + std::string(2000, 'b'), 1}, "m", ""};
  const std::string text = problem_text(problem);
  CHECK(text.size() < 400);
  CHECK(text.find("a x b") != std::string::npos);
}

TEST_CASE("what looks like a credential is masked, what does not is shown") {
  const std::string key(mint_key().text.reveal());
  const std::string aws = std::string("AKIA") + "Q3EGXAMPLEQ3EGXA";
  for (const std::string& secret :
       {key, aws, "sk-" + std::string("proj-abcdefghijklmnop"), std::string(10, 'a') + std::string(10, '7')}) {
    CHECK(looks_like_credential(secret));
    CHECK(mask_credentials("x = \"" + secret + "\" # y") == "x = \"" + std::string(secret.size(), '*') + "\" # y");
  }
  for (const char* line : {"model = \"claude-sonnet-4-5-20250929\"", "beta = \"context-1m-2025-08-07\"",
                           "id = \"0f1e2d3c-4b5a-4968-8776-a5b4c3d2e1f0\"", "path = \"/home/someone/projects/service2024/conf\"",
                           "credential = \"env:OPENAI_API_KEY\"", "require_key = false", "credential = \"sealed\""})
    CHECK(mask_credentials(line) == std::string(line));
}

TEST_CASE("the value of a name for credentials is masked whatever it looks like") {
  CHECK(mask_credentials("password = \"hunter2\"") == "password = \"*******\"");
  CHECK(mask_credentials("X-Api-Key = 'a b', n = 1") == "X-Api-Key = '* *', n = 1");
  CHECK(mask_credentials("h = { Authorization = \"Bearer 1\" }") == "h = { Authorization = \"****** *\" }");
  CHECK(mask_credentials("PG_PROVIDERS_X_CREDENTIAL=abc") == "PG_PROVIDERS_X_CREDENTIAL=***");
  CHECK(mask_credentials("token=") == "token=");
  CHECK(mask_credentials("\"token\" = \"abc\"") == "\"token\" = \"***\"");
  CHECK(mask_credentials("token = \"abc") == "token = \"***");
  CHECK(mask_credentials("u = \"http://me:hunter2@host.example/v1\"") == "u = \"http://**********@host.example/v1\"");
  CHECK(mask_credentials("u = 'https://me:hun/@2@host/v1?x=1&sig=ab#c'") == "u = 'https://*********@host/v1?************'");
  CHECK(mask_credentials("u = 'https://host/v1' # two http://a.b/c") == "u = 'https://host/v1' # two http://a.b/c");
}
