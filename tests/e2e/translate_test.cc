// A client of one dialect and a provider of another: guarded before, restored after, ended honestly whatever the provider does.
#include <doctest/doctest.h>
#include <signal.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "tests/support/model_wire.h"
#include "tests/support/run_pg.h"

namespace pg::test {
namespace {

using Json = nlohmann::json;

struct TranslatedPair {
  DialectId client;
  DialectId provider;
  const char* project;
};
constexpr TranslatedPair kTranslatedPairs[] = {{DialectId::anthropic, DialectId::openai_chat, "chat"},
                                               {DialectId::openai_responses, DialectId::openai_chat, "chat"},
                                               {DialectId::openai_chat, DialectId::anthropic, "messages"},
                                               {DialectId::openai_responses, DialectId::anthropic, "messages"},
                                               {DialectId::anthropic, DialectId::openai_responses, "responses"}};

std::string project(unsigned number, std::string_view providers, std::string_view more = {}) {
  return "id = \"7b1f0c52-3d0e-4c3e-9a55-0a4f5f1f2c0" + std::to_string(number) + "\"\ntype = \"wrapper\"\nproviders = [" +
         std::string(providers) + "]\n" + std::string(more) + "[guards]\n" + std::string(kRedactAll);
}

// One provider of each dialect alone, and a wrapper over all.
struct Translating : World {
  Translating()
      : World(kRedactAll,
              "[providers.only-chat]\nopenai_base_url = \"@UP\"\nresponses = false\ncredential = \"env:FAKE_KEY\"\n"
              "models = [\"small-1\", \"small-*\", \"fake-*\"]\nmodel_names = { \"small-4\" = \"deployment-4\" }\n"
              "[providers.only-messages]\nanthropic_base_url = \"@UP\"\ncredential = \"env:FAKE_KEY\"\n"
              "[providers.nobody]\nanthropic_base_url = \"http://127.0.0.1:1/v1\"\ncredential = \"none\"\n"
              "[providers.like-openai]\nopenai_base_url = \"@UP\"\ncredential = \"env:FAKE_KEY\"\nvendor = \"openai\"\n") {
    home.write(home.project_file("chat"), project(1, "\"only-chat\""));
    home.write(home.project_file("messages"), project(2, "\"only-messages\""));
    home.write(home.project_file("responses"), project(3, "\"like-openai\""));
    home.write(home.project_file("all"),
               project(4, "\"only-messages\", \"only-chat\"",
                       "[aliases]\nfast = \"only-chat:small-2\"\nsmart = \"claude-smart\"\n"
                       "[[route]]\nname = \"pinned\"\nmatch = { model = [\"house-model\", \"house-*\"] }\n"
                       "provider = \"only-chat\"\nmodel = \"small-3\"\n"));
    home.write(home.project_file("helped"), project(5, "\"only-messages\"", "fallback = \"only-chat:small-9\"\n"));
    home.write(home.project_file("stranded"),
               project(6, "\"nobody\"", "fallback = \"only-messages\"\nfallback_on_failure = true\n"));
    home.write(home.project_file("strict"), project(7, "\"nobody\"", "fallback = \"only-messages\"\n"));
    server.signal(SIGHUP);
    for (int i = 0; i < 150 && get_of("all", "v1/models").status != 200; ++i) std::this_thread::sleep_for(Ms{20});
  }
  RawReply send(std::string_view method, std::string_view name, std::string_view rest, std::string_view body) {
    const Fields fields{{"Authorization", "Bearer " + key}, {"Content-Type", "application/json"}};
    return exchange(port(), write_request(std::string(method), "/api/" + std::string(name) + "/" + std::string(rest), fields,
                                          std::string(body)));
  }
  RawReply post_to(std::string_view name, std::string_view rest, std::string_view body) { return send("POST", name, rest, body); }
  RawReply get_of(std::string_view name, std::string_view rest) { return send("GET", name, rest, ""); }
};

Translating& translating_world() {
  static Translating one;
  one.upstream.forget();
  return one;
}

}  // namespace

TEST_CASE("translate: streamed and whole, guarded on the way out and restored on the way back, in tool arguments too") {
  Translating& w = translating_world();
  const std::string mail = make_email();
  for (const TranslatedPair& pair : kTranslatedPairs) {
    for (const bool stream : {true, false}) {
      CAPTURE(dialect(pair.client).name);
      CAPTURE(dialect(pair.provider).name);
      CAPTURE(stream);
      w.upstream.forget();
      const Blocks blocks = {text_block({"I wrote to [[EM", "AIL_001]", "]."}), tool_block({R"({"to":"[[EMAIL_)", R"(001]]"})"})};
      w.upstream.respond(stream ? Answer::stream(say_stream(pair.provider, blocks))
                                : Answer::json(say_whole(pair.provider, blocks)));
      const RawReply reply = w.post_to(pair.project, model_path(pair.client), ask(pair.client, stream, "I am " + mail));
      CHECK(reply.status == 200);
      CHECK(reply.complete);
      const Heard heard = stream ? hear_stream(pair.client, reply.body) : hear_whole(pair.client, reply.body);
      CHECK(heard.text() == "I wrote to " + mail + ".");
      REQUIRE(heard.arguments.size() == 1);
      CHECK(Json::parse(heard.arguments[0], nullptr, false) == Json{{"to", mail}});
      CHECK(heard.fault() == "");
      if (stream) CHECK(heard.finished);
      const auto seen = w.upstream.last();
      CHECK(seen.target == "/" + model_path(pair.provider));
      CHECK(seen.body.find(mail) == std::string::npos);
      CHECK(seen.body.find("[[EMAIL_001]]") != std::string::npos);
      CHECK(seen.field("anthropic-version").empty() == (pair.provider != DialectId::anthropic));
      CHECK((seen.field("authorization") == "Bearer " + w.credential || seen.field("x-api-key") == w.credential));
    }
  }
}

TEST_CASE("translate: a stream that is cut ends in the client's own error, never cleanly") {
  Translating& w = translating_world();
  for (const TranslatedPair& pair : kTranslatedPairs) {
    CAPTURE(dialect(pair.client).name);
    CAPTURE(dialect(pair.provider).name);
    auto events = say_stream(pair.provider, {text_block({"one ", "two ", "three"})});
    Answer answer = Answer::stream_head();
    for (std::size_t i = 0; i < events.size() / 2; ++i) answer.chunk(events[i]);
    w.upstream.respond(answer.reset());
    const RawReply reply = w.post_to(pair.project, model_path(pair.client), ask(pair.client, true, "hi"));
    CHECK(reply.status == 200);
    const Heard heard = hear_stream(pair.client, reply.body);
    CHECK_FALSE(heard.finished);
    CHECK_FALSE(heard.error_message.empty());
    CHECK(w.home.newest_row_has("outcome", "error"));
  }
}

TEST_CASE("translate: a provider's error is told with its status, in the client's shape, and its retry-after is kept") {
  Translating& w = translating_world();
  for (const TranslatedPair& pair : kTranslatedPairs) {
    CAPTURE(dialect(pair.client).name);
    CAPTURE(dialect(pair.provider).name);
    const std::string body =
        pair.provider == DialectId::anthropic
            ? R"({"type":"error","error":{"type":"rate_limit_error","message":"too fast"}})"
            : R"({"error":{"message":"too fast","type":"rate_limit_error","param":null,"code":"rate_limit_exceeded"}})";
    w.upstream.respond(Answer::reply(429, body, {{"Content-Type", "application/json"}, {"Retry-After", "7"}}));
    const RawReply reply = w.post_to(pair.project, model_path(pair.client), ask(pair.client, true, "hi"));
    CHECK(reply.status == 429);
    CHECK(reply.field("retry-after") == "7");
    const Heard heard = hear_whole(pair.client, reply.body);
    CHECK(heard.error_message == "too fast");
    CHECK(heard.error_type == "rate_limit_error");
  }
  w.upstream.respond(Answer::reply(200, "<html>busy</html>", {{"Content-Type", "text/html"}}));
  const RawReply page = w.post_to("chat", "v1/messages", ask(DialectId::anthropic, false, "hi"));
  CHECK(page.status == 502);
  CHECK(page.body.find("<html>") == std::string::npos);
  w.upstream.respond(Answer::json("{\"not\": \"a reply\""));
  CHECK(w.post_to("chat", "v1/messages", ask(DialectId::anthropic, false, "hi")).status == 502);
}

TEST_CASE("translate: a page that a reply cites crosses, its title restored, streamed and whole") {
  Translating& w = translating_world();
  const std::string mail = make_email();
  const std::string note =
      R"("annotations":[{"type":"url_citation","url_citation":{"url":"https://a.example/1","title":"Of [[EMAIL_001]]","start_index":0,"end_index":2}}])";
  const auto pages = [&](bool stream) {
    w.upstream.respond(
        stream ? Answer::stream({"data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"ok\"}}]}\n\n",
                                 "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{" + note + "}}]}\n\n",
                                 "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
                                 "data: [DONE]\n\n"})
               : Answer::json(R"({"id":"c","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"ok",)" +
                              note + R"(},"finish_reason":"stop"}]})"));
  };
  for (const bool stream : {true, false}) {
    for (const DialectId client : {DialectId::anthropic, DialectId::openai_responses, DialectId::openai_chat}) {
      CAPTURE(dialect(client).name);
      CAPTURE(stream);
      pages(stream);
      const RawReply reply = w.post_to("chat", model_path(client), ask(client, stream, "I am " + mail));
      CHECK(reply.status == 200);
      CHECK(reply.body.find("\"title\":\"Of " + mail + "\"") != std::string::npos);
      CHECK(reply.body.find("[[EMAIL") == std::string::npos);
      const char* sign = client == DialectId::anthropic ? "web_search_result_location" : "url_citation";
      CHECK(reply.body.find(sign) != std::string::npos);
      if (stream && client == DialectId::openai_responses)
        CHECK(reply.body.find("event: response.output_text.annotation.added\n") != std::string::npos);
      if (client == DialectId::anthropic) CHECK(w.home.newest_row_has("warnings", "drop:reply.citations.start_index"));
    }
  }
}

TEST_CASE("translate: what of a reply cannot cross is named in a whole reply's header, and in every row") {
  Translating& w = translating_world();
  w.upstream.respond(Answer::json(
      R"({"id":"c","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"x","annotations":[{"type":"url_citation"}]},"finish_reason":"stop"}]})"));
  const RawReply whole = w.post_to("chat", "v1/messages", ask(DialectId::anthropic, false, "hi"));
  CHECK(whole.status == 200);
  CHECK(whole.field("x-pg-warnings") == "drop:reply.annotations");
  CHECK(w.home.newest_row_has("warnings", "drop:reply.annotations"));
  w.upstream.respond(Answer::stream(
      {"data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\",\"images\":[{}]}}]}\n\n"
       "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"}));
  const RawReply stream = w.post_to("chat", "v1/messages", ask(DialectId::anthropic, true, "hi"));
  CHECK(stream.field("x-pg-warnings").find("reply.") == std::string::npos);  // its head was gone by then
  CHECK(w.home.newest_row_has("warnings", "drop:reply.images"));
}

TEST_CASE("translate: what cannot cross is named, in a header and the row, or refused before anything is sent") {
  Translating& w = translating_world();
  w.upstream.respond(Answer::json(say_whole(DialectId::openai_chat, {text_block({"ok"})})));
  const RawReply reply = w.post_to("chat", "v1/messages",
                                   R"({"model":"small-1","max_tokens":9,"top_k":5,"messages":[{"role":"user","content":"hi"}]})");
  CHECK(reply.status == 200);
  CHECK(reply.field("x-pg-warnings").find("top_k") != std::string::npos);
  CHECK(w.home.newest_row_has("warnings", "top_k"));
  w.upstream.forget();
  const RawReply refused =
      w.post_to("messages", "v1/chat/completions", R"({"model":"m","n":2,"messages":[{"role":"user","content":"hi"}]})");
  CHECK(refused.status == 400);
  CHECK_MESSAGE(refused.body.find("`n`") != std::string::npos, refused.body);
  CHECK(w.upstream.touched() == 0);
}

TEST_CASE("translate: pg explain says what a server would: refused, or sent with what is lost") {
  Translating& w = translating_world();
  const auto explain = [&](std::string_view project, std::string_view body, bool json = false) {
    std::vector<std::string> args{"explain", "-", "--project", std::string(project)};
    if (json) args.emplace_back("--json");
    return w.home.run(args, body);
  };
  const CommandResult refused = explain("strict", R"({"model":"m","n":2,"messages":[{"role":"user","content":"hi"}]})");
  CHECK(refused.status == 1);
  CHECK(refused.out.find("would be refused") != std::string::npos);
  CHECK_MESSAGE(refused.out.find("answer    400 {\"error\":{\"message\":\"`n` is not supported") != std::string::npos,
                refused.out);
  const std::string lossy = R"({"model":"m","verbosity":"low","messages":[{"role":"user","content":"hi"}]})";
  const CommandResult sent = explain("strict", lossy);
  CHECK(sent.status == 0);
  CHECK_MESSAGE(sent.out.find("lost      drop:verbosity\n") != std::string::npos, sent.out);
  const Json told = Json::parse(explain("strict", lossy, true).out, nullptr, false);
  CHECK(told.value("verdict", "") == "sent");
  CHECK(told.value("warnings", "") == "drop:verbosity");
}

TEST_CASE("translate: stop sequences, which Responses cannot be told, take the provider's Chat exit; all else stays") {
  Translating& w = translating_world();
  const std::string body =
      R"({"model":"fake-model","max_tokens":9,"messages":[{"role":"user","content":"hi"}],"stop_sequences":)";
  w.upstream.respond(Answer::json(say_whole(DialectId::openai_chat, {text_block({"ok"})})));
  const RawReply told = w.post_to("responses", "v1/messages", body + "[\"</block>\"]}");
  CHECK_MESSAGE(told.status == 200, told.body);
  CHECK(hear_whole(DialectId::anthropic, told.body).text() == "ok");
  CHECK(w.upstream.last().target == "/v1/chat/completions");
  CHECK(Json::parse(w.upstream.last().body, nullptr, false)["stop"] == Json::array({"</block>"}));
  w.upstream.respond(Answer::json(say_whole(DialectId::openai_responses, {text_block({"ok"})})));
  CHECK(w.post_to("responses", "v1/messages?beta=true", body + "[]}").status == 200);  // the query is for Anthropic
  CHECK(w.upstream.last().target == "/v1/responses");
  w.upstream.forget();
  const RawReply refused = w.post_to("responses", "v1/messages", body + R"(["a","b","c","d","e"]})");
  CHECK(refused.status == 400);
  CHECK_MESSAGE(refused.body.find("`stop_sequences") != std::string::npos, refused.body);
  CHECK(w.upstream.touched() == 0);
}

TEST_CASE("translate: an older Claude is asked to think in tokens, a newer one as it sees fit") {
  Translating& w = translating_world();
  const auto thinking_of = [&](const std::string& model) {
    w.upstream.respond(Answer::json(say_whole(DialectId::anthropic, {text_block({"ok"})})));
    const RawReply reply =
        w.post_to("messages", "v1/responses", R"({"input":"hi","reasoning":{"effort":"high"},"model":")" + model + "\"}");
    CHECK_MESSAGE(reply.status == 200, reply.body);
    return Json::parse(w.upstream.last().body, nullptr, false).value("thinking", Json()).dump();
  };
  CHECK(thinking_of("claude-sonnet-4-5") == R"({"budget_tokens":4096,"type":"enabled"})");
  CHECK(thinking_of("claude-opus-4-6") == R"({"type":"adaptive"})");
  CHECK(thinking_of("claude-3-5-haiku-latest") == "null");
  CHECK(w.home.newest_row_has("warnings", "drop:thinking.enabled"));
}

TEST_CASE("translate: count_tokens is answered with an estimate where the provider cannot count") {
  Translating& w = translating_world();
  const RawReply reply =
      w.post_to("chat", "v1/messages/count_tokens",
                R"({"model":"small-1","messages":[{"role":"user","content":")" + std::string(4000, 'x') + "\"}]}");
  CHECK(reply.status == 200);
  const Json body = Json::parse(reply.body, nullptr, false);
  CHECK(body.value("input_tokens", 0) > 500);
  CHECK(w.upstream.touched() == 0);
}

TEST_CASE("translate: count_tokens is answered with an estimate, and says so, where the provider does not count today") {
  Translating& w = translating_world();
  const std::string body = R"({"model":"small-1","messages":[{"role":"user","content":")" + std::string(4000, 'x') + "\"}]}";
  const auto count = [&](const char* project) { return w.post_to(project, "v1/messages/count_tokens", body); };
  for (const int status : {404, 405, 429, 500, 501, 529}) {
    CAPTURE(status);
    w.upstream.respond(Answer::reply(status, R"({"type":"error","error":{"type":"not_found_error","message":"m"}})"));
    const RawReply reply = count("messages");
    CHECK(reply.status == 200);
    CHECK(Json::parse(reply.body, nullptr, false).value("input_tokens", 0) > 500);
    CHECK(reply.field("x-pg-warnings") == "estimate:input_tokens");
    CHECK(w.home.newest_row_has("warnings", "estimate:input_tokens"));
  }
  CHECK(count("strict").status == 200);  // nobody is there
  for (const int status : {400, 401, 403, 413}) {
    w.upstream.respond(Answer::reply(status, R"({"type":"error","error":{"type":"invalid_request_error","message":"m"}})"));
    CHECK(count("messages").status == status);
  }
  w.upstream.respond(Answer::json(R"({"input_tokens":7})"));
  CHECK(count("messages").body == R"({"input_tokens":7})");
}

TEST_CASE("translate: a wrapper's aliases and provider:model choose the target, and its list names them") {
  Translating& w = translating_world();
  const auto target_of = [&](DialectId client, const std::string& model, DialectId provider) {
    w.upstream.respond(Answer::json(say_whole(provider, {text_block({"ok"})})));
    const std::string body = replace_all(ask(client, false, "hi"), "\"model\":\"fake-model\"", "\"model\":\"" + model + "\"");
    CHECK(w.post_to("all", model_path(client), body).status == 200);
    return w.upstream.last().target + " " + Json::parse(w.upstream.last().body, nullptr, false).value("model", "");
  };
  CHECK(target_of(DialectId::openai_chat, "fast", DialectId::openai_chat) == "/v1/chat/completions small-2");
  CHECK(target_of(DialectId::anthropic, "fast", DialectId::openai_chat) == "/v1/chat/completions small-2");
  CHECK(target_of(DialectId::openai_chat, "smart", DialectId::anthropic) == "/v1/messages claude-smart");
  CHECK(target_of(DialectId::anthropic, "only-messages:any", DialectId::anthropic) == "/v1/messages any");
  CHECK(w.home.newest_row_has("model", "only-messages:any"));
  const RawReply list = w.get_of("all", "v1/models");
  for (const char* name : {"\"fast\"", "\"smart\"", "\"only-chat:small-1\"", "\"only-chat:small-4\"", "\"house-model\""})
    CHECK_MESSAGE(list.body.find(name) != std::string::npos, list.body);
  CHECK(target_of(DialectId::anthropic, "only-chat:small-4", DialectId::openai_chat) == "/v1/chat/completions deployment-4");
  CHECK(Json::parse(w.get_of("all", "v1/models/only-chat:small-1").body, nullptr, false)["id"] == "only-chat:small-1");
  CHECK(w.get_of("all", "v1/models/only-chat%3Asmall-2").status == 404);  // the alias that leads there is listed instead
  CHECK(w.get_of("all", "v1/models/fast").status == 200);
  for (const char* glob : {"small-*", "house-*"}) CHECK(list.body.find(glob) == std::string::npos);
  CHECK(target_of(DialectId::anthropic, "house-model", DialectId::openai_chat) == "/v1/chat/completions small-3");
}

TEST_CASE("translate: a busy provider's fallback answers, guarded all the same, and the row says who was asked before") {
  Translating& w = translating_world();
  const std::string mail = make_email();
  for (const int status : {429, 503, 529}) {
    CAPTURE(status);
    w.upstream.forget();
    w.upstream.respond([&](const SeenRequest& seen) {
      if (seen.target == "/v1/messages") return Answer::reply(status, "{}", {{"Retry-After", "0"}});
      return Answer::json(say_whole(DialectId::openai_chat, {text_block({"hello [[EMAIL_001]]"})}));
    });
    const RawReply reply = w.post_to("helped", "v1/messages", ask(DialectId::anthropic, false, "I am " + mail));
    CHECK(reply.status == 200);
    CHECK(hear_whole(DialectId::anthropic, reply.body).text() == "hello " + mail);
    CHECK(reply.field("retry-after").empty());
    CHECK(w.upstream.count() == 2);
    CHECK(Json::parse(w.upstream.last().body, nullptr, false).value("model", "") == "small-9");
    for (const SeenRequest& seen : w.upstream.seen()) CHECK(seen.body.find(mail) == std::string::npos);
    CHECK(w.home.newest_row_has("attempts", "only-messages:" + std::to_string(status)));
  }
  // Other errors are the client's to see, and so is a fallback that is busy itself.
  w.upstream.forget();
  w.upstream.respond(Answer::reply(400, R"({"type":"error","error":{"type":"invalid_request_error","message":"no"}})"));
  CHECK(w.post_to("helped", "v1/messages", ask(DialectId::anthropic, false, "hi")).status == 400);
  CHECK(w.upstream.count() == 1);
  w.upstream.forget();
  w.upstream.respond(Answer::reply(429, R"({"error":{"message":"slow","type":"rate_limit_error"}})"));
  CHECK(w.post_to("helped", "v1/messages", ask(DialectId::anthropic, false, "hi")).status == 429);
  CHECK(w.upstream.count() == 2);
}

TEST_CASE("translate: a fallback that speaks the client's own dialect gets the client's bytes, whatever was asked before it") {
  Translating& w = translating_world();
  const std::string mail = make_email();
  for (const bool stream : {false, true}) {
    CAPTURE(stream);
    w.upstream.forget();
    w.upstream.respond([stream](const SeenRequest& seen) {
      const std::vector<Block> blocks{text_block({"for [[EMAIL_001]]"})};
      if (seen.target != "/v1/chat/completions")
        return Answer::reply(429, R"({"type":"error","error":{"type":"x","message":"no"}})");
      if (stream) return Answer::stream(say_stream(DialectId::openai_chat, blocks));
      return Answer::json(say_whole(DialectId::openai_chat, blocks));
    });
    const std::string body = ask(DialectId::openai_chat, stream, "Write to " + mail);
    const RawReply reply = w.post_to("helped", "v1/chat/completions", body);
    CHECK(reply.status == 200);
    REQUIRE(w.upstream.count() == 2);
    CHECK(w.upstream.last().body == replace_all(replace_all(body, mail, "[[EMAIL_001]]"), "\"fake-model\"", "\"small-9\""));
    const Heard heard = stream ? hear_stream(DialectId::openai_chat, reply.body) : hear_whole(DialectId::openai_chat, reply.body);
    CHECK(heard.text() == "for " + mail);
    CHECK(reply.field("x-pg-warnings").empty());
  }
}

TEST_CASE("translate: a fallback that cannot be told what the client says is passed over, and the row says so") {
  Translating& w = translating_world();
  w.upstream.respond(Answer::reply(429, R"({"type":"error","error":{"type":"rate_limit_error","message":"slow"}})"));
  const RawReply reply =
      w.post_to("helped", "v1/messages",
                R"({"model":"m","max_tokens":9,"mcp_servers":[{"type":"url","url":"https://a.example","name":"x"}],)"
                R"("messages":[{"role":"user","content":"hi"}]})");
  CHECK(reply.status == 429);
  CHECK(w.upstream.count() == 1);
  CHECK(w.home.newest_row_has("attempts", "only-messages:429,only-chat:bad_request"));
}

TEST_CASE("translate: a provider that cannot be reached is replaced only where the project says so") {
  Translating& w = translating_world();
  w.upstream.respond(Answer::json(say_whole(DialectId::anthropic, {text_block({"here"})})));
  CHECK(w.post_to("stranded", "v1/messages", ask(DialectId::anthropic, false, "hi")).status == 200);
  CHECK(w.home.newest_row_has("attempts", "nobody:upstream_failed"));
  CHECK(w.post_to("strict", "v1/messages", ask(DialectId::anthropic, false, "hi")).status == 502);
}

TEST_CASE("translate: the same dialect with an alias is still the client's bytes, but for the name") {
  Translating& w = translating_world();
  w.upstream.respond(Answer::json(say_whole(DialectId::openai_chat, {text_block({"ok"})})));
  const std::string body = "{ \"messages\" : [{\"role\":\"user\",\"content\":\"\\u0068i\"}],\n  \"model\":\"fast\", \"x\":1.50 }";
  CHECK(w.post_to("all", "v1/chat/completions", body).status == 200);
  CHECK(w.upstream.last().body == replace_all(body, "\"fast\"", "\"small-2\""));
}

}  // namespace pg::test
