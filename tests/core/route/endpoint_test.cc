#include "core/route/endpoint.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "core/guard/vault.h"
#include "core/route/endpoint_stream.h"
#include "tests/support/gen.h"
#include "tests/support/result.h"

namespace pg {
namespace {

using Json = nlohmann::json;

const std::string kPerson =
    R"({"type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer"}},"required":["name","age"],"additionalProperties":false})";

Endpoint make_endpoint(std::string_view prompt = "Sum up in {{words|100}} words: {{text}}") {
  Endpoint endpoint;
  endpoint.name = "sum";
  endpoint.model = "anthropic:claude-haiku-4-5";
  endpoint.prompt = PromptTemplate::make(prompt).value();
  return endpoint;
}

std::string why_not(const Endpoint& endpoint, const std::string& body) {
  const auto call = read_endpoint_call(endpoint, body);
  if (!call) return call.error().message;
  const auto prompt = write_endpoint_prompt(endpoint, call.value());
  return prompt ? "" : prompt.error().message;
}

Json request_of(const Endpoint& endpoint, const std::string& body, const std::vector<SessionTurn>& turns = {}) {
  const EndpointCall call = read_endpoint_call(endpoint, body).value();
  const std::string prompt = write_endpoint_prompt(endpoint, call).value();
  return Json::parse(write_endpoint_request(endpoint, call, turns, prompt, call.stream).value());
}

Answer answer_of(const std::string& text, const std::string& finish = "stop") {
  AnswerReader reader;
  reader.read_whole(
      Json({{"id", "c1"},
            {"model", "m-1"},
            {"choices", {{{"index", 0}, {"finish_reason", finish}, {"message", {{"role", "assistant"}, {"content", text}}}}}},
            {"usage", {{"prompt_tokens", 10}, {"completion_tokens", 4}}}})
          .dump());
  return reader.answer();
}

}  // namespace

TEST_CASE("endpoint: an input with the template's names becomes the request") {
  Endpoint endpoint = make_endpoint();
  endpoint.system = PromptTemplate::make("For {{audience|everybody}}.").value();
  endpoint.max_output_tokens = 300;
  endpoint.temperature = "0.2";
  const Json request = request_of(endpoint, R"({"input":{"text":"Long \"story\""}})");
  CHECK(request == Json::parse(R"({"model":"anthropic:claude-haiku-4-5","messages":[{"role":"system","content":"For everybody."},
    {"role":"user","content":"Sum up in 100 words: Long \"story\""}],"max_tokens":300,"temperature":0.2})"));
}

TEST_CASE("endpoint: the room for the output in the word that the model knows") {
  Endpoint endpoint = make_endpoint("{{a}}");
  endpoint.max_output_tokens = 5;
  endpoint.newer_word = true;
  CHECK(request_of(endpoint, R"({"input":{"a":1}})")["max_completion_tokens"] == 5);
}

TEST_CASE("endpoint: earlier turns stand in front, word for word") {
  Endpoint endpoint = make_endpoint("{{text}}");
  endpoint.session_for = Millis(1000);
  const Json request = request_of(endpoint, R"({"input":{"text":"c"},"session":"jane-7"})", {{"a", "b"}});
  CHECK(request["messages"].dump() ==
        R"([{"content":"a","role":"user"},{"content":"b","role":"assistant"},{"content":"c","role":"user"}])");
}

TEST_CASE("endpoint: a stream asks for its usage, and an output schema is told to the model") {
  Endpoint endpoint = make_endpoint("{{text}}");
  CHECK(request_of(endpoint, R"({"input":{"text":"c"},"stream":true})")["stream_options"]["include_usage"] == true);
  endpoint.output = JsonSchema::make(kPerson).value();
  const Json format = request_of(endpoint, R"({"input":{"text":"c"}})")["response_format"];
  CHECK(format["type"] == "json_schema");
  CHECK(format["json_schema"]["strict"] == true);
  CHECK(format["json_schema"]["schema"] == Json::parse(kPerson));
}

TEST_CASE("endpoint: what is wrong with a call is said without its words") {
  const Endpoint endpoint = make_endpoint();
  CHECK(why_not(endpoint, R"({"input":{"text":"a"}})").empty());
  CHECK(why_not(endpoint, R"({"input":{"words":3}})") == "input.text is missing");
  CHECK(why_not(endpoint, "{}") == "input.text is missing");
  CHECK(why_not(endpoint, R"({"input":{"txt":"a"}})") ==
        "input has a member that endpoint sum does not know; did you mean \"text\"?");
  CHECK(why_not(endpoint, R"({"inputs":{"text":"a"}})").ends_with("did you mean \"input\"?"));
  CHECK(why_not(endpoint, R"({"input":"a"})").starts_with("input is an object"));
  CHECK(why_not(endpoint, R"({"input":{"text":"a"},"stream":1})") == "stream is true or false");
  CHECK(why_not(endpoint, R"({"input":{"text":"a"},"session":"s"})") == "endpoint sum keeps no sessions");
  CHECK(why_not(endpoint, "[]") == "the body is not a JSON object");
  CHECK(why_not(endpoint, "{") != "");
  Endpoint talks = make_endpoint();
  talks.session_for = Millis(1);
  for (const char* bad : {"\"\"", "\"a b\"", "7", "\"jane@example.com\""})
    CHECK(why_not(talks, std::string(R"({"input":{"text":"a"},"session":)") + bad + "}").starts_with("session is a text"));
}

TEST_CASE("endpoint: with a schema of its own the input is checked against that") {
  Endpoint endpoint = make_endpoint("{{name}}");
  endpoint.input = JsonSchema::make(kPerson).value();
  CHECK(why_not(endpoint, R"({"input":{"name":"Ann","age":3}})").empty());
  CHECK(why_not(endpoint, R"({"input":{"name":"Ann","age":"3"}})") == "the input does not fit: age must be an integer");
  CHECK(why_not(endpoint, R"({})") == "the input does not fit: name is missing; age is missing");
}

TEST_CASE("endpoint: an answer as text") {
  const Endpoint endpoint = make_endpoint();
  Answer answer = answer_of("It is \"so\".");
  CHECK(find_answer_flaw(endpoint, answer).empty());
  CHECK(
      write_endpoint_reply(endpoint, answer, {"X1", "", 1, 1}) ==
      R"({"id":"X1","endpoint":"sum","model":"m-1","output":"It is \"so\".","stop":"end","usage":{"input_tokens":10,"output_tokens":4}})");
}

TEST_CASE("endpoint: an answer by a schema, in a fence or not") {
  Endpoint endpoint = make_endpoint();
  endpoint.output = JsonSchema::make(kPerson).value();
  for (const char* text :
       {R"({"name":"Ann","age":3})", "```json\n{\"name\":\"Ann\",\"age\":3}\n```", "\n {\"name\":\"Ann\",\"age\":3} \n"}) {
    Answer answer = answer_of(text);
    CHECK(restore_answer(Vault(), answer).exact == 0);
    CHECK(find_answer_flaw(endpoint, answer).empty());
    const Json reply = Json::parse(write_endpoint_reply(endpoint, answer, {"X1", "jane", 2, 3}));
    CHECK(reply["output"]["age"] == 3);
    CHECK(reply["session"].dump() == R"({"id":"jane","turn":2})");
    CHECK(reply["tries"] == 3);
  }
  Answer wrong = answer_of(R"({"name":"Ann"})");
  CHECK(find_answer_flaw(endpoint, wrong) == "age is missing");
  CHECK(write_correction("age is missing").find("age is missing") != std::string::npos);
  Answer prose = answer_of("Ann is 3.");
  CHECK(find_answer_flaw(endpoint, prose) == "is no JSON");
}

TEST_CASE("endpoint: originals in JSON are escaped as their strings ask, fenced or not; elsewhere they stand as they are") {
  Vault vault;
  const std::string original = "a\"b\\c\nd";
  const std::string token(vault.placeholder_for("WORD", original));
  const auto restored = [&](const std::string& text) {
    Answer answer;
    answer.stop = "end";
    answer.text = text;
    (void)restore_answer(vault, answer);
    return answer.text;
  };
  for (const std::string& json :
       {R"({"v":")" + token + R"("})", "```json\n{\"v\":\"" + token + "\"}\n```", "```\n{\"v\": \"" + token + "\"}\n```\n"})
    CHECK(Json::parse(restored(json))["v"] == original);
  CHECK(Json::parse(restored(R"({")" + token + R"(":[1,"x )" + token + R"("]})")).dump() ==
        Json({{original, {1, "x " + original}}}).dump());
  CHECK(Json::parse(restored(R"({"v":"{\"inner\":\")" + token + R"(\"}"})"))["v"] == Json({{"inner", original}}).dump());
  CHECK(restored("It is " + token + ".") == "It is " + original + ".");
  Answer refused;
  refused.stop = "refusal";
  refused.refusal = "Not " + token;
  CHECK(restore_answer(vault, refused).exact == 1);
  CHECK(refused.refusal == "Not " + original);
}

TEST_CASE("endpoint: a refusal has no output, and is no answer that does not fit") {
  Endpoint endpoint = make_endpoint();
  endpoint.output = JsonSchema::make(kPerson).value();
  Answer answer = answer_of("I would rather not.", "content_filter");
  CHECK(find_answer_flaw(endpoint, answer).empty());
  const Json reply = Json::parse(write_endpoint_reply(endpoint, answer, {"X1", "", 1, 1}));
  CHECK(reply["output"].is_null());
  CHECK(reply["refusal"] == "I would rather not.");
  CHECK(reply["stop"] == "refusal");
}

TEST_CASE("endpoint: as a list shows it, with a schema for its input in any case") {
  Endpoint endpoint = make_endpoint("{{user.name}} {{words|9}} {{user.age|1}}");
  endpoint.description = "Sums up";
  CHECK(Json::parse(write_endpoint(endpoint)) ==
        Json::parse(R"({"name":"sum","description":"Sums up","model":"anthropic:claude-haiku-4-5",
    "input":{"type":"object","properties":{"user":{},"words":{}},"required":["user"],"additionalProperties":false},"sessions":false})"));
}

TEST_CASE("endpoint stream: pieces, then the whole; any split of the bytes gives the same text") {
  const Endpoint endpoint = make_endpoint();
  const std::string bytes =
      "data: {\"id\":\"c\",\"model\":\"m-1\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n"
      "data: {\"id\":\"c\",\"model\":\"m-1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"H\xC3\xA4 \"}}]}\n\n"
      ": ping\n\n"
      "data: {\"id\":\"c\",\"model\":\"m-1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"llo\"}}]}\n\n"
      "data: {\"id\":\"c\",\"model\":\"m-1\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
      "data: {\"id\":\"c\",\"model\":\"m-1\",\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}\n\n"
      "data: [DONE]\n\n";
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    EndpointStream stream(endpoint, {"X1", "", 1, 1});
    std::string out;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      std::string part = bytes.substr(at, piece);
      REQUIRE(stream.push(part));
      out += part;
    }
    stream.finish(out);
    std::string text;
    Json result;
    for (std::size_t at = 0; at < out.size();) {
      const std::size_t end = out.find("\n\n", at);
      const Json event = Json::parse(out.substr(at + 6, end - at - 6));
      if (event.contains("delta")) text += event["delta"].get<std::string>();
      if (event.contains("result")) result = event["result"];
      at = end + 2;
    }
    CHECK(text == "H\xC3\xA4 llo");
    CHECK(result["output"] == text);
    CHECK(result["usage"]["output_tokens"] == 2);
  }
}

TEST_CASE("endpoint stream: one that breaks off, or tells of an error, ends in an error and has no result") {
  const Endpoint endpoint = make_endpoint();
  for (const char* bytes : {"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"H\"}}]}\n\n",
                            "data: {\"error\":{\"message\":\"too busy\",\"type\":\"server_error\"}}\n\n", ""}) {
    EndpointStream stream(endpoint, {"X1", "", 1, 1});
    std::string out = bytes;
    REQUIRE(stream.push(out));
    stream.finish(out);
    CHECK(out.find("data: {\"error\":{") != std::string::npos);
    CHECK(out.find("result") == std::string::npos);
    CHECK(!stream.answer().fault.empty());
  }
}

}  // namespace pg
