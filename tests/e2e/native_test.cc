// Providers with dialects and addresses of their own: the exact head and body that leaves, and what the client hears of the
// answer.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "tests/support/provider_world.h"

namespace pg::test {
namespace {

using Json = nlohmann::json;

std::string data_event(const Json& json) {
  return "data: " + json.dump() + "\n\n";
}

// "[[EMAIL_001]]" is cut in two, and stands in a tool call's arguments.
Json gemini_chunk(const Json& parts, const Json& more = Json::object()) {
  Json chunk = {{"candidates", {{{"content", {{"role", "model"}, {"parts", parts}}}, {"index", 0}}}},
                {"modelVersion", "gemini-3-flash-served"},
                {"responseId", "r-1"}};
  chunk["candidates"][0].update(more);
  return chunk;
}
Json gemini_end(const Json& parts) {
  Json chunk = gemini_chunk(parts, {{"finishReason", "STOP"}});
  chunk["usageMetadata"] = {{"promptTokenCount", 20}, {"candidatesTokenCount", 7}, {"thoughtsTokenCount", 3}};
  return chunk;
}

std::vector<std::string> gemini_stream_of(const Json& call) {
  return {data_event(gemini_chunk(Json::array({{{"text", "I wrote to [[EM"}}}))),
          data_event(gemini_chunk(Json::array({{{"text", "AIL_001]]."}}}))), data_event(gemini_end(Json::array({call})))};
}

const Json kGeminiCall = {{"functionCall", {{"name", "write_file"}, {"args", {{"to", "[[EMAIL_001]]"}}}}}};

constexpr const char* kCohereWhole =
    R"({"id":"c-1","finish_reason":"COMPLETE","message":{"role":"assistant","content":[{"type":"text","text":"I wrote to [[EMAIL_001]]."}]},"usage":{"tokens":{"input_tokens":20,"output_tokens":7}}})";

std::vector<std::string> cohere_stream() {
  return {
      data_event({{"type", "message-start"}, {"id", "c-1"}}),
      data_event(
          {{"type", "content-start"}, {"index", 0}, {"delta", {{"message", {{"content", {{"type", "text"}, {"text", ""}}}}}}}}),
      data_event(
          {{"type", "content-delta"}, {"index", 0}, {"delta", {{"message", {{"content", {{"text", "I wrote to [[EM"}}}}}}}}),
      data_event({{"type", "content-delta"}, {"index", 0}, {"delta", {{"message", {{"content", {{"text", "AIL_001]]."}}}}}}}}),
      data_event({{"type", "content-end"}, {"index", 0}}),
      data_event(
          {{"type", "message-end"},
           {"delta", {{"finish_reason", "COMPLETE"}, {"usage", {{"tokens", {{"input_tokens", 20}, {"output_tokens", 7}}}}}}}})};
}

}  // namespace

TEST_CASE("native: Gemini's own API, streamed and whole, for every client") {
  ProviderWorld& w = provider_world();
  const std::string mail = make_email();
  for (const DialectId client : kModelDialects)
    for (const bool stream : {true, false}) {
      CAPTURE(dialect(client).name);
      CAPTURE(stream);
      w.upstream.respond(
          stream ? Answer::stream(gemini_stream_of(kGeminiCall))
                 : Answer::json(gemini_end(Json::array({{{"text", "I wrote to [[EMAIL_001]]."}}, kGeminiCall})).dump()));
      const RawReply reply = w.call("gemini-native", client, "gemini-3-flash", stream, "I am " + mail);
      CHECK(reply.status == 200);
      const Heard heard = stream ? hear_stream(client, reply.body) : hear_whole(client, reply.body);
      CHECK(heard.text() == "I wrote to " + mail + ".");
      CHECK(heard.fault() == "");
      REQUIRE(heard.arguments.size() == 1);
      CHECK(Json::parse(heard.arguments[0], nullptr, false) == Json{{"to", mail}});
      const SeenRequest seen = w.upstream.last();
      CHECK(seen.target == (stream ? "/v1beta/models/gemini-3-flash:streamGenerateContent?alt=sse"
                                   : "/v1beta/models/gemini-3-flash:generateContent"));
      CHECK(seen.field("x-goog-api-key") == w.credential);
      CHECK(seen.field("authorization").empty());
      const Json body = Json::parse(seen.body, nullptr, false);
      CHECK(body["contents"] == Json::parse(R"([{"role":"user","parts":[{"text":"I am [[EMAIL_001]]"}]}])"));
      CHECK_FALSE(body.contains("model"));
      CHECK(w.home.newest_row_has("model_served", "gemini-3-flash-served"));
    }
  CHECK(w.home.newest_row_has("provider", "gemini-native"));
}

TEST_CASE("native: a row with both APIs sends Chat as it came, and all others in Gemini's own words") {
  ProviderWorld& w = provider_world();
  w.upstream.respond(Answer::json(say_whole(DialectId::openai_chat, {text_block({"ok"})})));
  const std::string body = ask_model(DialectId::openai_chat, "gemini-3-flash", false, "hi");
  CHECK(w.post_to("gemini-both", "v1/chat/completions", body).status == 200);
  CHECK(w.upstream.last().target == "/v1beta/openai/chat/completions");
  CHECK(w.upstream.last().body == body);
  CHECK(w.upstream.last().field("authorization") == "Bearer " + w.credential);
  CHECK(w.upstream.last().field("x-goog-api-key").empty());
  w.upstream.respond(Answer::json(gemini_end(Json::array({{{"text", "ok"}}})).dump()));
  CHECK(w.call("gemini-both", DialectId::anthropic, "gemini-3-flash", false, "hi").status == 200);
  CHECK(w.upstream.last().target == "/v1beta/models/gemini-3-flash:generateContent");
  CHECK(w.upstream.last().field("x-goog-api-key") == w.credential);
  CHECK(w.upstream.last().field("authorization").empty());
}

TEST_CASE("native: Gemini's error keeps its status, and its retry delay becomes a header") {
  ProviderWorld& w = provider_world();
  const std::string body =
      R"({"error":{"code":429,"message":"quota","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"3.2s"}]}})";
  for (const DialectId client : kModelDialects) {
    CAPTURE(dialect(client).name);
    w.upstream.respond(Answer::reply(429, body));
    const RawReply reply = w.call("gemini-native", client, "gemini-3-flash", true, "hi");
    CHECK(reply.status == 429);
    CHECK(reply.field("retry-after") == "4");
    const Heard heard = hear_whole(client, reply.body);
    CHECK(heard.error_message == "quota");
    CHECK(heard.error_type == "rate_limit_error");
  }
  w.upstream.respond(Answer::reply(429, body, {{"Content-Type", "application/json"}, {"Retry-After", "9"}}));
  CHECK(w.call("gemini-native", DialectId::openai_chat, "gemini-3-flash", false, "hi").field("retry-after") == "9");
}

TEST_CASE("native: Cohere's v2 chat, streamed, whole and refused") {
  ProviderWorld& w = provider_world();
  const std::string mail = make_email();
  for (const DialectId client : kModelDialects)
    for (const bool stream : {true, false}) {
      CAPTURE(dialect(client).name);
      CAPTURE(stream);
      w.upstream.respond(stream ? Answer::stream(cohere_stream()) : Answer::json(kCohereWhole));
      const RawReply reply = w.call("cohere-native", client, "command-a", stream, "I am " + mail);
      CHECK(reply.status == 200);
      const Heard heard = stream ? hear_stream(client, reply.body) : hear_whole(client, reply.body);
      CHECK(heard.text() == "I wrote to " + mail + ".");
      CHECK(heard.fault() == "");
      CHECK(w.upstream.last().target == "/v2/chat");
      CHECK(w.upstream.last().field("authorization") == "Bearer " + w.credential);
      const Json body = Json::parse(w.upstream.last().body, nullptr, false);
      CHECK(body["model"] == "command-a");
      CHECK(body["stream"] == stream);
      CHECK(body["messages"] == Json::parse(R"([{"role":"user","content":"I am [[EMAIL_001]]"}])"));
    }
  w.upstream.respond(Answer::reply(401, R"({"message":"invalid api token"})"));
  const RawReply refused = w.call("cohere-native", DialectId::anthropic, "command-a", true, "hi");
  CHECK(refused.status == 401);
  CHECK(hear_whole(DialectId::anthropic, refused.body).error_type == "authentication_error");
}

TEST_CASE("native: an alias costs what the model behind it does, where the provider does not name the one it served") {
  ProviderWorld& w = provider_world();
  const auto check_row = [&w](const char* model, const char* served) {
    CHECK(w.home.newest_row_has("model_served", served));
    CHECK(w.home.newest_row_has("model", model));
    CHECK(w.home.newest_row_has("cost_state", "exact"));
  };
  for (const DialectId client : kModelDialects)
    for (const bool stream : {true, false}) {
      CAPTURE(dialect(client).name);
      CAPTURE(stream);
      w.upstream.respond(stream ? Answer::stream(cohere_stream()) : Answer::json(kCohereWhole));
      const RawReply reply = w.call("cohere-native", client, "fast", stream, "hi");
      CHECK(Json::parse(w.upstream.last().body, nullptr, false)["model"] == "command-a");
      CHECK(reply.body.find("\"fast\"") != std::string::npos);  // the client's own word
      check_row("fast", "command-a");
    }
  w.upstream.respond(Answer::json(R"({"embeddings":{"float":[[0.10,-1]]},"meta":{"billed_units":{"input_tokens":5}}})"));
  CHECK(w.post_to("cohere-native", "v1/embeddings", R"({"model":"vectors","input":"hi"})").status == 200);
  check_row("vectors", "embed-v4.0");
  w.upstream.respond(Answer::reply(401, R"({"message":"invalid api token"})"));
  CHECK(w.call("cohere-native", DialectId::anthropic, "fast", false, "hi").status == 401);
  CHECK(w.home.newest_row_has("status", "401"));
}

TEST_CASE("native: embeddings in each provider's shape, guarded like all else, and answered in OpenAI's") {
  ProviderWorld& w = provider_world();
  const std::string mail = make_email();
  struct Row {
    const char* project;
    const char* target;
    Json body;
    const char* reply;
  };
  const Row rows[] = {
      {"gemini-native", "/v1beta/models/embed-1:batchEmbedContents",
       Json::parse(
           R"({"requests":[{"model":"models/embed-1","content":{"parts":[{"text":"I am [[EMAIL_001]]"}]},"outputDimensionality":2}]})"),
       R"({"embeddings":[{"values":[0.10,-1]}],"usageMetadata":{"promptTokenCount":5}})"},
      {"cohere-native", "/v2/embed",
       Json::parse(
           R"({"model":"embed-1","input_type":"search_document","texts":["I am [[EMAIL_001]]"],"embedding_types":["float"],"output_dimension":2})"),
       R"({"embeddings":{"float":[[0.10,-1]]},"meta":{"billed_units":{"input_tokens":5}}})"},
      {"ollamaed", "/api/embed", Json::parse(R"({"model":"embed-1","input":["I am [[EMAIL_001]]"],"dimensions":2})"),
       R"({"model":"embed-1","embeddings":[[0.10,-1]],"prompt_eval_count":5})"},
      {"mistralled", "/v1/embeddings", Json::parse(R"({"model":"embed-1","input":["I am [[EMAIL_001]]"],"output_dimension":2})"),
       R"({"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.10,-1]}],"usage":{"prompt_tokens":5}})"}};
  for (const Row& row : rows) {
    CAPTURE(row.project);
    w.upstream.respond(Answer::json(row.reply));
    const std::string ask = R"({"model":"embed-1","input":"I am )" + mail + R"(","dimensions":2})";
    const RawReply reply = w.post_to(row.project, "v1/embeddings", ask);
    CHECK(reply.status == 200);
    CHECK(w.upstream.last().target == row.target);
    CHECK(Json::parse(w.upstream.last().body, nullptr, false) == row.body);
    CHECK(
        reply.body ==
        R"({"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.10,-1]}],"model":"embed-1","usage":{"prompt_tokens":5,"total_tokens":5}})");
    CHECK(w.home.newest_row_has("redactions", "EMAIL:1"));
    CHECK(w.home.newest_row_has("input_tokens", "5"));
    w.upstream.respond(Answer::json(R"({"nothing":true})"));
    CHECK(w.post_to(row.project, "v1/embeddings", ask).status == 502);
    w.upstream.respond(
        Answer::reply(400, R"({"error":{"code":400,"message":"too long","status":"INVALID_ARGUMENT"},"message":"too long"})"));
    const RawReply refused = w.post_to(row.project, "v1/embeddings", ask);
    CHECK(refused.status == 400);
    CHECK(Json::parse(refused.body, nullptr, false)["error"]["message"] == "too long");
    CHECK(Json::parse(refused.body, nullptr, false)["error"]["type"] == "invalid_request_error");
  }
  // Numbers of tokens are OpenAI's alone, and OpenAI's own shape is not touched.
  w.upstream.forget();
  CHECK(w.post_to("cohere-native", "v1/embeddings", R"({"model":"e","input":[1,2,3]})").status == 400);
  CHECK(w.upstream.touched() == 0);
}

TEST_CASE("native: Azure's v1 API takes Chat, Responses and embeddings as they come, by the deployment's name") {
  ProviderWorld& w = provider_world();
  for (const DialectId client : {DialectId::openai_chat, DialectId::openai_responses}) {
    CAPTURE(dialect(client).name);
    w.upstream.respond(Answer::json(say_whole(client, {text_block({"ok"})})));
    const std::string body = ask_model(client, "gpt-4o", false, "hi");
    CHECK(w.post_to("azure-v1", model_path(client), body).status == 200);
    CHECK(w.upstream.last().target == "/openai/" + model_path(client));
    CHECK(w.upstream.last().body == replace_all(body, "gpt-4o", "my 4o"));
    CHECK(w.upstream.last().field("api-key") == w.credential);
    CHECK(w.upstream.last().field("authorization").empty());
  }
  w.upstream.respond(Answer::json(say_whole(DialectId::openai_responses, {text_block({"ok"})})));
  CHECK(w.call("azure-v1", DialectId::anthropic, "gpt-4o", false, "hi").status == 200);
  CHECK(w.upstream.last().target == "/openai/v1/responses");
  w.upstream.respond(Answer::json(R"({"object":"list","data":[]})"));
  CHECK(w.post_to("azure-v1", "v1/embeddings", R"({"model":"gpt-4o","input":"x"})").status == 200);
  CHECK(w.upstream.last().target == "/openai/v1/embeddings");
}

TEST_CASE("native: Azure's classic API has the deployment in the path and a version behind it") {
  ProviderWorld& w = provider_world();
  w.upstream.respond(Answer::stream(say_stream(DialectId::openai_chat, {text_block({"hello"})})));
  const RawReply reply = w.call("azure-classic", DialectId::openai_chat, "gpt-4o", true, "hi");
  CHECK(hear_stream(DialectId::openai_chat, reply.body).text() == "hello");
  CHECK(w.upstream.last().target == "/openai/deployments/my%204o/chat/completions?api-version=2024-10-21");
  CHECK(w.upstream.last().field("api-key") == w.credential);
  // Responses are not spoken there, so they are translated; a model without a name of its own is its own deployment.
  w.upstream.respond(Answer::json(say_whole(DialectId::openai_chat, {text_block({"ok"})})));
  CHECK(w.call("azure-classic", DialectId::openai_responses, "other", false, "hi").status == 200);
  CHECK(w.upstream.last().target == "/openai/deployments/other/chat/completions?api-version=2024-10-21");
  w.upstream.respond(Answer::json(R"({"object":"list","data":[]})"));
  CHECK(w.post_to("azure-classic", "v1/embeddings", R"({"model":"e","input":"x"})").status == 200);
  CHECK(w.upstream.last().target == "/openai/deployments/e/embeddings?api-version=2024-10-21");
  w.upstream.respond(Answer::reply(429, R"({"error":{"code":"429","message":"slow"}})", {{"Retry-After", "3"}}));
  const RawReply busy = w.call("azure-classic", DialectId::openai_chat, "gpt-4o", false, "hi");
  CHECK(busy.status == 429);
  CHECK(busy.field("retry-after") == "3");
}

TEST_CASE("native: a cap lowers what a call asks for, names it, and is what Anthropic gets when nothing was asked") {
  ProviderWorld& w = provider_world();
  w.upstream.respond(Answer::json(say_whole(DialectId::anthropic, {text_block({"ok"})})));
  const std::string body = ask_model(DialectId::anthropic, "m", false, "hi");  // max_tokens: 64
  const RawReply reply = w.post_to("capped", "v1/messages", body);
  CHECK(reply.field("x-pg-warnings") == "change:max_tokens");
  CHECK(w.upstream.last().body == replace_all(body, "\"max_tokens\":64", "\"max_tokens\":50"));
  const std::string small = replace_all(body, ":64", ":49");
  CHECK(w.post_to("capped", "v1/messages", small).field("x-pg-warnings").empty());
  CHECK(w.upstream.last().body == small);
  CHECK(w.call("capped", DialectId::openai_chat, "m", false, "hi").status == 200);
  CHECK(Json::parse(w.upstream.last().body)["max_tokens"] == 50);
  w.upstream.respond(Answer::json(say_whole(DialectId::openai_chat, {text_block({"ok"})})));
  CHECK(w.post_to("capped-chat", "v1/messages", body).field("x-pg-warnings").find("change:max_tokens") != std::string::npos);
  CHECK(Json::parse(w.upstream.last().body)["max_tokens"] == 50);
}

TEST_CASE("native: lists of models, in the asking client's shape") {
  ProviderWorld& w = provider_world();
  w.upstream.respond(Answer::json(R"({"models":[{"name":"models/gemini-3-flash","displayName":"Gemini 3 Flash"}]})"));
  const RawReply gemini = w.send("GET", "gemini-native", "v1/models", "", {{"anthropic-version", "2023-06-01"}});
  CHECK(w.upstream.last().target == "/v1beta/models?pageSize=1000");
  CHECK(Json::parse(gemini.body)["data"][0]["id"] == "gemini-3-flash");
  CHECK(Json::parse(gemini.body)["data"][0]["display_name"] == "Gemini 3 Flash");
  const RawReply one = w.send("GET", "gemini-native", "v1/models/gemini-3-flash", "", {{"anthropic-version", "2023-06-01"}});
  CHECK(Json::parse(one.body) == Json::parse(gemini.body)["data"][0]);
  CHECK(w.send("GET", "gemini-native", "v1/models/gemini-3", "").status == 404);
  w.upstream.respond(Answer::json(R"({"models":[{"name":"command-a","endpoints":["chat"]}]})"));
  CHECK(Json::parse(w.send("GET", "cohere-native", "v1/models", "").body)["data"][0]["id"] == "command-a");
  CHECK(w.upstream.last().target == "/v1/models?page_size=1000");
  w.upstream.respond(Answer::json(R"({"object":"list","data":[{"id":"gpt-4o"}]})"));
  CHECK(w.send("GET", "azure-classic", "v1/models", "").status == 200);
  CHECK(w.upstream.last().target == "/openai/models?api-version=2024-10-21");
  CHECK(w.upstream.last().field("api-key") == w.credential);
}

}  // namespace pg::test
