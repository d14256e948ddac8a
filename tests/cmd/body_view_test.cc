#include "cmd/body_view.h"

#include <doctest/doctest.h>

#include "tests/support/gen.h"
#include "tests/support/json_gen.h"
#include "tests/support/test_shell.h"

using namespace pg;

TEST_CASE("placeholders are found by their grammar alone") {
  const auto seen =
      find_placeholders("[[EMAIL_001]] [[GITHUB_TOKEN_1234]][[X_12]] [[ -f x ]] [[email_001]] [[_001]] [[[CARD_002]]] [[A_001");
  REQUIRE(seen.size() == 3);
  CHECK(seen[0].kind == "EMAIL");
  CHECK(seen[1].kind == "GITHUB_TOKEN");
  CHECK(seen[2].kind == "CARD");
}

TEST_CASE("JSON is laid out and spelled as it was; other text is left alone") {
  CHECK(lay_out_json(R"({"a":[1.50,{"b\"{":"x"}],"c":{},"d":[]})") ==
        "{\n  \"a\": [\n    1.50,\n    {\n      \"b\\\"{\": \"x\"\n    }\n  ],\n  \"c\": {},\n  \"d\": []\n}");
  CHECK(lay_out_json("event: ping\ndata: {}\n") == "event: ping\ndata: {}\n");
  CHECK(lay_out_json("") == "");
  CHECK(lay_out_json("{\"cut\":\"in the mid") == "{\n  \"cut\": \"in the mid");
  CHECK(lay_out_json(std::string(100'000, '[')).size() < 15'000'000);  // depth alone does not make it grow without end
}

TEST_CASE("nothing in a body drives a terminal") {
  test::TestShell t;
  CHECK(mark_placeholders(t.shell, "a\nb\tc") == "a\nb\tc");
  for (const char c : mark_placeholders(t.shell,
                                        "a\x1b[2J"
                                        "\x9b"
                                        "\r\x07"))
    CHECK_MESSAGE((c >= ' ' && c <= '~'), static_cast<int>(c));
  t.shell.out_color = true;
  const std::string marked = mark_placeholders(t.shell, "to [[EMAIL_001]].");
  CHECK(marked.find("\x1b[33m[[EMAIL_001]]") != std::string::npos);
}

TEST_CASE("off a terminal bodies are their own bytes") {
  test::TestShell t;
  LogBody body;
  body.request = "{\"a\":\"\x1b\"}";
  body.reply = "data: x\n\n";
  write_bodies(t.shell, body, BodyPart::request, false);
  CHECK(t.out() == body.request);
  write_bodies(t.shell, body, BodyPart::both, false);
  CHECK(t.out() == body.request + body.request + "\n" + body.reply);
}

TEST_CASE("on a terminal they are laid out under titles, with what is missing said") {
  test::TestShell t;
  t.shell.out_tty = true;
  LogBody body;
  body.request = R"({"a":1})";
  body.request_size = 2'000'000;
  body.request_cut = true;
  body.reply = "{}";
  body.reply_size = 2;
  body.masked = 1;
  write_bodies(t.shell, body, BodyPart::both, false);
  CHECK(t.out() == "request 2.0M bytes, cut after 7, 1 secret starred in what is kept\n{\n  \"a\": 1\n}\nreply 2 bytes\n{}\n");
}
