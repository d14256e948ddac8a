#include "core/wire/embeddings.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "core/base/encode.h"

namespace pg::test {
namespace {

using OrderedJson = nlohmann::ordered_json;

const std::string kAskTwo = R"({"model":"m","input":["one","two"],"encoding_format":"base64","dimensions":256,"user":"u"})";

TranslatedEmbedding asked(EmbeddingWire to, std::string_view body = kAskTwo) {
  auto result = translate_embedding_request(to, body, {"target"});
  REQUIRE(result.has_value());
  return std::move(*result);
}

}  // namespace

TEST_CASE("embedding requests as each provider has them") {
  const TranslatedEmbedding gemini = asked(EmbeddingWire::gemini);
  CHECK(gemini.path == "/models/target:batchEmbedContents");
  CHECK(gemini.body ==
        R"({"requests":[{"model":"models/target","content":{"parts":[{"text":"one"}]},"outputDimensionality":256},)"
        R"({"model":"models/target","content":{"parts":[{"text":"two"}]},"outputDimensionality":256}]})");
  CHECK(gemini.warnings == std::vector<std::string>{"drop:user"});
  CHECK(gemini.context.base64);
  CHECK(gemini.context.model == "m");
  CHECK(
      asked(EmbeddingWire::cohere).body ==
      R"({"model":"target","input_type":"search_document","texts":["one","two"],"embedding_types":["float"],"output_dimension":256})");
  CHECK(asked(EmbeddingWire::mistral).body == R"({"model":"target","input":["one","two"],"output_dimension":256})");
  CHECK(asked(EmbeddingWire::ollama).body == R"({"model":"target","input":["one","two"],"dimensions":256})");
  CHECK(asked(EmbeddingWire::ollama).path == "/embed");
  CHECK(asked(EmbeddingWire::vertex).path == "/models/target:predict");
  CHECK(asked(EmbeddingWire::vertex).body ==
        R"({"instances":[{"content":"one"},{"content":"two"}],"parameters":{"outputDimensionality":256}})");
  CHECK(asked(EmbeddingWire::openai, R"({"model":"m","input":"one"})").body == R"({"model":"target","input":["one"]})");
}

TEST_CASE("token numbers and nothing at all are refused by name") {
  for (const char* bad : {R"({"input":[1,2]})", R"({"input":[]})", R"({"input":["a",1]})", "{}", R"({"input":{"a":1}})"}) {
    const auto result = translate_embedding_request(EmbeddingWire::gemini, bad, {});
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().code == Code::bad_request);
    CHECK(result.error().message.find("`input`") != std::string::npos);
  }
  CHECK_FALSE(translate_embedding_request(EmbeddingWire::gemini, "[", {}).has_value());
}

TEST_CASE("embedding replies come back as OpenAI's, numbers as they were spelled") {
  const EmbeddingContext context{"m", false};
  const std::string expected =
      R"({"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.10,-1e-3]},{"object":"embedding","index":1,"embedding":[2]}],)"
      R"("model":"m","usage":{"prompt_tokens":7,"total_tokens":7}})";
  const std::pair<EmbeddingWire, const char*> replies[] = {
      {EmbeddingWire::gemini,
       R"({"embeddings":[{"values":[0.10,-1e-3]},{"values":[2]}],"usageMetadata":{"promptTokenCount":7}})"},
      {EmbeddingWire::cohere, R"({"embeddings":{"float":[[0.10,-1e-3],[2]]},"meta":{"billed_units":{"input_tokens":7}}})"},
      {EmbeddingWire::ollama, R"({"embeddings":[[0.10,-1e-3],[2]],"prompt_eval_count":7})"},
      {EmbeddingWire::vertex, R"({"predictions":[{"embeddings":{"values":[0.10,-1e-3],"statistics":{"token_count":4}}},)"
                              R"({"embeddings":{"values":[2],"statistics":{"token_count":3}}}]})"},
      {EmbeddingWire::mistral,
       R"({"data":[{"index":0,"embedding":[0.10,-1e-3]},{"index":1,"embedding":[2]}],"usage":{"prompt_tokens":7}})"}};
  for (const auto& [wire, body] : replies) {
    const auto reply = translate_embedding_reply(wire, body, context);
    REQUIRE(reply.has_value());
    CHECK(reply->body == expected);
    CHECK(reply->usage.input_tokens == 7);
  }
}

TEST_CASE("as bytes where the client asked for base64") {
  const auto reply = translate_embedding_reply(EmbeddingWire::ollama, R"({"embeddings":[[1,-0.5]]})", {"m", true});
  REQUIRE(reply.has_value());
  const std::string bytes = from_base64(OrderedJson::parse(reply->body)["data"][0]["embedding"].get<std::string>()).value();
  CHECK(to_hex(bytes) == "0000803f000000bf");
}

TEST_CASE("a reply without vectors is the provider's fault") {
  for (const char* bad : {"", "{}", R"({"embeddings":[]})", R"({"embeddings":[7]})", R"({"data":[{"index":0}]})"}) {
    const auto reply = translate_embedding_reply(EmbeddingWire::ollama, bad, {"m", false});
    REQUIRE_FALSE(reply.has_value());
    CHECK(reply.error().code == Code::upstream_failed);
  }
}

}  // namespace pg::test
