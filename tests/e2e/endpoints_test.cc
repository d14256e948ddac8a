// Endpoints of a gateway: what the model is told, what the client hears, sessions, schemas, limits, and everything that goes
// wrong.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "tests/support/log_rows.h"
#include "tests/support/model_wire.h"
#include "tests/support/run_pg.h"
#include "tests/support/soon.h"

namespace pg::test {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kGateway = R"(type = "gateway"
providers = ["fake", "anth"]
fallback_on_failure = true
[endpoints.sum]
description = "Sums up a text"
model = "fake:m-1"
system = "You write for {{audience|everybody}}."
prompt = "Sum up in {{words|100}} words: {{text}}"
max_output_tokens = 300
[endpoints.talk]
model = "fake:m-1"
prompt = "{{text}}"
session = "1h"
[endpoints.person]
model = "fake:m-1"
prompt = "Who is it? {{text}}"
output_retries = 2
[endpoints.person.output]
type = "object"
required = ["name", "age"]
additionalProperties = false
properties.name.type = "string"
properties.age.type = "integer"
[endpoints.claude]
model = "anth:claude-haiku-4-5"
prompt = "{{text}}"
[endpoints.helped]
model = "fake:m-2"
fallback = "anth:claude-haiku-4-5"
prompt = "{{text}}"
[endpoints.few]
model = "fake:m-1"
prompt = "{{text}}"
limits.rpm = 2
[endpoints.short]
model = "fake:m-1"
prompt = "{{text}}"
limits.max_tokens = 100
[endpoints.routed]
model = "fake:m-1"
prompt = "{{text}}"
[[route]]
name = "elsewhere"
match = { path = "/v1/endpoints/routed" }
provider = "anth"
model = "claude-opus-5"
[[guards.custom]]
name = "note"
regex = '(?s)-----BEGIN NOTE-----.*?-----END NOTE-----'
)";

World& gateway() {
  static World one(kBlockSecrets, "[serve]\nthreads = 1\n[providers.anth]\ncredential = \"none\"\nanthropic_base_url = \"@UP\"\n",
                   {}, kGateway);
  one.upstream.forget();
  return one;
}

RawReply call(World& w, const std::string& endpoint, const Json& body, Fields fields = {}) {
  return w.post("v1/endpoints/" + endpoint, body.dump(), std::move(fields));
}

Answer chat(const std::string& text, const std::string& finish = "stop") {
  return Answer::json(
      Json({{"id", "c1"},
            {"object", "chat.completion"},
            {"model", "m-1-served"},
            {"choices", {{{"index", 0}, {"finish_reason", finish}, {"message", {{"role", "assistant"}, {"content", text}}}}}},
            {"usage", {{"prompt_tokens", 10}, {"completion_tokens", 4}, {"total_tokens", 14}}}})
          .dump());
}

std::string last_words(const SeenRequest& request) {
  return Json::parse(request.body)["messages"].back()["content"];
}
Answer repeat_chat(const SeenRequest& request) {
  return chat("You said: " + last_words(request));
}

std::string message_of(const RawReply& reply) {
  return Json::parse(reply.body)["error"]["message"];
}

/// The members of the events, in order: "delta", "result", "error"; and the whole text of the deltas.
struct EndpointEvents {
  std::string kinds, text;
  Json result, error;
};
EndpointEvents hear_events(const std::string& body) {
  EndpointEvents heard;
  for (std::size_t at = 0; at < body.size();) {
    const std::size_t end = body.find("\n\n", at);
    const std::string event = body.substr(at, end - at);
    at = end == std::string::npos ? body.size() : end + 2;
    if (!event.starts_with("data: ")) continue;
    const Json json = Json::parse(event.substr(6));
    const std::string kind = json.items().begin().key();
    heard.kinds += kind.substr(0, 1);
    if (kind == "delta") heard.text += json["delta"].get<std::string>();
    if (kind == "result") heard.result = json["result"];
    if (kind == "error") heard.error = json["error"];
  }
  return heard;
}

}  // namespace

TEST_CASE("endpoint: the model is told the filled prompt with placeholders, and the client hears its own words") {
  World& w = gateway();
  w.upstream.respond(repeat_chat);
  const std::string email = make_email();
  const RawReply reply = call(w, "sum", {{"input", {{"text", "Write to " + email}, {"words", 7}}}});
  REQUIRE(reply.status == 200);
  const Json told = Json::parse(w.upstream.last().body);
  CHECK(told["model"] == "m-1");
  CHECK(
      told["messages"].dump() ==
      R"([{"content":"You write for everybody.","role":"system"},{"content":"Sum up in 7 words: Write to [[EMAIL_001]]","role":"user"}])");
  CHECK(told["max_tokens"] == 300);
  const Json body = Json::parse(reply.body);
  CHECK(body["output"] == "You said: Sum up in 7 words: Write to " + email);
  CHECK(body["model"] == "m-1-served");
  CHECK(body["endpoint"] == "sum");
  CHECK(body["usage"].dump() == R"({"input_tokens":10,"output_tokens":4})");
  const Json row = find_row(w, 5, [&](const Json& one) { return one.value("id", "") == body["id"]; });
  CHECK(row.value("dialect", "") == "endpoint");
  CHECK(row.value("model", "") == "sum");
  CHECK(row.value("model_served", "") == "m-1-served");
  CHECK(row.value("route", "") == "sum");
  CHECK(row.value("path", "") == "/api/test/v1/endpoints/sum");
  CHECK(row.dump().find("EMAIL") != std::string::npos);
  CHECK(w.home.everything().find(email) == std::string::npos);
}

TEST_CASE("endpoint: an answer that does not fit is asked for again, with the same placeholders, and all tries are counted") {
  World& w = gateway();
  int tries = 0;
  w.upstream.respond([&](const SeenRequest&) {
    return chat(++tries == 1 ? R"({"name":"[[EMAIL_001]]"})" : R"({"name":"[[EMAIL_001]]","age":3})");
  });
  const std::string email = make_email();
  const RawReply reply = call(w, "person", {{"input", {{"text", email}}}});
  REQUIRE(reply.status == 200);
  const Json body = Json::parse(reply.body);
  CHECK(body["output"].dump() == Json({{"name", email}, {"age", 3}}).dump());
  CHECK(body["tries"] == 2);
  CHECK(body["usage"]["input_tokens"] == 20);
  const auto seen = w.upstream.seen();
  REQUIRE(seen.size() == 2);
  const Json first = Json::parse(seen[0].body), second = Json::parse(seen[1].body);
  CHECK(second["messages"][0] == first["messages"][0]);
  CHECK(second["messages"][1]["content"] == R"({"name":"[[EMAIL_001]]"})");
  CHECK(second["messages"][2]["content"].get<std::string>().find("age is missing") != std::string::npos);
  CHECK(first["response_format"]["json_schema"]["strict"] == true);
  CHECK(find_row(w, 5, [&](const Json& one) { return one.value("id", "") == body["id"]; }).value("input_tokens", 0) == 20);
}

TEST_CASE("endpoint: an answer that never fits, or is cut off, is an error that says why; a refusal is none") {
  World& w = gateway();
  w.upstream.respond(chat("not JSON at all"));
  const RawReply never = call(w, "person", {{"input", {{"text", "a"}}}});
  CHECK(never.status == 502);
  CHECK(message_of(never) == "the model's answer does not fit the endpoint's output: is no JSON");
  CHECK(w.upstream.count() == 3);
  w.upstream.forget();
  w.upstream.respond(chat(R"({"name":"An)", "length"));
  CHECK(message_of(call(w, "person", {{"input", {{"text", "a"}}}})).find("cut off") != std::string::npos);
  CHECK(w.upstream.count() == 1);
  w.upstream.respond(chat("I will not.", "content_filter"));
  const Json refused = Json::parse(call(w, "person", {{"input", {{"text", "a"}}}}).body);
  CHECK(refused["output"].is_null());
  CHECK(refused["refusal"] == "I will not.");
}

TEST_CASE("endpoint: JSON stays JSON, whatever the originals hold and however they were found") {
  World& w = gateway();
  const std::string block = "-----BEGIN NOTE-----\nab\"c\\d\n-----END NOTE-----";
  const std::string person = R"({"name":"[[NOTE_001]]","age":3})";
  for (const std::string& said : {person, "```json\n" + person + "\n```"}) {
    w.upstream.respond(chat(said));
    for (const std::string& text : {"see " + block, "{ \"key\": \"" + block + "\" }", "[\"" + block + "\"]"}) {
      const RawReply reply = call(w, "person", {{"input", {{"text", text}}}});
      REQUIRE(reply.status == 200);
      CHECK(Json::parse(reply.body)["output"]["name"] == block);
      CHECK(w.upstream.last().body.find("BEGIN NOTE") == std::string::npos);
    }
  }
  w.upstream.respond(chat(R"({"name":"Ann","age":3})"));
  const RawReply stream = call(w, "person", {{"input", {{"text", "a"}}}, {"stream", true}});
  CHECK(hear_events(stream.body).kinds == "r");
  CHECK(hear_events(stream.body).result["output"]["age"] == 3);
}

TEST_CASE("endpoint: a stream is pieces and a result, restored however it is cut") {
  World& w = gateway();
  const std::string email = make_email();
  const auto piece = [](const std::string& text) {
    return "data: " +
           Json({{"id", "c"}, {"model", "m-1-served"}, {"choices", {{{"index", 0}, {"delta", {{"content", text}}}}}}}).dump() +
           "\n\n";
  };
  std::vector<std::string> pieces = {piece("To [[EM"), piece("AIL_0"), piece("01]]"), piece(" now")};
  pieces.push_back(R"(data: {"id":"c","model":"m-1-served","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})"
                   "\n\n");
  pieces.push_back(R"(data: {"id":"c","choices":[],"usage":{"prompt_tokens":5,"completion_tokens":6}})"
                   "\n\n");
  pieces.push_back("data: [DONE]\n\n");
  w.upstream.respond(Answer::stream(pieces, Ms{5}));
  const RawReply reply = call(w, "talk", {{"input", {{"text", email}}}, {"stream", true}});
  CHECK(reply.status == 200);
  const EndpointEvents heard = hear_events(reply.body);
  CHECK(heard.text == "To " + email + " now");
  CHECK(heard.kinds.ends_with("r"));
  CHECK(heard.kinds.size() >= 3);
  CHECK(heard.result["output"] == heard.text);
  CHECK(heard.result["usage"]["output_tokens"] == 6);
}

TEST_CASE("endpoint: a stream that breaks off ends in an error; one that is no stream is one event") {
  World& w = gateway();
  w.upstream.respond(Answer::stream_head()
                         .chunk("data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hal\"}}]}\n\n")
                         .reset());
  const EndpointEvents cut = hear_events(call(w, "sum", {{"input", {{"text", "a"}}}, {"stream", true}}).body);
  CHECK(cut.kinds == "de");
  CHECK(!cut.error["message"].get<std::string>().empty());
  w.upstream.respond(chat("whole"));
  const RawReply whole = call(w, "sum", {{"input", {{"text", "a"}}}, {"stream", true}});
  CHECK(whole.status == 200);
  CHECK(hear_events(whole.body).kinds == "r");
  CHECK(hear_events(whole.body).result["output"] == "whole");
  w.upstream.respond(Answer::reply(400, R"({"error":{"message":"no such model","type":"invalid_request_error"}})"));
  const RawReply refused = call(w, "sum", {{"input", {{"text", "a"}}}, {"stream", true}});
  CHECK(refused.status == 400);
  CHECK(message_of(refused) == "no such model");
  w.upstream.respond(
      Answer::head(200, {{"Content-Type", "application/json"}, {"Content-Length", "500"}}).bytes("{\"id\"").close());
  CHECK(call(w, "sum", {{"input", {{"text", "a"}}}}).status == 502);
}

TEST_CASE("endpoint: a session goes on word for word, is its key's own, and keeps nothing of a turn that failed") {
  World& w = gateway();
  w.upstream.respond(repeat_chat);
  const std::string email = make_email(), other = make_email("john.roe");
  const auto turn = [&](const std::string& text, Fields fields = {}) {
    return call(w, "talk", {{"input", {{"text", text}}}, {"session", "jane-7"}}, std::move(fields));
  };
  CHECK(Json::parse(turn("I am " + email).body)["session"]["turn"] == 1);
  const std::string first = w.upstream.last().body;
  w.upstream.respond(Answer::reply(500, "{}"));
  CHECK(turn("lost").status == 500);
  w.upstream.respond(repeat_chat);
  const Json second = Json::parse(turn("and " + other + ", not " + email).body);
  CHECK(second["session"]["turn"] == 2);
  CHECK(second["output"] == "You said: and " + other + ", not " + email);
  const std::string told = w.upstream.last().body;
  CHECK(told.starts_with(first.substr(0, first.rfind(']'))));  // so that the provider's prompt cache hits
  CHECK(told.find("lost") == std::string::npos);
  CHECK(Json::parse(told)["messages"].size() == 3);
  const std::string key = w.home.add_key("other-caller");
  CHECK(Json::parse(turn("hi", {{"x-pg-key", key}}).body)["session"]["turn"] == 1);
  CHECK(Json::parse(w.upstream.last().body)["messages"].size() == 1);
}

TEST_CASE("endpoint: two turns of one session at once: the second is told to wait") {
  World& w = gateway();
  w.upstream.respond([](const SeenRequest&) {
    Answer slow;
    slow.pause(Ms{600});
    const Answer said = chat("done");
    slow.steps.insert(slow.steps.end(), said.steps.begin(), said.steps.end());
    return slow;
  });
  const Json body = {{"input", {{"text", "a"}}}, {"session", "busy"}};
  int first = 0;
  std::thread other([&] { first = call(w, "talk", body).status; });
  REQUIRE(w.upstream.wait_for(1));
  const RawReply second = call(w, "talk", body);
  other.join();
  CHECK(first == 200);
  CHECK(second.status == 409);
  CHECK(w.upstream.count() == 1);
}

TEST_CASE("endpoint: another dialect behind it changes nothing for the client") {
  World& w = gateway();
  w.upstream.respond(Answer::json(say_whole(DialectId::anthropic, {text_block({"Hallo ", "[[EMAIL_001]]"})})));
  const std::string email = make_email();
  const Json body = Json::parse(call(w, "claude", {{"input", {{"text", email}}}}).body);
  CHECK(body["output"].get<std::string>().find(email) != std::string::npos);
  CHECK(w.upstream.last().target.find("/messages") != std::string::npos);
  w.upstream.respond(Answer::stream(say_stream(DialectId::anthropic, {text_block({"Hal", "lo"})})));
  const EndpointEvents heard = hear_events(call(w, "claude", {{"input", {{"text", "a"}}}, {"stream", true}}).body);
  CHECK(heard.text == "Hallo");
  CHECK(heard.result["stop"] == "end");
}

TEST_CASE("endpoint: its own fallback answers, and a route rule stands above its model") {
  World& w = gateway();
  w.upstream.respond([](const SeenRequest& request) {
    if (request.target.find("/messages") == std::string::npos) return Answer::reply(503, "{}");
    return Answer::json(say_whole(DialectId::anthropic, {text_block({"helped"})}));
  });
  CHECK(Json::parse(call(w, "helped", {{"input", {{"text", "a"}}}}).body)["output"] == "helped");
  const Json routed = Json::parse(call(w, "routed", {{"input", {{"text", "a"}}}}).body);
  CHECK(routed["output"] == "helped");
  CHECK(Json::parse(w.upstream.last().body)["model"] == "claude-opus-5");
  CHECK(find_row(w, 5, [&](const Json& one) { return one.value("id", "") == routed["id"]; }).value("route", "") == "elsewhere");
}

TEST_CASE("endpoint: what is wrong with a call is a clear error, and nothing is sent") {
  World& w = gateway();
  w.upstream.respond(repeat_chat);
  const std::string email = make_email();
  CHECK(message_of(call(w, "sum", {{"input", {{"words", 3}}}})) == "input.text is missing");
  const RawReply unknown = call(w, "sum", {{"input", {{"text", "a"}, {email, 1}}}});
  CHECK(unknown.status == 400);
  CHECK(unknown.body.find(email) == std::string::npos);
  CHECK(message_of(call(w, "sun", {{"input", {{"text", "a"}}}})) == "there is no such endpoint; did you mean sum?");
  CHECK(call(w, "sum", {{"input", {{"text", "a"}}}, {"session", "x"}}).status == 400);
  CHECK(w.post("v1/endpoints/sum", "{\"input\":").status == 400);
  CHECK(w.post("v1/endpoints/sum", "{}", {{"Content-Type", "text/plain"}}).status == 415);
  CHECK(w.post("v1/endpoints/sum/more", "{}").status == 404);
  CHECK(w.get("v1/endpoints/sum", {{"x-pg-key", "pg_live_" + std::string(43, 'x')}}).status == 401);
  const RawReply secret = call(w, "sum", {{"input", {{"text", "deploy with " + make_github_token()}}}});
  CHECK(secret.status == 422);
  CHECK(message_of(secret).find("github") != std::string::npos);
  CHECK(w.upstream.count() == 0);
}

TEST_CASE("endpoint: a gateway answers at its endpoints alone, and lists them") {
  World& w = gateway();
  const RawReply raw = w.post("v1/chat/completions", ask(DialectId::openai_chat, false, "hi"));
  CHECK(raw.status == 404);
  CHECK(message_of(raw) == "project test is a gateway: it answers at /api/test/v1/endpoints/NAME");
  CHECK(w.post("v1/messages", ask(DialectId::anthropic, false, "hi")).status == 404);
  CHECK(w.get("v1/models").status == 404);
  CHECK(w.upstream.count() == 0);
  const Json list = Json::parse(w.get("v1/endpoints").body);
  CHECK(list["data"].size() == 8);
  const Json one = Json::parse(w.get("v1/endpoints/sum").body);
  CHECK(one["description"] == "Sums up a text");
  CHECK(one["input"]["required"].dump() == R"(["text"])");
  CHECK(w.get("v1/endpoints/none").status == 404);
}

TEST_CASE("endpoint: its own rate and cap hold for all callers together") {
  World& w = gateway();
  w.upstream.respond(repeat_chat);
  const Json body = {{"input", {{"text", "a"}}}};
  CHECK(call(w, "few", body).status == 200);
  CHECK(call(w, "few", body).status == 200);
  const RawReply third = call(w, "few", body, {{"x-pg-key", w.home.add_key("third-caller")}});
  CHECK(third.status == 429);
  CHECK(message_of(third).find("endpoint test/few is limited to 2 calls a minute") != std::string::npos);
  CHECK(call(w, "sum", body).status == 200);
  CHECK(call(w, "short", body).status == 200);
  const RawReply long_one = call(w, "short", {{"input", {{"text", std::string(4'000, 'x') + " and more"}}}});
  CHECK(long_one.status == 422);
  CHECK(message_of(long_one).find("endpoint test/short may send 100 in one request") != std::string::npos);
}

TEST_CASE("endpoint: its budget is spent by its own calls, and the ledger knows") {
  World w(kRedactAll, "[prices.\"fake/*\"]\ninput = \"1000\"\noutput = \"1000\"\n", {},
          "type = \"gateway\"\n[endpoints.dear]\nmodel = \"fake:m-1\"\nprompt = \"{{text}}\"\nmax_output_tokens = 4\n"
          "limits.budget = \"0.1 USD\"\n[endpoints.free]\nmodel = \"fake:m-1\"\nprompt = \"{{text}}\"\n");
  w.upstream.respond(repeat_chat);
  const Json body = {{"input", {{"text", "a"}}}};
  int served = 0;
  while (served < 20 && call(w, "dear", body).status == 200) ++served;
  CHECK(served > 0);
  CHECK(served < 20);
  CHECK(message_of(call(w, "dear", body)).find("endpoint test/dear") != std::string::npos);
  CHECK(call(w, "free", body).status == 200);
  CHECK(says(w.home.run({"budgets", "--json", "--config", w.home.config_file()}).out,
             "\"kind\":\"endpoint\",\"name\":\"test/dear\""));
}

TEST_CASE("endpoint: a changed schema file is in force within a second or so") {
  const std::string rows = "type = \"gateway\"\n[endpoints.p]\nmodel = \"fake:m-1\"\nprompt = \"{{text}}\"\noutput_retries = 0\n";
  World w(kRedactAll, {}, {}, rows);
  w.upstream.respond(chat(R"({"name":"Ann"})"));
  const Json body = {{"input", {{"text", "a"}}}};
  CHECK(Json::parse(call(w, "p", body).body)["output"].is_string());
  const std::string project = w.home.project_file("test"), schema = project.substr(0, project.rfind('/')) + "/p.json";
  w.home.write(schema, R"({"type":"object","required":["name"]})");
  w.home.write(project, project_toml(kRedactAll, rows + "output = \"p.json\"\n"));
  CHECK(soon([&] { return Json::parse(call(w, "p", body).body)["output"].is_object(); }));
  w.home.write(schema, R"({"type":"object","required":["name","age"]})");
  CHECK(soon([&] { return call(w, "p", body).status == 502; }));
}

TEST_CASE("pg endpoints: list, show, new and run") {
  World w(kRedactAll, {}, {}, "type = \"gateway\"\n[endpoints.sum]\nmodel = \"fake:m-1\"\nprompt = \"Sum up: {{text}}\"\n");
  w.upstream.respond(repeat_chat);
  const auto run = [&](std::vector<std::string> args) {
    args.insert(args.begin(), "endpoints");
    args.insert(args.end(), {"--config", w.home.config_file()});
    return w.home.run(args);
  };
  CHECK(run({"list"}).out == "test\tsum\tfake:m-1\ttext\ttext\t–\t–\n");
  CHECK(says(run({"show", "sum"}).out, "/api/test/v1/endpoints/sum"));
  const std::string email = make_email();
  const CommandResult said = run({"run", "sum", "text=" + email});
  CHECK(said.status == 0);
  CHECK(said.out == "You said: Sum up: " + email + "\n");
  CHECK(says(w.upstream.last().body, "[[EMAIL_001]]"));
  CHECK(run({"run", "sun", "text=a"}).status == 5);
  CHECK(run({"run", "sum", "txt=a"}).status == 1);
  CHECK(run({"run", "sum", "text"}).status == 2);
  CHECK(run({"run", "sum", "text=a", "--session", "s"}).status == 2);
  CHECK(run({"new", "shout", "--model", "fake:m-1", "--prompt", "Louder \"{{n}}\": {{text}}"}).status == 0);
  CHECK(run({"new", "shout", "--model", "fake:m-1", "--prompt", "x"}).status == 6);
  CHECK(run({"new", "bad", "--model", "fake:m-1", "--prompt", "{{x"}).status != 0);
  CHECK(soon([&] { return run({"run", "shout", "n:=3", "text=hi"}).out == "You said: Louder \"3\": hi\n"; }));
}

}  // namespace pg::test
