// A target whose credential cannot be read: nothing was sent, so whoever else can take the call is asked.
#include <doctest/doctest.h>

#include "tests/support/hello.h"
#include "tests/support/model_wire.h"
#include "tests/support/run_pg.h"

namespace pg::test {
namespace {

std::string provider_row(std::string_view name, std::string_view base, std::string_view variable) {
  return "[providers." + std::string(name) + "]\nopenai_base_url = \"" + std::string(base) + "\"\nanthropic_base_url = \"" +
         std::string(base) + "\"\ncredential = \"env:" + std::string(variable) + "\"\n";
}

/// A provider whose credential is a variable that nobody has set.
std::string keyless(std::string_view name) {
  return provider_row(name, "@UP", "NO_KEY_OF_" + std::string(name));
}

std::string has_none(const std::string& name) {
  return "provider " + name + " has no credential: environment variable NO_KEY_OF_" + name + " is not set";
}

/// `second`: another host, with a credential of its own.
struct Helped {
  FakeUpstream second;
  World w;
  explicit Helped(std::string_view project)
      : w(kRedactAll,
          keyless("bare") + provider_row("second", "http://127.0.0.1:" + std::to_string(second.port()) + "/v1", "FAKE_KEY_2"), {},
          project) {
    second.respond([](const SeenRequest& seen) {
      const DialectId dialect = seen.target == "/v1/messages" ? DialectId::anthropic : kChat;
      const Blocks blocks = {text_block({"from the second"})};
      if (seen.body.find("\"stream\":true") == std::string::npos && seen.body.find("\"stream\": true") == std::string::npos)
        return Answer::json(say_whole(dialect, blocks));
      return Answer::stream(say_stream(dialect, blocks));
    });
  }
};

}  // namespace

TEST_CASE("no credential: the fallback is asked, with its own and never with the caller's") {
  Helped h("providers = [\"bare\"]\nfallback = \"second\"\n");
  const std::string own = "own-" + std::string(20, 'k');
  for (const bool stream : {false, true}) {
    const RawReply reply = h.w.post("v1/messages", hello(DialectId::anthropic, stream),
                                    {{"x-api-key", own}, {"Authorization", "Bearer " + own}, {"x-pg-key", h.w.key}});
    CHECK(reply.status == 200);
    CHECK(reply.body.find("from the second") != std::string::npos);
    CHECK(h.w.home.newest_row_has("attempts", "bare:no-credential"));
    CHECK(h.w.home.newest_row_has("answered_by", "second"));
  }
  REQUIRE(h.second.count() == 2);
  CHECK(h.second.last().head.find(own) == std::string::npos);
  CHECK(h.second.last().head.find(h.w.credential + "-second") != std::string::npos);
  CHECK(h.w.upstream.count() == 0);
  const CommandResult tail = h.w.home.run({"logs", "tail", "-n", "1"});
  CHECK_MESSAGE(tail.out.find("fallback:1(no-credential)") != std::string::npos, tail.out);
}

TEST_CASE("no credential: a fallback without one is passed over, too") {
  Helped h("fallback = [\"bare\", \"second\"]\n");
  h.w.upstream.respond(Answer::reply(429, "{}"));
  CHECK(hear_whole(kChat, h.w.post("v1/chat/completions", hello()).body).text() == "from the second");
  CHECK(h.w.home.newest_row_has("attempts", "fake:429,bare:no-credential"));
}

TEST_CASE("no credential: when nobody is left the refusal names the settings") {
  World alone(kRedactAll, keyless("bare"), {}, "providers = [\"bare\"]\n");
  World both(kRedactAll, keyless("bare") + keyless("spare"), {}, "providers = [\"bare\"]\nfallback = \"spare\"\n");
  for (const DialectId dialect : kModelDialects) {
    CAPTURE(dialect);
    for (World* w : {&alone, &both}) {
      const RawReply reply = w->post(model_path(dialect), hello(dialect));
      CHECK(reply.status == 503);
      const std::string message = hear_whole(dialect, reply.body).error_message;
      CHECK_MESSAGE(message.find(has_none("bare")) != std::string::npos, message);
      CHECK((message.find(has_none("spare")) != std::string::npos) == (w == &both));
    }
  }
  CHECK(both.home.newest_row_has("attempts", "bare:no-credential,spare:no-credential"));
  CHECK(both.upstream.count() == 0);
}

TEST_CASE("no credential: a real answer of whoever could be asked is preferred") {
  Helped h("providers = [\"bare\"]\nfallback = \"second\"\nfallback_on_failure = true\n");
  h.second.respond(Answer::reply(429, "{}", {{"Retry-After", "9"}}));
  const RawReply reply = h.w.post("v1/chat/completions", hello());
  CHECK(reply.status == 429);
  CHECK(reply.field("retry-after") == "9");
  CHECK(h.w.home.newest_row_has("attempts", "bare:no-credential"));
  CHECK(h.w.home.newest_row_has("provider", "second"));
  // It rests now, and is asked all the same. Who has no credential is told of once.
  CHECK(h.w.post("v1/chat/completions", hello()).status == 429);
  CHECK(h.w.home.newest_row_has("attempts", "bare:no-credential,second:resting"));
  h.second.respond(Answer().reset());
  const RawReply failed = h.w.post("v1/chat/completions", hello());
  CHECK(failed.status == 503);
  CHECK_MESSAGE(failed.body.find(has_none("bare")) != std::string::npos, failed.body);
  CHECK(failed.body.find("no-credential,") != std::string::npos);
}

}  // namespace pg::test
