// Golden files for what is no dialect of its own: Anthropic's bodies as the clouds want them, and embeddings.
//
// cloud-CASE.DIALECT.json is a request of a client, cloud-CASE.DIALECT-to-CLOUD.json what the cloud is sent.
// embed-CASE.openai.json is a call for embeddings, embed-CASE.openai-to-SHAPE.json what the provider is sent,
// embed-CASE.SHAPE.json its reply and embed-CASE.SHAPE-to-openai.json what the client hears. PG_UPDATE_GOLDEN=1 writes what is
// expected.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "core/wire/cloud_body.h"
#include "core/wire/embeddings.h"
#include "tests/support/golden.h"

namespace pg::test {
namespace {

using OrderedJson = nlohmann::ordered_json;

// One that Bedrock knows and one that it would refuse the call for.
constexpr std::string_view kBetas = "interleaved-thinking-2025-05-14,oauth-2025-04-20";

constexpr std::pair<EmbeddingWire, std::string_view> kShapes[] = {
    {EmbeddingWire::openai, "openai"},   {EmbeddingWire::gemini, "gemini"}, {EmbeddingWire::cohere, "cohere"},
    {EmbeddingWire::mistral, "mistral"}, {EmbeddingWire::ollama, "ollama"}, {EmbeddingWire::vertex, "vertex"}};

std::string told(const std::vector<std::string>& warnings, const std::string& body) {
  return OrderedJson{{"warnings", warnings}, {"body", OrderedJson::parse(body)}}.dump();
}

}  // namespace

TEST_CASE("golden: requests for Claude on Vertex AI and on Bedrock, of every client") {
  std::size_t tried = 0;
  for (const GoldenCase& golden : load_golden("cloud-")) {
    CAPTURE(golden.name);
    for (const Wire from : kClientWires) {
      const std::string* input = golden.find(wire_name(from));
      if (input == nullptr) continue;
      ++tried;
      Translated said;
      said.body = *input;
      if (from != Wire::anthropic) said = translate_request(from, Wire::anthropic, *input, {}).value();
      const std::string key = std::string(wire_name(from)) + "-to-";
      expect_golden(golden, key + "vertex", told(said.warnings, write_vertex_body(said.body).value()));
      const BedrockBody bedrock = write_bedrock_body(said.body, from == Wire::anthropic ? kBetas : "").value();
      std::vector<std::string> warnings = said.warnings;
      warnings.insert(warnings.end(), bedrock.warnings.begin(), bedrock.warnings.end());
      expect_golden(golden, key + "bedrock", told(warnings, bedrock.body));
    }
  }
  CHECK(tried >= 3);
}

TEST_CASE("golden: embeddings in every shape, there and back") {
  std::size_t replies = 0;
  for (const GoldenCase& golden : load_golden("embed-")) {
    CAPTURE(golden.name);
    const std::string* ask = golden.find("openai");
    REQUIRE(ask != nullptr);
    for (const auto& [shape, name] : kShapes) {
      CAPTURE(name);
      const auto sent = translate_embedding_request(shape, *ask, {});
      REQUIRE(sent.has_value());
      const OrderedJson all = {{"path", sent->path}, {"warnings", sent->warnings}, {"body", OrderedJson::parse(sent->body)}};
      expect_golden(golden, "openai-to-" + std::string(name), all.dump());
      const std::string* reply = shape == EmbeddingWire::openai ? nullptr : golden.find(name);
      if (reply == nullptr) continue;
      ++replies;
      const auto heard = translate_embedding_reply(shape, *reply, sent->context);
      REQUIRE(heard.has_value());
      expect_golden(golden, std::string(name) + "-to-openai", heard->body);
    }
  }
  CHECK(replies >= 5);
}

}  // namespace pg::test
