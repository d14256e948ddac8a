// Replies that are valid HTTP and no answer to a call: redirects, nothing at all, pages that claim to be JSON; and what a
// provider quotes of what it was sent with (fault catalogue D49, E58-E60, E65).
#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <thread>

#include "tests/support/gzip.h"
#include "tests/support/model_wire.h"
#include "tests/support/run_pg.h"

namespace pg::test {
namespace {

World& odd_world() {
  static World one;
  one.upstream.forget();
  return one;
}

/// A call with something to restore, answered so.
RawReply answer_with(DialectId dialect, Answer answer, bool stream = false) {
  World& w = odd_world();
  w.upstream.respond(std::move(answer));
  return w.post(model_path(dialect), ask(dialect, stream, "I am " + make_email()));
}

void check_refused_as_odd(const RawReply& reply, DialectId dialect) {
  CHECK_MESSAGE(reply.status == 502, reply.head << reply.body.substr(0, 300));
  CHECK(reply.complete);
  CHECK_FALSE(hear_whole(dialect, reply.body).error_message.empty());
}

}  // namespace

TEST_CASE("upstream D49: a redirect is not followed, and does not send the client elsewhere with what it says unguarded") {
  for (const DialectId dialect : kModelDialects) {
    for (const int status : {300, 301, 302, 303, 304, 307, 308}) {
      CAPTURE(dialect);
      CAPTURE(status);
      const RawReply reply = answer_with(
          dialect, Answer::reply(status, status == 304 ? "" : "{}", {{"Location", "http://127.0.0.1:9/v1/messages"}}));
      check_refused_as_odd(reply, dialect);
      CHECK_FALSE(reply.has("location"));
      CHECK(odd_world().home.newest_row_has("error", status == 304 ? "without saying anything" : "redirect"));
    }
  }
  const Fields astray = {{"Location", "http://127.0.0.1:9/"}, {"Refresh", "0;url=http://127.0.0.1:9/"}, {"retry-after", "7"}};
  const RawReply failed = answer_with(DialectId::anthropic, Answer::reply(503, "{}", astray));
  CHECK_FALSE(failed.has("location"));
  CHECK_FALSE(failed.has("refresh"));
  CHECK(failed.field("retry-after") == "7");
}

TEST_CASE("upstream E58: a reply without a body is no answer, and the connection goes on") {
  World& w = odd_world();
  for (const int status : {200, 204, 205}) {
    CAPTURE(status);
    w.upstream.respond(status == 200 ? Answer::reply(200, "")
                                     : Answer::head(status, {{"Content-Type", "application/json"}}).close());
    RawClient client(w.port());
    const std::string call = w.request("v1/messages", ask(DialectId::anthropic, false, "nobody in particular"));
    client.send(call);
    check_refused_as_odd(client.read_reply(), DialectId::anthropic);
    w.upstream.respond(Answer::json(R"({"type":"message"})"));
    client.send(call);
    const RawReply next = client.read_reply();
    CHECK(next.status == 200);
    CHECK(next.body == R"({"type":"message"})");
  }
}

TEST_CASE("upstream E59: a page is known by how it begins, whatever it claims to be") {
  const std::string page = " \r\n<!DOCTYPE html><html><body>Checking your browser</body></html>";
  for (const char* type : {"text/plain", "application/xhtml+xml", "application/json", "application/octet-stream"}) {
    for (const int status : {200, 403, 503}) {
      for (const std::string_view text : {"I am jane.doe@example.com", "nobody in particular"}) {
        CAPTURE(std::string(type));
        CAPTURE(status);
        World& w = odd_world();
        w.upstream.respond(Answer::reply(status, page, {{"Content-Type", type}}));
        const RawReply reply = w.post("v1/chat/completions", ask(DialectId::openai_chat, false, text));
        check_refused_as_odd(reply, DialectId::openai_chat);
        CHECK(reply.body.find("Checking") == std::string::npos);
      }
    }
  }
}

TEST_CASE("upstream E59: an error in XML keeps its status and when to come again") {
  World& w = odd_world();
  const std::string error = "<?xml version=\"1.0\"?><Error><Code>SlowDown</Code></Error>";
  for (const int status : {400, 401, 404, 429, 503, 529}) {
    w.upstream.respond(Answer::reply(status, error, {{"Content-Type", "application/xml"}, {"Retry-After", "7"}}));
    const RawReply reply = w.post("v1/messages", ask(DialectId::anthropic, false, "nobody in particular"));
    CHECK(reply.status == status);
    CHECK(reply.field("retry-after") == "7");
    CHECK(reply.body == error);
  }
}

TEST_CASE("upstream: JSON behind a byte order mark is restored like any other, and keeps it") {
  const std::string mark = "\xEF\xBB\xBF";
  const RawReply reply = answer_with(
      DialectId::anthropic, Answer::json(mark + R"({"type":"message","content":[{"type":"text","text":"to [[EMAIL_001]]"}]})"));
  CHECK(reply.status == 200);
  CHECK(reply.body == mark + R"({"type":"message","content":[{"type":"text","text":"to )" + make_email() + R"("}]})");
}

TEST_CASE("upstream E57: a reply of which nothing came is an error with a status, not a cut") {
  World w(kRedactAll, {}, "idle_timeout = \"300ms\"\n");
  w.upstream.respond(Answer::head(200, {{"Content-Type", "application/json"}, {"Content-Length", "20"}}).hang());
  CHECK(w.post("v1/messages", ask(DialectId::anthropic, false, "nobody in particular")).status == 504);
  w.upstream.respond(Answer::head(200, {{"Content-Type", "application/json"}, {"Content-Length", "20"}}).close());
  CHECK(w.post("v1/messages", ask(DialectId::anthropic, false, "nobody in particular")).status == 502);
}

TEST_CASE("upstream E65: a credential that is an ordinary word spoils no name of a field") {
  World& w = odd_world();
  w.upstream.respond(Answer::reply(200, "{}", {{"x-note", w.credential}, {w.credential, "yes"}}));
  const RawReply reply = w.post("v1/messages", ask(DialectId::anthropic, false, "nobody in particular"));
  CHECK(reply.field("x-note") == std::string(w.credential.size(), '*'));
  CHECK(reply.field(w.credential) == "yes");
}

TEST_CASE("upstream E60: a reply that is encoded twice in two lines is refused as one in a single line is") {
  const Fields twice = {{"Content-Encoding", "gzip"}, {"Content-Encoding", "gzip"}};
  check_refused_as_odd(answer_with(DialectId::anthropic, Answer::reply(200, gzip(gzip("{}")), twice)), DialectId::anthropic);
  const Fields hidden = {{"Content-Encoding", "identity"}, {"Content-Encoding", "gzip"}};
  check_refused_as_odd(answer_with(DialectId::anthropic, Answer::reply(200, gzip("{}"), hidden)), DialectId::anthropic);
}

TEST_CASE("upstream E65: what pg is known by at the provider comes back in no field, body or row") {
  World& w = odd_world();
  const std::string own = w.credential;
  REQUIRE(own.size() >= 8);
  const Fields telling = {{"request-id", "req-" + own}, {"WWW-Authenticate", "Bearer " + own}};
  const auto check_hidden = [&](const RawReply& reply) {
    CHECK(reply.head.find(own) == std::string::npos);
    CHECK(reply.body.find(own) == std::string::npos);
  };
  check_hidden(answer_with(DialectId::anthropic, Answer::reply(200, R"({"type":"message","model":"m"})", telling)));
  check_hidden(answer_with(
      DialectId::anthropic,
      Answer::reply(401, R"({"type":"error","error":{"type":")" + own + R"(","message":"wrong key )" + own + R"("}})", telling)));
  Fields events = telling;
  events.emplace_back("Content-Type", "text/event-stream");
  check_hidden(answer_with(
      DialectId::anthropic,
      Answer::reply(401, "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"x\",\"message\":\"" + own + "\"}}\n\n",
                    events),
      true));
  CHECK(w.home.newest_row_has("status", "401"));
  for (const std::string& row : w.home.rows()) CHECK(row.find(own) == std::string::npos);
  CHECK(w.server.err().find(own) == std::string::npos);
}

TEST_CASE("client B33: one that leaves while its body goes to the provider is no failure of the provider") {
  World w(kRedactAll, "[limits]\nmax_body = \"64MiB\"\n", "breaker_failures = 1\n");
  w.upstream.respond_before_body(Answer{}.pause(Ms{1500}).close());  // takes the head, and none of the body
  const std::string large(40u << 20, 'x');
  {
    RawClient client(w.port());
    client.send(w.request("v1/messages", ask(DialectId::anthropic, false, large)));
    std::this_thread::sleep_for(Ms{500});
  }
  CHECK(w.home.newest_row_has("status", "499"));
  CHECK(w.home.newest_row_has("outcome", "canceled"));
}

TEST_CASE("keys H90: one that is revoked while the body comes is refused when it is there") {
  World& w = odd_world();
  w.upstream.respond(Answer::json("{}"));
  const std::string key = w.home.add_key("brief");
  const std::string body = ask(DialectId::anthropic, false, "hello");
  std::string call =
      write_request("POST", "/api/test/v1/messages", {{"x-pg-key", key}, {"Content-Type", "application/json"}}, body);
  const auto is_known = [&] { return exchange(w.port(), call).status == 200; };
  for (int i = 0; i < 60 && !is_known(); ++i) std::this_thread::sleep_for(Ms{50});
  w.upstream.forget();
  RawClient client(w.port());
  client.send(call.substr(0, call.size() - 5));
  REQUIRE(w.home.run({"keys", "revoke", "brief", "--yes"}).status == 0);
  for (int i = 0; i < 60 && is_known(); ++i) std::this_thread::sleep_for(Ms{50});
  w.upstream.forget();
  client.send(call.substr(call.size() - 5));
  CHECK(client.read_reply().status == 401);
  CHECK(w.upstream.count() == 0);
}

}  // namespace pg::test
