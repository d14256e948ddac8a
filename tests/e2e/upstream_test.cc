// A provider that misbehaves: what the client gets is an honest error in its dialect, never a clean end of something that was cut
// (fault catalogue, section E).
#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tests/support/gzip.h"
#include "tests/support/half_stream.h"
#include "tests/support/model_wire.h"
#include "tests/support/run_pg.h"

namespace pg::test {
namespace {

constexpr std::string_view kQuick = "connect_timeout = \"500ms\"\nfirst_byte_timeout = \"400ms\"\nidle_timeout = \"400ms\"\n";

World& quick_world() {
  static World one(kRedactAll, {}, kQuick);
  one.upstream.forget();
  one.upstream.respond(Answer::json("{}"));
  return one;
}

/// The error in the dialect's own stream form, and the connection closed.
void check_broken_off(DialectId dialect, const RawReply& reply) {
  const Heard heard = check_broken_stream(dialect, reply, "partial ");
  if (dialect == DialectId::openai_responses) CHECK(heard.events.back() == "response.failed");
  CHECK(reply.closed);
}

void check_refused(const RawReply& reply, DialectId dialect, int status) {
  CHECK_MESSAGE(reply.status == status, reply.head << reply.body.substr(0, 300));
  CHECK(reply.complete);
  const Heard heard = hear_whole(dialect, reply.body);
  CHECK_FALSE(heard.error_message.empty());
  CHECK(reply.body.find(quick_world().credential) == std::string::npos);
}

}  // namespace

TEST_CASE("upstream E55: nobody listens: 502 in the dialect, quickly") {
  std::uint16_t free_port = 0;
  { free_port = FakeUpstream().port(); }
  const std::string base = "http://127.0.0.1:" + std::to_string(free_port) + "/v1";
  World w(kRedactAll,
          "[providers.gone]\nopenai_base_url = \"" + base + "\"\nanthropic_base_url = \"" + base +
              "\"\ncredential = \"env:FAKE_KEY\"\n",
          {}, "providers = [\"gone\"]\n");
  for (const DialectId dialect : kModelDialects) {
    for (const bool stream : {false, true}) {
      const RawReply reply = w.post(model_path(dialect), ask(dialect, stream, "hi"));
      check_refused(reply, dialect, 502);
      CHECK(reply.waited < Ms{1500});
    }
  }
}

TEST_CASE("upstream E55: a name that nobody knows: 502, or 504 where the name server is silent, and the log says which name") {
  World w(kRedactAll,
          "[providers.lost]\nopenai_base_url = \"https://nobody.invalid/v1\"\ncredential = \"env:FAKE_KEY\"\n"
          "connect_timeout = \"1s\"\n",
          {}, "providers = [\"lost\"]\n");
  const RawReply reply = w.post("v1/chat/completions", ask(DialectId::openai_chat, false, "hi"));
  check_refused(reply, DialectId::openai_chat, reply.status == 504 ? 504 : 502);
  CHECK(reply.waited < Ms{2500});
  CHECK(w.home.newest_row_has("error", "nobody.invalid"));
}

TEST_CASE("upstream E56: silence before the head: 504; silence in the middle: the dialect's error event") {
  World& w = quick_world();
  for (const DialectId dialect : kModelDialects) {
    CAPTURE(dialect);
    w.upstream.respond(Answer{}.hang());
    check_refused(w.post(model_path(dialect), ask(dialect, true, "hi")), dialect, 504);
    Answer answer = Answer::stream_head();
    for (const auto& event : half_stream(dialect)) answer.chunk(event);
    w.upstream.respond(answer.hang());
    RawClient client(w.port());
    client.send(w.request(model_path(dialect), ask(dialect, true, "hi"), {{"Connection", "close"}}));
    RawReply reply = client.read_reply(Ms{3000});
    reply.closed = reply.closed || client.wait_for_close();
    check_broken_off(dialect, reply);
  }
}

TEST_CASE("upstream E57: a stream that is cut or reset never ends cleanly") {
  World& w = quick_world();
  for (const DialectId dialect : kModelDialects) {
    Answer start = Answer::stream_head();
    for (const auto& event : half_stream(dialect)) start.chunk(event);
    const std::string last = half_stream(dialect).back();
    const std::pair<std::string, Answer> ends[] = {
        {"closed between events", Answer(start).close()},
        {"reset", Answer(start).pause(Ms{20}).reset()},
        {"closed inside a chunk", Answer(start).bytes("400\r\nevent: x\ndata: {").close()},
        {"closed inside an event", Answer(start).chunk("event: ping\ndata: {\"ty").close()},
        {"a clean end of the transfer without the dialect's end", Answer(start).last_chunk()},
        {"garbage in place of a chunk", Answer(start).pause(Ms{60}).bytes("this is no chunk\r\n").close()},
    };
    for (const auto& [what, answer] : ends) {
      CAPTURE(dialect);
      CAPTURE(std::string(what));
      w.upstream.respond(answer);
      RawClient client(w.port());
      client.send(w.request(model_path(dialect), ask(dialect, true, "hi " + make_email()), {{"Connection", "close"}}));
      RawReply reply = client.read_reply(Ms{3000});
      reply.closed = reply.closed || client.wait_for_close();
      check_broken_off(dialect, reply);
    }
  }
}

TEST_CASE("upstream E57: a whole reply that is shorter than promised is never taken for whole") {
  World& w = quick_world();
  for (const DialectId dialect : kModelDialects) {
    for (const char* text : {"hi", "hi jane.doe@example.com"}) {  // passed through, and held for restoring
      const std::string whole = say_whole(dialect, {text_block({"hello"})});
      const Fields fields{{"Content-Type", "application/json"}, {"Content-Length", std::to_string(whole.size() + 10)}};
      w.upstream.respond(Answer::head(200, fields).bytes(whole).close());
      const RawReply reply = w.post(model_path(dialect), ask(dialect, false, text));
      CHECK((reply.status == 502 || !reply.complete));
    }
  }
}

TEST_CASE("upstream E57: a body longer than promised is cut where the promise ends, and its rest poisons nobody's reply") {
  World& w = quick_world();
  for (const DialectId dialect : kModelDialects) {
    for (const char* text : {"hi", "hi jane.doe@example.com"}) {
      const std::string whole = say_whole(dialect, {text_block({"hello"})});
      const std::string more = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison";
      const Fields fields{{"Content-Type", "application/json"}, {"Content-Length", std::to_string(whole.size())}};
      w.upstream.respond(Answer::head(200, fields).bytes(whole + more));
      const RawReply first = w.post(model_path(dialect), ask(dialect, false, text));
      CHECK(first.status == 200);
      CHECK(first.body == whole);
      CHECK(first.complete);
      w.upstream.respond(Answer::json("{\"the\":\"next\"}"));
      for (int i = 0; i < 4; ++i) CHECK(w.post(model_path(dialect), ask(dialect, false, text)).body == "{\"the\":\"next\"}");
    }
  }
}

TEST_CASE("upstream E56: a stream that drips a byte at a time is slow, not broken") {
  World& w = quick_world();
  for (const DialectId dialect : kModelDialects) {
    const std::string events = join(say_stream(dialect, {text_block({"to [[EMAIL_001]]"})}));
    Answer drip = Answer::stream_head();
    for (std::size_t i = 0; i < events.size(); ++i) {
      drip.chunk(events.substr(i, 1));
      if (i % 40 == 0) drip.pause(Ms{2});
    }
    w.upstream.respond(drip.last_chunk());
    const RawReply reply = w.post(model_path(dialect), ask(dialect, true, "I am " + make_email()), {}, Ms{15'000});
    const Heard heard = hear_stream(dialect, reply.body);
    CHECK(heard.text() == "to " + make_email());
    CHECK(heard.finished);
    CHECK(heard.fault() == "");
  }
}

TEST_CASE("upstream E60: a compressed reply that unfolds without end costs no memory and never comes to a clean end") {
  World w(kRedactAll, {}, kQuick);
  const auto peak_mib = [&w] {
    const std::string status = Home::read("/proc/" + std::to_string(w.server.pid()) + "/status");
    return std::stol(status.substr(status.find("VmHWM:") + 6)) / 1024;
  };
  const Fields gz{{"Content-Encoding", "gzip"}};
  const std::string blanks = gzip(std::string(100u << 20, ' ')), lines = gzip(std::string(100u << 20, '\n'));
  const std::string one_event = gzip("data: {\"id\":\"" + std::string(100u << 20, 'x'));
  w.upstream.respond(Answer::json("{}"));
  for (const DialectId dialect : kModelDialects) (void)w.post(model_path(dialect), ask(dialect, false, "I am " + make_email()));
  const long before = peak_mib();
  for (const DialectId dialect : kModelDialects) {
    CAPTURE(dialect);
    for (const int status : {200, 400}) {
      CAPTURE(status);
      w.upstream.respond(Answer::reply(status, blanks, gz));
      const RawReply whole = w.post(model_path(dialect), ask(dialect, false, "I am " + make_email()), {}, Ms{20'000});
      CHECK((whole.status == 502 || !whole.complete));
    }
    for (const std::string* bomb : {&blanks, &lines, &one_event}) {
      w.upstream.respond(Answer::stream({*bomb}, Ms{0}, gz));
      const RawReply stream = w.post(model_path(dialect), ask(dialect, true, "I am " + make_email()), {}, Ms{20'000});
      CHECK_FALSE(hear_stream(dialect, stream.body).finished);
    }
  }
  w.upstream.respond(Answer::reply(200, blanks, gz));
  const RawReply embedded = w.post("v1/embeddings", R"({"model":"m","input":"hello"})", {}, Ms{20'000});
  // Nothing is to be restored there: it passes through in pieces.
  CHECK(embedded.complete);
  CHECK(embedded.body.size() == 100u << 20);
  CHECK(peak_mib() - before < 120);
}

TEST_CASE("upstream E61: garbage among the events goes on to the client as it came, and what is good is still restored") {
  World& w = quick_world();
  const std::string garbage[] = {"data: {\"half\n\n",
                                 "data: \xff\xfe\x01\n\n",
                                 "event: never-heard-of\ndata: [1,2\n\n",
                                 "nonsense without a colon\n\n",
                                 "data: " + std::string(300, '[') + "\n\n",
                                 "id: 7\nretry: x\n\n"};
  for (const DialectId dialect : kModelDialects) {
    for (const std::string& bad : garbage) {
      CAPTURE(dialect);
      CAPTURE(bad.substr(0, 30));
      auto events = say_stream(dialect, {text_block({"to [[EMAIL_001]]"})});
      events.insert(events.begin() + 1, bad);
      w.upstream.respond(Answer::stream(events));
      const RawReply reply = w.post(model_path(dialect), ask(dialect, true, "I am " + make_email()));
      CHECK(reply.status == 200);
      CHECK(reply.complete);
      CHECK(reply.body.find(bad) != std::string::npos);
      CHECK(reply.body.find(make_email()) != std::string::npos);
    }
  }
}

TEST_CASE("upstream E63: a provider's own wish when to come again is the client's to read, however it is spelled") {
  World& w = quick_world();
  for (const char* wish : {"7", "Wed, 21 Oct 2099 07:28:00 GMT", "99999999999999999999", "soon"}) {
    for (const int status : {429, 500, 503, 529}) {
      w.upstream.respond(Answer::reply(status, "{}", {{"Retry-After", wish}, {"retry-after-ms", "1500"}}));
      const RawReply reply = w.post("v1/messages", ask(DialectId::anthropic, false, "hi"));
      CHECK(reply.status == status);
      CHECK(reply.field("retry-after") == wish);
      CHECK(reply.field("retry-after-ms") == "1500");
      CHECK(reply.body == "{}");
    }
  }
}

TEST_CASE("upstream E58: heads that are none: 502") {
  World& w = quick_world();
  std::string flood, large = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 5000; ++i) flood += "HTTP/1.1 100 Continue\r\n\r\n";
  for (int i = 0; i < 80; ++i) large += "X-" + std::to_string(i) + ": " + std::string(1000, 'y') + "\r\n";
  const std::string bad[] = {"ICY 200 OK\r\n\r\n",
                             "HTTP/1.1 abc\r\n\r\n",
                             "\x01\x02\x03\x04 garbage\r\n\r\n",
                             "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
                             "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}",
                             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n{}",
                             "HTTP/1.1 200 OK\r\nNo colon here\r\n\r\n",
                             "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
                             large + "\r\n",
                             flood,
                             ""};
  for (const auto& bytes : bad) {
    CAPTURE(bytes.substr(0, 60));
    w.upstream.respond(Answer{}.bytes(bytes).close());
    check_refused(w.post("v1/messages", ask(DialectId::anthropic, false, "hi")), DialectId::anthropic, 502);
  }
  const std::string hints = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n";
  w.upstream.respond(Answer{}.bytes(hints + "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"));
  CHECK(w.post("v1/messages", ask(DialectId::anthropic, false, "hi")).body == "{}");
}

TEST_CASE("upstream E59: an HTML page is no answer: 502, and not shown") {
  World& w = quick_world();
  for (const int status : {200, 503}) {
    CAPTURE(status);
    w.upstream.respond(Answer::reply(status, "<html><script>alert(1)</script></html>", {{"Content-Type", "text/html"}}));
    const RawReply reply = w.post("v1/chat/completions", ask(DialectId::openai_chat, false, "hi"));
    check_refused(reply, DialectId::openai_chat, 502);
    CHECK(reply.body.find("<script>") == std::string::npos);
  }
}

TEST_CASE("upstream E60: compressed replies are read and restored; broken ones are not passed on as whole") {
  World& w = quick_world();
  const std::string body = say_whole(DialectId::anthropic, {text_block({"to [[EMAIL_001]]"})});
  const Fields gz{{"Content-Encoding", "gzip"}};
  const std::string request = ask(DialectId::anthropic, false, "I am " + make_email());
  w.upstream.respond(Answer::reply(200, gzip(body), gz));
  const RawReply whole = w.post("v1/messages", request);
  CHECK(whole.status == 200);
  CHECK_FALSE(whole.has("content-encoding"));
  CHECK(hear_whole(DialectId::anthropic, whole.body).text() == "to " + make_email());

  const std::string events = gzip(join(say_stream(DialectId::anthropic, {text_block({"to [[EMAIL_001]]"})})));
  w.upstream.respond(Answer::stream({events.substr(0, 50), events.substr(50)}, Ms{5}, gz));
  const RawReply stream = w.post("v1/messages", ask(DialectId::anthropic, true, "I am " + make_email()));
  CHECK(hear_stream(DialectId::anthropic, stream.body).text() == "to " + make_email());
  CHECK(hear_stream(DialectId::anthropic, stream.body).finished);

  w.upstream.respond(Answer::reply(200, gzip(body).substr(0, 60), gz));
  const RawReply cut = w.post("v1/messages", request);
  CHECK((cut.status == 502 || !cut.complete));
  for (const char* unknown : {"br", "gzip, gzip", "gzip, br", "x-own"}) {
    CAPTURE(std::string(unknown));
    w.upstream.respond(Answer::reply(200, gzip(gzip(body)), {{"Content-Encoding", unknown}}));
    check_refused(w.post("v1/messages", request), DialectId::anthropic, 502);
  }
  w.upstream.respond(Answer::reply(200, gzip(std::string(100u << 20, ' ')), gz));
  const RawReply bomb = w.post("v1/messages", request, {}, Ms{15'000});
  CHECK((bomb.status == 502 || !bomb.complete));
}

TEST_CASE("upstream E61: large events pass, and a silent provider is bridged by pings") {
  World big(kRedactAll, "[limits]\nping_after = \"150ms\"\n");
  for (const DialectId dialect : kModelDialects) {
    CAPTURE(dialect);
    const std::string large((dialect == DialectId::anthropic ? 5u << 20 : 1u << 18), 'z');
    big.upstream.respond(Answer::stream(say_stream(dialect, {text_block({large, " [[EMAIL_001]]"})})));
    const RawReply reply = big.post(model_path(dialect), ask(dialect, true, "I am " + make_email()), {}, Ms{15'000});
    const Heard heard = hear_stream(dialect, reply.body);
    CHECK(heard.text().size() == large.size() + 1 + make_email().size());
    CHECK(heard.text().ends_with(make_email()));
    CHECK(heard.finished);

    const auto events = say_stream(dialect, {text_block({"slow ", "but [[EMAIL", "_001]]"})});
    Answer slow = Answer::stream_head();
    for (const auto& event : events) {
      slow.chunk(event);
      if (event.find("slow ") != std::string::npos) slow.pause(Ms{500});
    }
    big.upstream.respond(slow.last_chunk());
    const RawReply pinged = big.post(model_path(dialect), ask(dialect, true, "I am " + make_email()));
    CHECK(pinged.body.size() > replace_all(join(events), "[[EMAIL_001]]", make_email()).size());
    CHECK(hear_stream(dialect, pinged.body).text() == "slow but " + make_email());
    CHECK(hear_stream(dialect, pinged.body).fault() == "");
  }
}

TEST_CASE("upstream E67: a kept connection that the provider closed is replaced silently, once, and only if nothing came") {
  World& w = quick_world();
  w.upstream.respond([](const SeenRequest&) { return Answer::json("{}").close(); });
  for (int i = 0; i < 10; ++i) CHECK(w.post("v1/messages", ask(DialectId::anthropic, false, "hi")).status == 200);
  CHECK(w.upstream.count() == 10);
  w.upstream.respond(Answer::json("{}"));
  const auto before = w.upstream.connections();
  for (int i = 0; i < 10; ++i) CHECK(w.post("v1/messages", ask(DialectId::anthropic, false, "hi")).status == 200);
  CHECK(w.upstream.connections() <= before + 4);  // one a loop: connections are kept
}

TEST_CASE("upstream E68: an answer that comes before the body was taken is relayed") {
  World& w = quick_world();
  const std::string body = R"({"type":"error","error":{"type":"request_too_large","message":"too much"}})";
  w.upstream.respond_before_body(Answer::reply(413, body, {{"Connection", "close"}}));
  const RawReply reply = w.post("v1/messages", ask(DialectId::anthropic, false, std::string(3u << 20, 'x')));
  CHECK(reply.status == 413);
  CHECK(reply.body == body);
}

TEST_CASE(
    "upstream E65: a placeholder in a provider's error comes back as the client's own words, and no row or log keeps them") {
  World& w = quick_world();
  w.upstream.respond([](const SeenRequest& request) {
    return Answer::reply(400,
                         R"({"type":"error","error":{"type":"invalid_request_error","message":"bad address [[EMAIL_001]] for )" +
                             request.field("x-api-key") + R"("}})");
  });
  const RawReply reply = w.post("v1/messages", ask(DialectId::anthropic, false, "I am " + make_email()));
  CHECK(reply.status == 400);
  CHECK(reply.body.find(make_email()) != std::string::npos);
  CHECK(reply.body.find(w.credential) == std::string::npos);
  std::this_thread::sleep_for(Ms{200});
  const std::string all = w.home.everything();
  CHECK(all.find(make_email()) == std::string::npos);
  CHECK(all.find(w.credential) == std::string::npos);
}

}  // namespace pg::test
