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

}  // namespace pg::test
