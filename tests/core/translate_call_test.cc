#include "core/translate_call.h"

#include <doctest/doctest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

namespace pg::test {
namespace {

using Json = nlohmann::json;

Target target_of(std::string vendor, std::initializer_list<DialectId> exits, std::string model = "m") {
  auto provider = std::make_shared<Provider>();
  provider->name = provider->label = provider->vendor = std::move(vendor);
  for (const DialectId id : exits) {
    Outlet outlet;
    outlet.dialect = id;
    provider->outlets.push_back(std::move(outlet));
  }
  Target target;
  target.outlet = provider->outlets.data();
  target.provider = std::move(provider);
  target.model = std::move(model);
  target.translated = true;
  return target;
}

const std::string kStops = R"({"model":"m","max_tokens":9,"stop_sequences":["a"],"messages":[{"role":"user","content":"x"}]})";

}  // namespace

TEST_CASE("translate_call: what one exit cannot say goes through the other, and only that") {
  Target both = target_of("openai", {DialectId::openai_responses, DialectId::openai_chat});
  const auto done = translate_call(DialectId::anthropic, kStops, "", both);
  REQUIRE(done.has_value());
  CHECK(both.outlet->dialect == DialectId::openai_chat);
  CHECK(Json::parse(done->body)["stop"] == Json::array({"a"}));
  Target one = target_of("openai", {DialectId::openai_responses});
  const auto refused = translate_call(DialectId::anthropic, kStops, "", one);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().message.find("`stop_sequences") == 0);
  CHECK(one.outlet->dialect == DialectId::openai_responses);
  Target many = target_of("openai", {DialectId::openai_responses, DialectId::openai_chat});
  const auto too_many =
      translate_call(DialectId::anthropic, R"({"model":"m","stop_sequences":["a","b","c","d","e"],"messages":[]})", "", many);
  REQUIRE_FALSE(too_many.has_value());
  CHECK(too_many.error().message.find("`stop_sequences (more than four)`") == 0);
  Target plain = target_of("openai", {DialectId::openai_responses, DialectId::openai_chat});
  CHECK(translate_call(DialectId::anthropic, R"({"model":"m","messages":[]})", "", plain).has_value());
  CHECK(plain.outlet->dialect == DialectId::openai_responses);
}

TEST_CASE("translate_call: models and vendors of one dialect are told what they know") {
  const auto body_for = [](Target target, DialectId from, const std::string& body) {
    const auto done = translate_call(from, body, "session-1", target);
    REQUIRE(done.has_value());
    return Json::parse(done->body);
  };
  const std::string ask = R"({"model":"m","max_tokens":99,"reasoning_effort":"high","messages":[{"role":"user","content":"x"}]})";
  const std::string say = R"({"model":"m","max_tokens":99,"messages":[{"role":"user","content":"x"}]})";
  CHECK(body_for(target_of("x", {DialectId::anthropic}, "claude-opus-4-6"), DialectId::openai_chat, ask)["thinking"]["type"] ==
        "adaptive");
  CHECK_FALSE(body_for(target_of("x", {DialectId::anthropic}, "claude-2.1"), DialectId::openai_chat, ask).contains("thinking"));
  CHECK(body_for(target_of("openai", {DialectId::openai_chat}), DialectId::anthropic, say).contains("max_completion_tokens"));
  CHECK(body_for(target_of("groq", {DialectId::openai_chat}), DialectId::anthropic, say).contains("max_tokens"));
  CHECK(body_for(target_of("gemini", {DialectId::gemini}, "gemini-2.5-pro"), DialectId::openai_chat,
                 ask)["generationConfig"]["thinkingConfig"]
            .contains("thinkingBudget"));
}

TEST_CASE("translate_call: an effort is one that the model takes, or none") {
  const auto effort_for = [](std::string vendor, std::string model, const char* thinking) {
    Target target = target_of(std::move(vendor), {DialectId::openai_responses, DialectId::openai_chat}, std::move(model));
    const std::string ask =
        std::string(R"({"model":"m","max_tokens":99999,"messages":[{"role":"user","content":"x"}],)") + thinking + "}";
    const auto done = translate_call(DialectId::anthropic, ask, "", target);
    REQUIRE(done.has_value());
    const Json body = Json::parse(done->body);
    CHECK(body.contains("include") == (body.contains("reasoning") && body["reasoning"]["effort"] != "none"));
    std::string found = body.contains("reasoning") ? body["reasoning"]["effort"].get<std::string>() : std::string();
    for (const std::string& warning : done->warnings) found += " " + warning;
    return found;
  };
  const char* off = R"("thinking":{"type":"disabled"})";
  const char* most = R"("thinking":{"type":"enabled","budget_tokens":31999})";
  const char* high = R"("thinking":{"type":"adaptive"},"output_config":{"effort":"high"})";
  CHECK(effort_for("openai", "gpt-4o-mini", high) == " drop:effort");
  CHECK(effort_for("openai", "gpt-4.1", most) == " drop:effort");
  CHECK(effort_for("openai", "gpt-4o", off) == "");
  CHECK(effort_for("openai", "gpt-5", off) == "minimal change:effort");
  CHECK(effort_for("openai", "gpt-5-codex", off) == "low change:effort");
  CHECK(effort_for("openai", "o3", off) == "low change:effort");
  CHECK(effort_for("openai", "o3", most) == "high change:effort");
  CHECK(effort_for("openai", "gpt-5.1", off) == "none");
  CHECK(effort_for("openai", "gpt-5.1", most) == "high change:effort");
  CHECK(effort_for("openai", "gpt-5.2", most) == "xhigh change:effort");
  CHECK(effort_for("openai", "gpt-5.6-sol", most) == "max");
  CHECK(effort_for("openai", "gpt-5-pro", off) == "high change:effort");
  CHECK(effort_for("x", "llama-3.3-70b", high) == " drop:effort");
  CHECK(effort_for("x", "llama-3.3-70b", off) == "");
  CHECK(effort_for("openrouter", "anything/at-all", high) == "high");
  CHECK(effort_for("together", "openai/gpt-oss-120b", high) == "high");
}

TEST_CASE("translate_call: a model that thinks is told no temperature that it would refuse") {
  const auto settings_for = [](DialectId exit, std::string model, std::string vendor, const char* settings) {
    Target target = target_of(std::move(vendor), {exit}, std::move(model));
    const std::string ask =
        std::string(R"({"model":"m","max_tokens":99999,"messages":[{"role":"user","content":"x"}],)") + settings + "}";
    const auto done = translate_call(DialectId::anthropic, ask, "", target);
    REQUIRE(done.has_value());
    const Json body = Json::parse(done->body);
    std::string found;
    for (const char* name : {"temperature", "top_p"})
      if (body.contains(name)) found += std::string(name) + "=" + body[name].dump() + " ";
    for (const std::string& warning : done->warnings)
      if (warning != "change:effort") found += warning + " ";
    return found;
  };
  const char* cold = R"("temperature":0,"top_p":0.9)";
  const char* usual = R"("temperature":1,"top_p":1.0)";
  const char* thinking = R"("temperature":0.2,"thinking":{"type":"adaptive"},"output_config":{"effort":"high"})";
  const char* off = R"("temperature":0.2,"thinking":{"type":"disabled"})";
  for (const DialectId exit : {DialectId::openai_responses, DialectId::openai_chat}) {
    const auto at = [&](std::string model, const char* settings) {
      return settings_for(exit, std::move(model), "openai", settings);
    };
    CHECK(at("gpt-4.1", cold) == "temperature=0 top_p=0.9 ");
    CHECK(at("gpt-5-chat-latest", cold) == "temperature=0 top_p=0.9 ");
    for (const char* model : {"gpt-5", "gpt-5-mini-2025-08-07", "gpt-5-codex", "gpt-5.1-codex-mini", "gpt-5.2-pro", "o3",
                              "o4-mini", "o1-2024-12-17", "openai/gpt-5"}) {
      CAPTURE(model);
      CHECK(at(model, cold) == "drop:temperature drop:top_p ");
      CHECK(at(model, usual) == "");  // its own
    }
    CHECK(at("gpt-5.1", cold) == "temperature=0 top_p=0.9 ");
    CHECK(at("gpt-5.2", off) == "temperature=0.2 ");
    CHECK(at("gpt-5.2", thinking) == "drop:temperature ");
    CHECK(at("gpt-5.6-sol", cold) == "drop:temperature drop:top_p ");
    CHECK(at("gpt-5.6-sol", off) == "temperature=0.2 ");
    CHECK(at("llama-3.3-70b", cold) == "temperature=0 top_p=0.9 ");
    // It leaves out by itself what the model does not take.
    CHECK(settings_for(exit, "openai/gpt-5", "openrouter", cold) == "temperature=0 top_p=0.9 ");
  }
}

TEST_CASE("translate_call: penalties go where they have a name, to models that take them") {
  const auto penalties_for = [](DialectId exit, std::string model, const char* penalty) {
    Target target = target_of("openai", {exit}, std::move(model));
    const std::string ask =
        std::string(R"({"model":"m","messages":[{"role":"user","content":"x"}],"presence_penalty":)") + penalty + "}";
    const DialectId from = exit == DialectId::openai_chat ? DialectId::anthropic : DialectId::openai_chat;
    const auto done = translate_call(from, ask, "", target);
    REQUIRE(done.has_value());
    return std::pair(Json::parse(done->body).contains("presence_penalty"), done->warnings);
  };
  using Warnings = std::vector<std::string>;
  CHECK(penalties_for(DialectId::openai_responses, "gpt-4.1", "0.5") == std::pair(false, Warnings{"drop:presence_penalty"}));
  CHECK(penalties_for(DialectId::openai_responses, "gpt-5", "0.5") == std::pair(false, Warnings{"drop:presence_penalty"}));
  CHECK(penalties_for(DialectId::openai_responses, "gpt-5", "0") == std::pair(false, Warnings{}));
}

TEST_CASE("translate_call: a deployment's name says nothing, what clients call it does") {
  Target target = target_of("openai", {DialectId::openai_responses}, "my-deployment");
  auto provider = std::make_shared<Provider>(*target.provider);
  provider->model_names = {{"gpt-5", "my-deployment"}};
  target.outlet = provider->outlets.data();
  target.provider = provider;
  const auto done =
      translate_call(DialectId::openai_chat,
                     R"({"model":"gpt-5","reasoning_effort":"high","messages":[{"role":"user","content":"x"}]})", "", target);
  REQUIRE(done.has_value());
  CHECK(Json::parse(done->body)["reasoning"]["effort"] == "high");
}

TEST_CASE("translate_call: a Gemini model is given a budget that it takes") {
  const auto thinking = [](std::string model, const char* wish) {
    Target target = target_of("gemini", {DialectId::gemini}, std::move(model));
    const std::string ask =
        std::string(R"({"model":"m","max_tokens":99999,"messages":[{"role":"user","content":"x"}],"thinking":)") + wish + "}";
    const auto done = translate_call(DialectId::anthropic, ask, "", target);
    REQUIRE(done.has_value());
    std::string found = Json::parse(done->body)["generationConfig"].value("thinkingConfig", Json()).dump();
    for (const std::string& warning : done->warnings) found += " " + warning;
    return found;
  };
  const char* off = R"({"type":"disabled"})";
  const char* most = R"({"type":"enabled","budget_tokens":31999})";
  CHECK(thinking("gemini-2.5-pro", off) == R"({"thinkingBudget":128} change:thinking.budget_tokens)");
  CHECK(thinking("gemini-2.5-pro", most) == R"({"includeThoughts":true,"thinkingBudget":31999})");
  CHECK(thinking("gemini-2.5-flash", off) == R"({"thinkingBudget":0})");
  CHECK(thinking("gemini-2.5-flash", most) == R"({"includeThoughts":true,"thinkingBudget":24576} change:thinking.budget_tokens)");
  CHECK(thinking("gemini-2.0-flash", most) == "null drop:thinking.enabled");
  CHECK(thinking("gemini-2.0-flash", off) == "null");
}

TEST_CASE("translate_call: Mistral is sent what its API has names for, and call ids of nine letters and digits") {
  Target target = target_of("mistral", {DialectId::openai_chat}, "mistral-large-latest");
  const std::string ask =
      R"({"model":"m","max_tokens":9,"stream":true,"metadata":{"user_id":"u"},"messages":[{"role":"user","content":"x"},)"
      R"({"role":"assistant","content":[{"type":"tool_use","id":"toolu_01AbCdEf","name":"f","input":{}},)"
      R"({"type":"tool_use","id":"abcDEF123","name":"f","input":{}}]},{"role":"user","content":[)"
      R"({"type":"tool_result","tool_use_id":"toolu_01AbCdEf","content":"1"},{"type":"tool_result","tool_use_id":"abcDEF123","content":"2"}]}]})";
  const auto done = translate_call(DialectId::anthropic, ask, "session-1", target);
  REQUIRE(done.has_value());
  const Json body = Json::parse(done->body);
  for (const char* refused : {"stream_options", "user", "prompt_cache_key", "max_completion_tokens"})
    CHECK_FALSE(body.contains(refused));
  CHECK(body["stream"] == true);
  const std::string id = body["messages"][1]["tool_calls"][0]["id"];
  CHECK(id.size() == 9);
  CHECK(id.find_first_not_of("0123456789abcdef") == std::string::npos);
  CHECK(body["messages"][2]["tool_call_id"] == id);
  CHECK(body["messages"][1]["tool_calls"][1]["id"] == "abcDEF123");
  CHECK(body["messages"][3]["tool_call_id"] == "abcDEF123");
  CHECK(done->warnings == std::vector<std::string>{"drop:user"});
}

TEST_CASE("translate_call: thinking models are told their thoughts wherever they are hosted") {
  const auto keeps = [](std::string vendor, std::string model) {
    Target target = target_of(std::move(vendor), {DialectId::openai_chat}, std::move(model));
    const auto done = translate_call(
        DialectId::anthropic,
        R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":"x"},{"role":"assistant","content":[)"
        R"({"type":"thinking","thinking":"Hm","signature":""},{"type":"tool_use","id":"t","name":"f","input":{}}]},)"
        R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"1"}]}]})",
        "", target);
    REQUIRE(done.has_value());
    return done->body.find("reasoning_content") != std::string::npos;
  };
  CHECK(keeps("v1", "kimi-k2-thinking"));
  CHECK(keeps("openrouter", "deepseek/deepseek-v3.2"));
  CHECK(keeps("deepseek", "m"));
  CHECK_FALSE(keeps("groq", "moonshotai/kimi-k2-instruct"));
  CHECK_FALSE(keeps("x", "llama-3.3-70b"));
}

}  // namespace pg::test
