#include "core/wire/translate.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "core/wire/carriers.h"
#include "core/wire/tool_names.h"
#include "core/wire/unwrap_input.h"
#include "tests/support/fixtures.h"
#include "tests/support/gen.h"
#include "tests/support/golden.h"
#include "tests/support/json_gen.h"

namespace pg::test {
namespace {

using OrderedJson = nlohmann::ordered_json;

OrderedJson translated(Wire from, Wire to, const OrderedJson& body, const TranslateOptions& options = {}) {
  const auto result = translate_request(from, to, body.dump(), options);
  REQUIRE_MESSAGE(result.has_value(), (result ? std::string() : result.error().message));
  return OrderedJson::parse(result->body);
}

const OrderedJson kAsk = {{"model", "m"}, {"messages", OrderedJson::array({{{"role", "user"}, {"content", "x"}}})}};

std::string unwrapped(std::string_view text, std::size_t piece) {
  InputUnwrapper unwrapper;
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += piece) unwrapper.push(text.substr(at, piece), out);
  unwrapper.finish(out);
  return out;
}

}  // namespace

TEST_CASE("options: a cap lowers what a call asks for, and says so") {
  TranslateOptions options;
  options.max_output_tokens = 100;
  OrderedJson ask = kAsk;
  ask["max_completion_tokens"] = 101;
  const auto lowered = translate_request(Wire::openai_chat, Wire::gemini, ask.dump(), options);
  REQUIRE(lowered.has_value());
  CHECK(OrderedJson::parse(lowered->body)["generationConfig"]["maxOutputTokens"] == 100);
  CHECK(lowered->warnings == std::vector<std::string>{"change:max_tokens"});
  ask["max_completion_tokens"] = 100;
  CHECK(translate_request(Wire::openai_chat, Wire::gemini, ask.dump(), options)->warnings.empty());
  CHECK_FALSE(translated(Wire::openai_chat, Wire::gemini, kAsk, options)["generationConfig"].contains("maxOutputTokens"));
}

TEST_CASE("options: the target's model, its token field, its roles") {
  TranslateOptions options;
  options.model = "target/model";
  options.max_completion_tokens = false;
  options.developer_role = true;
  options.cache_key = "session-1";
  OrderedJson body = {
      {"model", "m"}, {"max_output_tokens", 5}, {"input", OrderedJson::array({{{"role", "developer"}, {"content", "D"}}})}};
  const OrderedJson chat = translated(Wire::openai_responses, Wire::openai_chat, body, options);
  CHECK(chat["model"] == "target/model");
  CHECK(chat["max_tokens"] == 5);
  CHECK(chat["messages"][0]["role"] == "developer");
  CHECK(chat["prompt_cache_key"] == "session-1");
}

TEST_CASE("options: the model's maximum where Anthropic wants max_tokens") {
  TranslateOptions options;
  options.model_max_tokens = 128'000;
  CHECK(translated(Wire::openai_chat, Wire::anthropic, kAsk, options)["max_tokens"] == 128'000);
}

TEST_CASE("options: budgets for models without adaptive thinking leave a quarter of max_tokens to the answer") {
  TranslateOptions options;
  options.adaptive_thinking = false;
  OrderedJson body = kAsk;
  body["reasoning_effort"] = "high";
  body["max_completion_tokens"] = 3000;
  CHECK(translated(Wire::openai_chat, Wire::anthropic, body, options)["thinking"]["budget_tokens"] == 2250);
  body["max_completion_tokens"] = 1280;
  CHECK(translated(Wire::openai_chat, Wire::anthropic, body, options)["thinking"]["budget_tokens"] == 1024);
  body["max_completion_tokens"] = 8000;
  CHECK(translated(Wire::openai_chat, Wire::anthropic, body, options)["thinking"]["budget_tokens"] == 4096);
  body["max_completion_tokens"] = 1279;
  CHECK_FALSE(translated(Wire::openai_chat, Wire::anthropic, body, options).contains("thinking"));
}

TEST_CASE("options: a model that cannot think is not asked to, and the client is told") {
  TranslateOptions options;
  options.thinking = false;
  OrderedJson body = kAsk;
  body["reasoning_effort"] = "high";
  const auto result = translate_request(Wire::openai_chat, Wire::anthropic, body.dump(), options);
  REQUIRE(result.has_value());
  const OrderedJson out = OrderedJson::parse(result->body);
  CHECK_FALSE(out.contains("thinking"));
  CHECK_FALSE(out.contains("output_config"));
  CHECK(result->warnings == std::vector<std::string>{"drop:thinking.enabled"});
}

TEST_CASE("options: system messages stay where they are for models that take them there") {
  TranslateOptions options;
  options.system_anywhere = true;
  OrderedJson body = kAsk;
  body["messages"].push_back({{"role", "system"}, {"content", "S"}});
  const OrderedJson out = translated(Wire::openai_chat, Wire::anthropic, body, options);
  CHECK(out["messages"][1]["role"] == "system");
  CHECK_FALSE(out.contains("system"));
}

TEST_CASE("options: what would be refused is dropped by name where the user says so") {
  TranslateOptions options;
  options.drop_unsupported = true;
  OrderedJson body = kAsk;
  body["n"] = 2;
  body["seed"] = 1;
  const auto result = translate_request(Wire::openai_chat, Wire::anthropic, body.dump(), options);
  REQUIRE(result.has_value());
  CHECK(result->warnings == std::vector<std::string>{"drop:n", "drop:seed"});
}

TEST_CASE("options: thoughts go along to DeepSeek and Kimi, in tool turns only") {
  TranslateOptions options;
  options.reasoning_content = true;
  const OrderedJson call = {{"id", "c"}, {"type", "function"}, {"function", {{"name", "f"}, {"arguments", "{}"}}}};
  OrderedJson body = kAsk;
  body["messages"].push_back(
      {{"role", "assistant"}, {"reasoning_content", "Hm."}, {"content", nullptr}, {"tool_calls", OrderedJson::array({call})}});
  body["messages"].push_back({{"role", "tool"}, {"tool_call_id", "c"}, {"content", "ok"}});
  CHECK(translated(Wire::openai_chat, Wire::openai_chat, body, options)["messages"][1]["reasoning_content"] == "Hm.");
  CHECK_FALSE(translated(Wire::openai_chat, Wire::openai_chat, body)["messages"][1].contains("reasoning_content"));
}

TEST_CASE("gemini: results of parallel calls stand together, and their images behind them") {
  const OrderedJson image = {{"type", "image"}, {"source", {{"type", "base64"}, {"media_type", "image/png"}, {"data", "AA=="}}}};
  const auto use = [](const char* id) {
    return OrderedJson{{"type", "tool_use"}, {"id", id}, {"name", "f"}, {"input", OrderedJson::object()}};
  };
  const auto result = [](const char* id, const OrderedJson& content) {
    return OrderedJson{{"type", "tool_result"}, {"tool_use_id", id}, {"content", content}};
  };
  OrderedJson body = kAsk;
  body["messages"].push_back({{"role", "assistant"}, {"content", OrderedJson::array({use("a"), use("b")})}});
  body["messages"].push_back(
      {{"role", "user"}, {"content", OrderedJson::array({result("a", OrderedJson::array({image})), result("b", "ok")})}});
  const OrderedJson parts = translated(Wire::anthropic, Wire::gemini, body)["contents"][2]["parts"];
  REQUIRE(parts.size() == 3);
  CHECK(parts[0]["functionResponse"]["id"] == "a");
  CHECK(parts[1]["functionResponse"]["id"] == "b");
  CHECK(parts[2].contains("inlineData"));
}

TEST_CASE("a tool whose schema was to be held to strictly is told of where nobody promises that") {
  OrderedJson body = kAsk;
  body["tools"] = OrderedJson::array({{{"name", "f"}, {"input_schema", {{"type", "object"}}}, {"strict", true}}});
  for (const Wire to : {Wire::gemini, Wire::cohere})
    CHECK(translate_request(Wire::anthropic, to, body.dump(), {})->warnings == std::vector<std::string>{"drop:tools.strict"});
  for (const Wire to : {Wire::openai_chat, Wire::openai_responses})
    CHECK(translate_request(Wire::anthropic, to, body.dump(), {})->warnings.empty());
}

TEST_CASE("options: Vertex gets no call ids, Gemini 2.5 a budget") {
  TranslateOptions options;
  options.gemini_call_ids = false;
  options.gemini = gemini_thinking("gemini-2.5-flash");
  OrderedJson body = kAsk;
  body["reasoning_effort"] = "medium";
  const OrderedJson call = {{"id", "c"}, {"type", "function"}, {"function", {{"name", "f"}, {"arguments", "{}"}}}};
  body["messages"].push_back({{"role", "assistant"}, {"content", nullptr}, {"tool_calls", OrderedJson::array({call})}});
  const OrderedJson out = translated(Wire::openai_chat, Wire::gemini, body, options);
  CHECK(out["generationConfig"]["thinkingConfig"]["thinkingBudget"] == 2048);
  CHECK_FALSE(out["contents"][1]["parts"][0]["functionCall"].contains("id"));
}

TEST_CASE("every recorded request of a real client crosses to every target, or says by name why not") {
  std::size_t crossed = 0;
  for (const Fixture& fixture : load_fixtures()) {
    if (fixture.dialect == DialectId::embeddings || fixture.target.find("count_tokens") != std::string::npos) continue;
    for (Wire to : kAllWires) {
      CAPTURE(fixture.name);
      const auto result = translate_request(wire_of(fixture.dialect), to, fixture.body, {});
      if (!result) {
        CHECK(result.error().code == Code::bad_request);
        CHECK(result.error().message.find('`') != std::string::npos);
        continue;
      }
      ++crossed;
      CHECK(OrderedJson::parse(result->body).is_object());
      CHECK(result->context.input_estimate > 0);
    }
  }
  CHECK(crossed > 80);
}

TEST_CASE("an append-only conversation stays append-only, so that the provider's prompt cache keeps hitting") {
  OrderedJson body = kAsk;
  body["tools"] = OrderedJson::array({{{"type", "function"}, {"function", {{"name", std::string(90, 'n')}}}}});
  const OrderedJson call = {
      {"id", std::string(80, 'i')}, {"type", "function"}, {"function", {{"name", std::string(90, 'n')}, {"arguments", "{}"}}}};
  body["messages"].push_back({{"role", "assistant"}, {"content", nullptr}, {"tool_calls", OrderedJson::array({call})}});
  body["messages"].push_back({{"role", "tool"}, {"tool_call_id", std::string(80, 'i')}, {"content", "ok"}});
  const OrderedJson before = translated(Wire::openai_chat, Wire::openai_responses, body);
  body["messages"].push_back({{"role", "user"}, {"content", "more"}});
  const OrderedJson after = translated(Wire::openai_chat, Wire::openai_responses, body);
  CHECK(before["tools"] == after["tools"]);
  for (std::size_t i = 0; i < before["input"].size(); ++i) CHECK(before["input"][i] == after["input"][i]);
}

TEST_CASE("a tool result that stands in the assistant's own turn is refused, not looked for where it was") {
  const OrderedJson result = {{"type", "tool_result"}, {"tool_use_id", "t"}, {"content", "ok"}};
  const OrderedJson use = {{"type", "tool_use"}, {"id", "t"}, {"name", "f"}, {"input", OrderedJson::object()}};
  for (const char* role : {"assistant", "system"}) {
    const OrderedJson body = {
        {"model", "m"},
        {"max_tokens", 5},
        {"messages", OrderedJson::array({{{"role", role}, {"content", OrderedJson::array({use, result})}}})}};
    for (Wire to : kAllWires) {
      const auto refused = translate_request(Wire::anthropic, to, body.dump(), {});
      REQUIRE_FALSE(refused.has_value());
      CHECK(refused.error().code == Code::bad_request);
      CHECK(refused.error().message.find("`tool_") != std::string::npos);
    }
  }
}

TEST_CASE("blocks where they have no meaning are refused, not lost") {
  const OrderedJson use = {{"type", "tool_use"}, {"id", "t"}, {"name", "f"}, {"input", OrderedJson::object()}};
  OrderedJson body = kAsk;
  body["messages"][0]["content"] = OrderedJson::array({use});
  CHECK_FALSE(translate_request(Wire::anthropic, Wire::openai_chat, body.dump(), {}).has_value());
  body = kAsk;
  body["system"] = OrderedJson::array({use});
  CHECK_FALSE(translate_request(Wire::anthropic, Wire::openai_chat, body.dump(), {}).has_value());
}

TEST_CASE("spoiled bodies are refused or translated, never worse") {
  PG_GEN(gen);
  for (const GoldenCase& golden : load_golden("request-t")) {
    for (Wire from : kClientWires) {
      if (golden.find(wire_name(from)) == nullptr) continue;
      for (int i = 0; i < 20; ++i) {
        const auto result = translate_request(from, kAllWires[gen.number(0, 4)], spoil(gen, *golden.find(wire_name(from))), {});
        if (result) CHECK(OrderedJson::accept(result->body));
      }
    }
  }
}

TEST_CASE("tool names: clean, short, one each, and found again") {
  ToolTable tools(64, true);
  const ToolName long_a{"", std::string(70, 'a') + "1", false}, long_b{"", std::string(70, 'a') + "2", false};
  const ToolName spaced{"clock", "sleep", false}, same{"", "clock__sleep", false}, custom{"", "clock__sleep", true};
  std::set<std::string> wires;
  for (const ToolName& name : {long_a, long_b, spaced, same, custom, ToolName{"", "naïve name", false}}) {
    const std::string wire = tools.wire(name);
    CHECK(wire.size() <= 64);
    CHECK(wire.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == std::string::npos);
    CHECK(wires.insert(wire).second);
    CHECK(tools.wire(name) == wire);
    REQUIRE(find_tool(tools.list(), wire) != nullptr);
    CHECK(find_tool(tools.list(), wire)->name == name);
  }
  CHECK(tools.wire(spaced) == "clock__sleep");
  CHECK(clean_call_id("toolu_01A-b") == "toolu_01A-b");
  CHECK(clean_call_id("functions.f:0").size() == 29);
  CHECK(clean_call_id("") == clean_call_id(""));
}

TEST_CASE("carriers: each vendor's proof comes back as what it was, and is told from the vendor's own") {
  PG_GEN(gen);
  for (Proof::Vendor vendor : {Proof::Vendor::anthropic, Proof::Vendor::openai, Proof::Vendor::gemini}) {
    const Proof proof{vendor, gen.text(40, "abcdefgh+/=0123"), false};
    const std::string thought = random_utf8(gen, 30);
    const Proof from_signature = read_signature(write_signature(proof));
    CHECK(from_signature.vendor == vendor);
    CHECK(from_signature.value == proof.value);
    std::string carried;
    const Proof from_encrypted = read_encrypted(write_encrypted(proof, thought), carried);
    CHECK(from_encrypted.vendor == vendor);
    CHECK(from_encrypted.value == proof.value);
    if (vendor == Proof::Vendor::anthropic) CHECK(carried == thought);
    CHECK(is_carrier(write_signature(proof)) == (vendor != Proof::Vendor::anthropic));
    CHECK(is_carrier(write_encrypted(proof, thought)) == (vendor != Proof::Vendor::openai));
  }
  std::string carried;
  for (const char* bad : {"pg:anthropic:%%%.x", "pg:anthropic:", "pg:other:x"}) CHECK(read_encrypted(bad, carried).empty());
}

TEST_CASE("foreign thoughts are cut out of a body that is otherwise forwarded as it came") {
  std::vector<std::string> warnings;
  const std::string own =
      R"({"messages": [ {"role":"assistant","content":[{"type":"thinking","thinking":"a","signature":"c2ln"},{"type":"text","text":"b"}]}],"x":1.50})";
  CHECK(strip_carriers(Wire::anthropic, own, warnings).value() == own);
  const std::string mixed =
      R"({"messages":[{"role":"user","content":"\"pg:\""},{"role":"assistant","content":[{"type":"thinking","thinking":"a","signature":"pg:openai:x"},{"type":"text", "text":"b"}],"k":1},)"
      R"({"role":"assistant","content":[{"type":"thinking","thinking":"","signature":"pg:unsigned:"}]}],"x":1.50})";
  CHECK(
      strip_carriers(Wire::anthropic, mixed, warnings).value() ==
      R"({"messages":[{"role":"user","content":"\"pg:\""},{"role":"assistant","content":[{"type":"text", "text":"b"}],"k":1}],"x":1.50})");
  const std::string cited =
      R"({"messages":[ {"role":"assistant","content":[{"type":"text","text":"a", "citations":[{"url":"u","encrypted_index":"pg:citation"}]},)"
      R"({"type":"text","text":"b","citations":[ {"url":"v","encrypted_index":"own"},{"encrypted_index":"pg:citation"}]}]}]})";
  CHECK(strip_carriers(Wire::anthropic, cited, warnings).value() ==
        R"({"messages":[{"role":"assistant","content":[{"type":"text","text":"a", "citations":null},)"
        R"({"type":"text","text":"b","citations":[{"url":"v","encrypted_index":"own"}]}]}]})");
  const std::string items =
      R"({"input":[{"type":"reasoning","summary":[],"encrypted_content":"pg:gemini:x"},{"type":"message"}]})";
  CHECK(strip_carriers(Wire::openai_responses, items, warnings).value() == R"({"input":[{"type":"message"}]})");
  CHECK_FALSE(strip_carriers(Wire::anthropic, "{\"pg:", warnings).has_value());
  CHECK(warnings.empty());
}

TEST_CASE("freeform input comes out of its wrapping, piece by piece, whatever it holds") {
  PG_GEN(gen);
  for (int i = 0; i < 200; ++i) {
    const std::string input = random_utf8(gen, 40);
    const std::string wrapped = (gen.coin() ? " { \"input\" :\n\"" : "{\"input\":\"") + spell(gen, input) + "\"}";
    CHECK(unwrapped(wrapped, gen.number(1, 9)) == input);
    CHECK(unwrapped(wrap_input(input), gen.number(1, 9)) == input);
  }
  CHECK(unwrapped("print(1)", 3) == "print(1)");
  CHECK(unwrapped("{\"note\":1,\"input\":\"x\"}", 3) == "x");
  CHECK(unwrapped("{}", 1).empty());
  CHECK(unwrapped("{\"input\":\"cut \\u00", 2) == "cut \\u00");
}

TEST_CASE("what a search for tools found is said where all tools are there from the start") {
  const std::string ask =
      R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":"x"},{"role":"assistant","content":[)"
      R"({"type":"tool_use","id":"t","name":"ToolSearch","input":{}}]},{"role":"user","content":[{"type":"tool_result",)"
      R"("tool_use_id":"t","content":[{"type":"tool_reference","tool_name":"Deploy"}]}]}]})";
  const auto out = translate_request(Wire::anthropic, Wire::openai_chat, ask, {});
  REQUIRE(out.has_value());
  CHECK(OrderedJson::parse(out->body)["messages"][2]["content"] == "Tool: Deploy");
  CHECK(out->warnings == std::vector<std::string>{"change:tool_reference"});
}

TEST_CASE("Cohere, which can demand a tool and not which, is offered that one alone, and that is told") {
  OrderedJson body = kAsk;
  for (const char* name : {"f", "g"}) body["tools"].push_back({{"type", "function"}, {"function", {{"name", name}}}});
  body["tool_choice"] = {{"type", "function"}, {"function", {{"name", "g"}}}};
  const auto out = translate_request(Wire::openai_chat, Wire::cohere, body.dump(), {});
  REQUIRE(out.has_value());
  CHECK(OrderedJson::parse(out->body)["tools"].size() == 1);
  CHECK(out->warnings == std::vector<std::string>{"change:tool_choice"});
}

TEST_CASE("Gemini's path holds model and method") {
  CHECK(gemini_path("gemini-3.1-pro", true) == "/models/gemini-3.1-pro:streamGenerateContent?alt=sse");
  CHECK(gemini_path("tunedModels/a b", false) == "/tunedModels/a%20b:generateContent");
}

}  // namespace pg::test
