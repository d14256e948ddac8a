#include "core/wire/models.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/result.h"

namespace pg {
namespace {

using OrderedJson = nlohmann::ordered_json;

const std::vector<ListedModel> kModels = {
    {"claude-opus-5-5", "Claude Opus 5.5", 1'760'000'000}, {"gpt-5.1", "", 0}, {"odd \"\\\n\xC3\xA9", "x", 1}};

TEST_CASE("an OpenAI list is read") {
  const auto models =
      read_models(R"({"object":"list","data":[{"id":"gpt-5.1","object":"model","created":17,"owned_by":"openai"},{"id":"b"}]})");
  REQUIRE(models);
  REQUIRE(models->size() == 2);
  CHECK(models->at(0).id == "gpt-5.1");
  CHECK(models->at(0).created == 17);
  CHECK(models->at(1).id == "b");
  CHECK(read_models(R"({"object":"list","data":[]})")->empty());
}

TEST_CASE("an Anthropic list is read") {
  const auto models = read_models(
      R"({"data":[{"type":"model","id":"claude-a","display_name":"Claude A","created_at":"2025-11-24T00:00:00Z"}],"has_more":false,"first_id":"claude-a","last_id":"claude-a"})");
  REQUIRE(models);
  REQUIRE(models->size() == 1);
  CHECK(models->at(0).id == "claude-a");
  CHECK(models->at(0).name == "Claude A");
  CHECK(models->at(0).created == 1'763'942'400);
}

TEST_CASE("a Gemini and a Cohere list are read") {
  const auto gemini =
      read_models(R"({"models":[{"name":"models/gemini-3","displayName":"Gemini 3"},{"name":"tunedModels/x"},{}]})");
  REQUIRE(gemini);
  REQUIRE(gemini.value().size() == 2);
  CHECK(gemini.value()[0].id == "gemini-3");
  CHECK(gemini.value()[0].name == "Gemini 3");
  CHECK(gemini.value()[1].id == "tunedModels/x");
  CHECK(read_models(R"({"models":[{"name":"command-a"}]})").value()[0].id == "command-a");
  CHECK(read_models(R"({"models":[]})").value().empty());
  CHECK_FALSE(read_models(R"({"models":[{"slug":"gpt-5"}]})"));  // Codex's own
}

TEST_CASE("what a Claude model answers with at most goes by its name, however a cloud spells it") {
  CHECK(anthropic_max_tokens("claude-3-haiku-20240307") == 4096);
  CHECK(anthropic_max_tokens("claude-3-5-sonnet-latest") == 8192);
  CHECK(anthropic_max_tokens("claude-3-7-sonnet-20250219") == 64'000);
  CHECK(anthropic_max_tokens("claude-opus-4-1-20250805") == 32'000);
  CHECK(anthropic_max_tokens("us.anthropic.claude-opus-4-20250514-v1:0") == 32'000);
  CHECK(anthropic_max_tokens("claude-opus-4@20250514") == 32'000);
  CHECK(anthropic_max_tokens("claude-opus-4-5") == 64'000);
  CHECK(anthropic_max_tokens("anything") == 64'000);
}

TEST_CASE("models: how a Claude model is asked to think") {
  for (const char* model : {"claude-3-haiku-20240307", "claude-3-5-sonnet-latest", "claude-2.1"})
    CHECK_MESSAGE(claude_thinking(model) == ClaudeThinking::none, model);
  for (const char* model : {"claude-3-7-sonnet-20250219", "claude-opus-4-20250514", "claude-sonnet-4-0", "claude-opus-4-1",
                            "claude-sonnet-4-5-20250929", "us.anthropic.claude-haiku-4-5-20251001-v1:0", "claude-opus-4-5"})
    CHECK_MESSAGE(claude_thinking(model) == ClaudeThinking::budget, model);
  for (const char* model : {"claude-opus-4-6", "claude-sonnet-4-6", "claude-opus-5", "claude-sonnet-5", "my-model"})
    CHECK_MESSAGE(claude_thinking(model) == ClaudeThinking::adaptive, model);
}

TEST_CASE("what is no list is upstream_failed") {
  for (const char* body : {"", "<html>", "[]", "{}", "null", "7", R"({"object":"list"})", R"({"data":{}})", R"({"data":"x"})",
                           R"({"error":{"message":"no"}})", "{\"data\":[", "\xFF"}) {
    CAPTURE(body);
    const auto models = read_models(body);
    REQUIRE_FALSE(models);
    CHECK(models.error().code == Code::upstream_failed);
  }
}

TEST_CASE("rows of an unknown shape do not break a list") {
  const auto models = read_models(
      R"({"object":"list","data":[7,null,{"id":5},{"name":"x"},{"id":"ok","created":"soon","display_name":3},{"id":"big","created":1e300}]})");
  if (models) {
    CHECK(models->size() >= 1);
    CHECK(models->back().id == "big");
  } else {
    CHECK(models.error().code == Code::upstream_failed);
  }
  const std::string deep = R"({"object":"list","data":)" + std::string(100'000, '[');
  CHECK_FALSE(read_models(deep));
  (void)read_models(deep + std::string(100'000, ']') + "}");  // and no stack is used up
}

TEST_CASE("Anthropic's clients get Anthropic's list") {
  const OrderedJson list = OrderedJson::parse(write_models(DialectId::anthropic, kModels));
  CHECK(list["has_more"] == false);
  CHECK(list["first_id"] == "claude-opus-5-5");
  CHECK(list["last_id"] == kModels[2].id);
  REQUIRE(list["data"].size() == 3);
  CHECK(list["data"][0]["type"] == "model");
  CHECK(list["data"][0]["id"] == "claude-opus-5-5");
  CHECK(list["data"][0]["display_name"] == "Claude Opus 5.5");
  CHECK(list["data"][0]["created_at"].get<std::string>().rfind("2025-10-09T", 0) == 0);
  CHECK(list["data"][1]["display_name"].is_string());
  const OrderedJson empty = OrderedJson::parse(write_models(DialectId::anthropic, {}));
  CHECK(empty["data"].empty());
  CHECK(empty["data"].is_array());
  CHECK(empty["first_id"].is_null());
  CHECK(empty["last_id"].is_null());
}

TEST_CASE("everybody else gets OpenAI's list, Codex its own") {
  for (const DialectId dialect : {DialectId::openai_chat, DialectId::openai_responses, DialectId::embeddings}) {
    const OrderedJson list = OrderedJson::parse(write_models(dialect, kModels));
    CHECK(list["object"] == "list");
    REQUIRE(list["data"].size() == 3);
    CHECK(list["data"][0]["id"] == "claude-opus-5-5");
    CHECK(list["data"][0]["object"] == "model");
    CHECK(list["data"][0]["created"] == 1'760'000'000);
    CHECK(list["data"][0]["owned_by"].is_string());
  }
  CHECK(OrderedJson::parse(write_models(DialectId::openai_chat, {}))["data"].is_array());
  const OrderedJson codex = OrderedJson::parse(write_codex_models(kModels));
  CHECK(codex["models"].is_array());
  CHECK(OrderedJson::parse(write_codex_models({}))["models"].empty());
}

TEST_CASE("one model is written as it stands in a list") {
  for (const DialectId dialect : {DialectId::anthropic, DialectId::openai_chat})
    for (std::size_t i = 0; i < kModels.size(); ++i) {
      const OrderedJson list = OrderedJson::parse(write_models(dialect, kModels));
      CHECK(OrderedJson::parse(write_model(dialect, kModels[i])) == list["data"][i]);
    }
}

TEST_CASE("one model of a provider's list is in the provider's own words") {
  const std::string list =
      R"({"object":"list","data":[{"id":"a"},7,{"id":"b:1/x","object":"model","price":"0.10","n":{"z":1,"y":2}}]})";
  CHECK(find_model_row(list, "b:1/x").value() == R"({"id":"b:1/x","object":"model","price":"0.10","n":{"z":1,"y":2}})");
  CHECK(find_model_row(list, "a").value() == R"({"id":"a"})");
  CHECK(find_model_row(list, "b").value().empty());
  for (const char* odd : {"", "[]", "{", R"({"data":7})", R"({"models":[]})"})
    CHECK(find_model_row(odd, "a").error().code == Code::upstream_failed);
}

TEST_CASE("a list written is a list read, in both shapes") {
  for (const DialectId dialect : {DialectId::anthropic, DialectId::openai_chat}) {
    const auto models = read_models(write_models(dialect, kModels));
    REQUIRE(models);
    REQUIRE(models->size() == kModels.size());
    for (std::size_t i = 0; i < kModels.size(); ++i) {
      CHECK(models->at(i).id == kModels[i].id);
      CHECK(models->at(i).created == kModels[i].created);
    }
  }
}

}  // namespace
}  // namespace pg
