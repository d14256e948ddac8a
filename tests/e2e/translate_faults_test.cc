// A provider of another dialect that misbehaves: the client gets an honest error of its own dialect, never a clean end of
// something that was cut (fault catalogue, section E).
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/support/gzip.h"
#include "tests/support/half_stream.h"
#include "tests/support/model_wire.h"
#include "tests/support/run_pg.h"

namespace pg::test {
namespace {

constexpr std::string_view kQuickWithKey =
    "credential = \"env:FAKE_KEY\"\nconnect_timeout = \"500ms\"\nfirst_byte_timeout = \"400ms\"\nidle_timeout = \"400ms\"\n";

struct FailingPair {
  DialectId client, provider;
  const char* row;
};
constexpr FailingPair kFailingPairs[] = {{DialectId::anthropic, DialectId::openai_chat, "chatty"},
                                         {DialectId::openai_responses, DialectId::openai_chat, "chatty"},
                                         {DialectId::openai_chat, DialectId::anthropic, "messaging"},
                                         {DialectId::openai_responses, DialectId::anthropic, "messaging"},
                                         {DialectId::anthropic, DialectId::openai_responses, "like-openai"}};

World& failing_world() {
  static World one(kRedactAll,
                   "[providers.chatty]\nopenai_base_url = \"@UP\"\nresponses = false\n" + std::string(kQuickWithKey) +
                       "[providers.messaging]\nanthropic_base_url = \"@UP\"\n" + std::string(kQuickWithKey) +
                       "[providers.like-openai]\nopenai_base_url = \"@UP\"\nvendor = \"openai\"\n" + std::string(kQuickWithKey),
                   {}, "providers = [\"chatty\", \"messaging\", \"like-openai\"]\n");
  one.upstream.forget();
  return one;
}

RawReply call_pair(const FailingPair& pair, bool stream, Ms limit = Ms{5'000}) {
  World& w = failing_world();
  std::string body = ask(pair.client, stream, "I am " + make_email());
  body.replace(body.find("fake-model"), 10, std::string(pair.row) + ":fake-model");
  return exchange(w.port(), w.request(model_path(pair.client), body, {{"Connection", "close"}}), limit);
}

void check_whole_error(const FailingPair& pair, const RawReply& reply, int status) {
  CHECK_MESSAGE(reply.status == status, reply.head << reply.body.substr(0, 300));
  CHECK(reply.complete);
  CHECK_FALSE(hear_whole(pair.client, reply.body).error_message.empty());
  CHECK(reply.body.find(failing_world().credential) == std::string::npos);
}

template <class Check>
void for_each_pair(const Check& check) {
  for (const FailingPair& pair : kFailingPairs) {
    CAPTURE(dialect(pair.client).name);
    CAPTURE(dialect(pair.provider).name);
    check(pair);
  }
}

}  // namespace

TEST_CASE("translate, upstream E56: silence before the head is 504, in the middle of a stream an error event") {
  for_each_pair([](const FailingPair& pair) {
    failing_world().upstream.respond(Answer{}.hang());
    check_whole_error(pair, call_pair(pair, true), 504);
    Answer slow = Answer::stream_head();
    for (const std::string& event : half_stream(pair.provider)) slow.chunk(event);
    failing_world().upstream.respond(slow.hang());
    check_broken_stream(pair.client, call_pair(pair, true), "partial ");
  });
}

TEST_CASE("translate, upstream E57: what is cut, reset or shorter than promised never ends cleanly") {
  for_each_pair([](const FailingPair& pair) {
    for (const bool reset : {false, true}) {
      Answer cut = Answer::stream_head();
      for (const std::string& event : half_stream(pair.provider)) cut.chunk(event);
      cut.pause(Ms{50});
      failing_world().upstream.respond(reset ? cut.reset() : cut.close());
      check_broken_stream(pair.client, call_pair(pair, true), "partial ");
    }
    const std::string whole = say_whole(pair.provider, {text_block({"whole"})});
    const Fields fields{{"Content-Type", "application/json"}, {"Content-Length", std::to_string(whole.size() + 10)}};
    failing_world().upstream.respond(Answer::head(200, fields).bytes(whole).close());
    check_whole_error(pair, call_pair(pair, false), 502);
  });
}

TEST_CASE("translate, upstream E59: a page of HTML, and JSON that is no reply, are 502 and not shown") {
  for_each_pair([](const FailingPair& pair) {
    for (const int status : {200, 503}) {
      failing_world().upstream.respond(
          Answer::reply(status, "<html><script>alert(1)</script></html>", {{"Content-Type", "text/html"}}));
      for (const bool stream : {false, true}) {
        const RawReply reply = call_pair(pair, stream);
        check_whole_error(pair, reply, 502);
        CHECK(reply.body.find("<script>") == std::string::npos);
      }
    }
    failing_world().upstream.respond(Answer::json("[1, \"no reply"));
    check_whole_error(pair, call_pair(pair, false), 502);
  });
}

TEST_CASE("translate, upstream E60: compressed replies are translated; a bomb and half a reply are not taken for one") {
  const Fields gz{{"Content-Encoding", "gzip"}};
  for_each_pair([&](const FailingPair& pair) {
    const std::string whole = gzip(say_whole(pair.provider, {text_block({"to [[EMAIL_001]]"})}));
    failing_world().upstream.respond(Answer::reply(200, whole, gz));
    CHECK(hear_whole(pair.client, call_pair(pair, false).body).text() == "to " + make_email());
    failing_world().upstream.respond(Answer::reply(200, whole.substr(0, whole.size() / 2), gz));
    check_whole_error(pair, call_pair(pair, false), 502);
    failing_world().upstream.respond(Answer::reply(200, gzip(std::string(100u << 20, ' ')), gz));
    check_whole_error(pair, call_pair(pair, false, Ms{15'000}), 502);
    const std::string events = gzip("data: " + std::string(100u << 20, 'x'));
    failing_world().upstream.respond(Answer::stream({events}, Ms{0}, gz));
    const RawReply bomb = call_pair(pair, true, Ms{15'000});
    if (bomb.status == 200)
      check_broken_stream(pair.client, bomb, "");
    else
      check_whole_error(pair, bomb, 502);
  });
}

TEST_CASE("translate, upstream E61: events that are none or of no known kind do no harm; half an event is a loss, and told") {
  for_each_pair([](const FailingPair& pair) {
    const auto events = say_stream(pair.provider, {text_block({"to ", "[[EMAIL", "_001]]"})});
    Answer odd = Answer::stream_head(), half = Answer::stream_head();
    for (const std::string& event : events) {
      odd.chunk(": a comment\n\nevent: odd\nid: 7\nretry: 9\ndata: {\"type\":\"unheard.of\",\"n\":[1,2]}\n\n");
      odd.chunk(event);
    }
    failing_world().upstream.respond(odd.last_chunk());
    const Heard heard = hear_stream(pair.client, call_pair(pair, true).body);
    CHECK(heard.text() == "to " + make_email());
    CHECK(heard.finished);
    CHECK(heard.fault() == "");
    for (const std::string& event : half_stream(pair.provider)) half.chunk(event);
    half.chunk("data: {\"half\n\n");
    for (const std::string& event : events) half.chunk(event);
    failing_world().upstream.respond(half.last_chunk());
    check_broken_stream(pair.client, call_pair(pair, true), "partial ");
  });
}

}  // namespace pg::test
