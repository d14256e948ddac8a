// The tools of these tests, tested on themselves: a fake that lies would make every other test worthless.
#include <doctest/doctest.h>

#include "tests/support/fake_upstream.h"
#include "tests/support/model_wire.h"

namespace pg::test {

TEST_CASE("support: what the provider's side says, the client's side hears") {
  const Blocks blocks{text_block({"Hello ", "world"}), tool_block({"{\"path\":", "\"a.txt\"}"})};
  for (const DialectId dialect : kModelDialects) {
    CAPTURE(dialect);
    for (const Heard& heard :
         {hear_stream(dialect, join(say_stream(dialect, blocks))), hear_whole(dialect, say_whole(dialect, blocks))}) {
      CHECK(heard.text() == "Hello world");
      CHECK(heard.arguments == std::vector<std::string>{"{\"path\":\"a.txt\"}"});
      CHECK(heard.finished);
      CHECK(heard.fault() == "");
    }
  }
}

TEST_CASE("support: a delta behind its block's end is a fault") {
  for (const DialectId dialect : kModelDialects) {
    CAPTURE(dialect);
    auto events = say_stream(dialect, {text_block({"one", "two"})});
    for (std::size_t i = 0; i + 1 < events.size(); ++i) {
      if (events[i].find("\"two\"") == std::string::npos) continue;
      std::swap(events[i], events[i + 1]);
      break;
    }
    CHECK(hear_stream(dialect, join(events)).faults.size() >= 1);
  }
}

TEST_CASE("support: a stream that is cut is not finished") {
  for (const DialectId dialect : kModelDialects) {
    auto events = say_stream(dialect, {text_block({"one"})});
    events.pop_back();
    CHECK_FALSE(hear_stream(dialect, join(events)).finished);
  }
}

TEST_CASE("support: the fake records bytes and plays its script") {
  FakeUpstream upstream;
  upstream.respond(Answer::stream({"a", "bc"}, Ms{5}));
  RawClient client(upstream.port());
  client.send(write_request("POST", "/x?y=1", {{"X-Spelled-So", "v"}}, "body"));
  const RawReply reply = client.read_reply();
  CHECK(reply.status == 200);
  CHECK(reply.complete);
  CHECK(reply.chunks == std::vector<std::string>{"a", "bc"});
  CHECK(upstream.last().target == "/x?y=1");
  CHECK(upstream.last().body == "body");
  CHECK(upstream.last().head.find("\r\nX-Spelled-So: v\r\n") != std::string::npos);

  upstream.respond(Answer::stream_head().chunk("a").reset());
  client.send(write_request("GET", "/", {}, {}));
  const RawReply cut = client.read_reply();
  CHECK(cut.body == "a");
  CHECK_FALSE(cut.complete);
  CHECK(cut.reset);
}

TEST_CASE("support: the fake sees a peer leave within milliseconds") {
  FakeUpstream upstream;
  upstream.respond(Answer::stream_head().chunk("a").hang());
  RawClient client(upstream.port());
  client.send(write_request("GET", "/", {}, {}));
  REQUIRE(client.wait_for("a"));
  const auto left = std::chrono::steady_clock::now();
  client.close();
  const Ms took = upstream.wait_for_leave(left, Ms{1000});
  CHECK(took.count() >= 0);
  CHECK(took.count() < 60);
}

TEST_CASE("support: made values look like the real thing") {
  CHECK(make_card().size() == 16);
  CHECK(make_iban().size() == 22);
  CHECK(make_github_token().size() == 40);
  CHECK(make_github_token(1) != make_github_token(2));
  CHECK(make_aws_key_id().size() == 20);
  CHECK(placeholders_in("x [[EMAIL_001]] [[ -f x ]] [[A_B_1000]] [[EMAIL_001]] [[email_001]]") ==
        std::vector<std::string>{"[[EMAIL_001]]", "[[A_B_1000]]"});
}

}  // namespace pg::test
