#include "core/route/prompt_policy.h"

#include <doctest/doctest.h>

#include <string>

#include "core/base/error.h"
#include "core/wire/translate.h"
#include "tests/support/result.h"

namespace pg {
namespace {

PromptPolicy policy(Placement placement, std::string text = "Be \"kind\".\n") {
  return make_prompt_policy("house", std::move(text), placement).value();
}
const std::string kText = R"(Be \"kind\".\n)";
const std::string kBlock = R"({"type":"text","text":"Be \"kind\".\n"})";

std::string edited(DialectId dialect, Placement placement, const std::string& body) {
  const auto edits = prompt_edits(body, dialect, policy(placement));
  if (!edits) return std::string(code_name(edits.error().code));
  return apply_edits(body, merge_edits({}, edits.value()));
}

/// What follows `{"model":"m",` and stands before `}`.
std::string inside(DialectId dialect, Placement placement, const std::string& rest) {
  const std::string out = edited(dialect, placement, R"({"model":"m",)" + rest + "}");
  const std::string head = R"({"model":"m",)";
  return out.starts_with(head) ? out.substr(head.size(), out.size() - head.size() - 1) : out;
}

constexpr auto kAnthropic = DialectId::anthropic;
constexpr auto kChat = DialectId::openai_chat;
constexpr auto kResponses = DialectId::openai_responses;

}  // namespace

TEST_CASE("Anthropic: a missing system prompt is made, in front of everything") {
  for (const Placement placement : {Placement::prepend, Placement::append, Placement::replace})
    CHECK(edited(kAnthropic, placement, R"( { "model":"m","messages":[]})") ==
          R"( {"system":")" + kText + R"(", "model":"m","messages":[]})");
  CHECK(inside(kAnthropic, Placement::append, R"("system":null)") == R"("system":")" + kText + "\"");
}

TEST_CASE("Anthropic: a system prompt that is a text") {
  CHECK(inside(kAnthropic, Placement::prepend, R"("system": "old \u00e9")") == R"("system": ")" + kText + R"(\n\nold \u00e9")");
  CHECK(inside(kAnthropic, Placement::append, R"("system": "old")") == R"("system": "old\n\n)" + kText + "\"");
  CHECK(inside(kAnthropic, Placement::replace, R"("system": "old")") == R"("system": ")" + kText + "\"");
  CHECK(inside(kAnthropic, Placement::prepend, R"("system":"")") == R"("system":")" + kText + "\"");
  CHECK(inside(kAnthropic, Placement::prepend, R"("syst\u0065m":"a","system":"b")") ==
        R"("syst\u0065m":")" + kText + R"(\n\na","system":")" + kText + R"(\n\nb")");
}

TEST_CASE("Anthropic: blocks stay as they are, breakpoints too") {
  const std::string a = R"({"type":"text","text":"a"})";
  const std::string b = R"({"text":"b", "cache_control":{"type":"ephemeral","ttl":"1h"},"type":"text"})";
  const std::string list = "\"system\":[ " + a + " , " + b + "\n]";
  CHECK(inside(kAnthropic, Placement::prepend, list) == "\"system\":[ " + kBlock + "," + a + " , " + b + "\n]");
  CHECK(inside(kAnthropic, Placement::append, list) == "\"system\":[ " + a + " , " + b + "," + kBlock + "\n]");
  CHECK(inside(kAnthropic, Placement::replace, list) ==
        R"("system":[{"type":"text","text":")" + kText + R"(","cache_control":{"type":"ephemeral","ttl":"1h"}}])");
  for (const Placement placement : {Placement::prepend, Placement::append, Placement::replace})
    CHECK(inside(kAnthropic, placement, "\"system\":[ ]").find("[" + kBlock) != std::string::npos);
}

TEST_CASE("Anthropic: what a coding agent is known by stays first") {
  const std::string billing = R"({"type":"text","text":"x-anthropic-billing-header: cc_version=1;"})";
  const std::string identity = R"({"type":"text","text":"You are Claude Code, Anthropic's official CLI for Claude."})";
  const std::string rest = R"({"type":"text","text":"rest","cache_control":{"type":"ephemeral"}})";
  const std::string list = "\"system\":[" + billing + "," + identity + "," + rest + "]";
  CHECK(inside(kAnthropic, Placement::prepend, list) ==
        "\"system\":[" + billing + "," + identity + "," + kBlock + "," + rest + "]");
  CHECK(inside(kAnthropic, Placement::replace, list) == "\"system\":[" + billing + "," + identity +
                                                            R"(,{"type":"text","text":")" + kText +
                                                            R"(","cache_control":{"type":"ephemeral"}}])");
  CHECK(inside(kAnthropic, Placement::prepend, "\"system\":[" + billing + "]") == "\"system\":[" + billing + "," + kBlock + "]");
}

TEST_CASE("Chat: into the system or developer message there is, else in front of the conversation") {
  const std::string user = R"({"role":"user","content":"hi"})";
  const std::string made = R"({"role":"system","content":")" + kText + R"("})";
  CHECK(inside(kChat, Placement::append, "\"messages\":[ " + user + "]") == "\"messages\":[" + made + ", " + user + "]");
  CHECK(inside(kChat, Placement::append, "\"messages\":[]") == "\"messages\":[" + made + "]");
  CHECK(inside(kChat, Placement::prepend, R"("messages":[{"content":"dev","role":"developer"},)" + user + "]") ==
        R"("messages":[{"content":")" + kText + R"(\n\ndev","role":"developer"},)" + user + "]");
  const std::string two = R"({"role":"system","content":"one"},{"role":"system","content":[{"type":"text","text":"two"}]})";
  CHECK(inside(kChat, Placement::append, "\"messages\":[" + two + "," + user + "]") ==
        R"("messages":[{"role":"system","content":"one"},{"role":"system","content":[{"type":"text","text":"two"},)" + kBlock +
            "]}," + user + "]");
  CHECK(inside(kChat, Placement::replace, "\"messages\":[" + two + "," + user + "]") ==
        "\"messages\":[" + made + "," + user + "]");
  // A later system message is part of the conversation.
  const std::string late = "\"messages\":[" + user + R"(,{"role":"system","content":"late"}])";
  CHECK(inside(kChat, Placement::replace, late) == "\"messages\":[" + made + "," + late.substr(12));
  CHECK(inside(kChat, Placement::prepend, R"("messages":[{"role":"system"}])") ==
        "\"messages\":[" + made + R"(,{"role":"system"}])");
}

TEST_CASE("Responses: instructions are a text, made where they are missing") {
  CHECK(edited(kResponses, Placement::append, R"({"model":"m","input":"hi"})") ==
        R"({"instructions":")" + kText + R"(","model":"m","input":"hi"})");
  CHECK(inside(kResponses, Placement::append, R"("instructions":"old")") == R"("instructions":"old\n\n)" + kText + "\"");
  CHECK(inside(kResponses, Placement::prepend, R"("instructions":null)") == R"("instructions":")" + kText + "\"");
  CHECK(inside(kResponses, Placement::replace, R"("instructions":"old")") == R"("instructions":")" + kText + "\"");
}

TEST_CASE("Responses: without instructions, what the input begins with is the client's own") {
  const std::string user = R"({"role":"user","content":"hi"})";
  const std::string lead = R"({"role":"developer","content":"old"})";
  CHECK(inside(kResponses, Placement::prepend, "\"input\":[" + lead + "," + user + "]") ==
        R"("input":[{"role":"developer","content":")" + kText + R"(\n\nold"},)" + user + "]");
  CHECK(inside(kResponses, Placement::append, "\"input\":[" + lead + "," + user + "]") ==
        R"("input":[{"role":"developer","content":"old\n\n)" + kText + "\"}," + user + "]");
  CHECK(inside(kResponses, Placement::replace, "\"input\":[" + lead + "," + lead + "," + user + "]") ==
        R"("input":[{"role":"developer","content":")" + kText + "\"}," + user + "]");
  CHECK(inside(kResponses, Placement::append,
               R"("input":[{"type":"message","role":"system","content":[{"type":"input_text","text":"old"}]}])") ==
        R"("input":[{"type":"message","role":"system","content":[{"type":"input_text","text":"old"},)"
        R"({"type":"input_text","text":")" +
            kText + "\"}]}]");
  // With instructions, those are it, and developer messages an agent's notes beside them.
  CHECK(inside(kResponses, Placement::replace, "\"instructions\":\"old\",\"input\":[" + lead + "," + user + "]") ==
        "\"instructions\":\"" + kText + "\",\"input\":[" + lead + "," + user + "]");
  CHECK(inside(kResponses, Placement::append, R"("input":[{"type":"reasoning","id":"r"},)" + user + "]").find(kText) < 30);
}

TEST_CASE("what can hold no policy is refused, not sent without it") {
  for (const char* rest : {R"("system":{"type":"text"})", R"("system":7)", R"("system":true)"})
    CHECK_MESSAGE(inside(kAnthropic, Placement::prepend, rest) == "bad_request", rest);
  CHECK(inside(kResponses, Placement::prepend, R"("instructions":["x"])") == "bad_request");
  CHECK(inside(kChat, Placement::prepend, R"("messages":[{"role":"system","content":{"x":1}}])") == "bad_request");
}

TEST_CASE("embeddings have no prompt") {
  CHECK(prompt_edits(R"({"model":"m","input":"x"})", DialectId::embeddings, policy(Placement::replace)).value().empty());
}

TEST_CASE("the same conversation, one turn longer, begins with the same bytes") {
  const std::string turn = R"({"model":"m","system":"s","messages":[{"role":"user","content":"a"})";
  const std::string one = edited(kAnthropic, Placement::append, turn + "]}");
  const std::string two = edited(kAnthropic, Placement::append, turn + R"(,{"role":"assistant","content":"b"}]})");
  CHECK(two.starts_with(one.substr(0, one.size() - 2)));
}

TEST_CASE("edits of both kinds meet: an insertion stands in front, a replaced part takes its redactions with it") {
  const std::string body = R"({"model":"m","system":"x@y.example","messages":[]})";
  const auto at = static_cast<std::uint32_t>(body.find("x@y"));
  const std::vector<Edit> guards = {{at, at + 11, "[[EMAIL_001]]"}};
  const auto with = [&](Placement placement) {
    return apply_edits(body, merge_edits(guards, prompt_edits(body, kAnthropic, policy(placement, "P")).value()));
  };
  CHECK(with(Placement::prepend) == R"({"model":"m","system":"P\n\n[[EMAIL_001]]","messages":[]})");
  CHECK(with(Placement::append) == R"({"model":"m","system":"[[EMAIL_001]]\n\nP","messages":[]})");
  CHECK(with(Placement::replace) == R"({"model":"m","system":"P","messages":[]})");
}

TEST_CASE("a text with one of pg's placeholders is refused; words that merely look like one reserve their number") {
  const auto refused = make_prompt_policy("p", "Say [[EMAIL_001]] to all.", Placement::prepend);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::invalid_config);
  CHECK_FALSE(make_prompt_policy("p", "[[ email_001 ]]", Placement::prepend));
  const PromptPolicy plain = policy(Placement::prepend, "See ISO_27001 and EMAIL_001, [[not one]].");
  REQUIRE(plain.literals.size() == 2);
  CHECK(plain.literals[1].kind == "EMAIL");
  CHECK(plain.literals[1].number == 1);
}

TEST_CASE("through translation the policy arrives as the other side's system prompt") {
  const std::string anthropic = R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"}]})";
  const auto to = [&](Wire from, Wire wire, DialectId dialect, const std::string& body) {
    return translate_request(from, wire, edited(dialect, Placement::append, body), {}).value().body;
  };
  CHECK(to(Wire::anthropic, Wire::openai_chat, kAnthropic, anthropic)
            .find(R"("messages":[{"role":"system","content":")" + kText + "\"}") != std::string::npos);
  CHECK(to(Wire::anthropic, Wire::openai_responses, kAnthropic, anthropic).find(R"("instructions":")" + kText) !=
        std::string::npos);
  CHECK(to(Wire::anthropic, Wire::gemini, kAnthropic, anthropic).find(R"({"parts":[{"text":")" + kText) != std::string::npos);
  CHECK(to(Wire::anthropic, Wire::cohere, kAnthropic, anthropic).find(R"("role":"system")") != std::string::npos);
  const std::string chat = R"({"model":"m","messages":[{"role":"system","content":"s"},{"role":"user","content":"hi"}]})";
  CHECK(to(Wire::openai_chat, Wire::anthropic, kChat, chat).find(R"(s\n\n)" + kText) != std::string::npos);
  const std::string responses = R"({"model":"m","input":"hi","store":false})";
  CHECK(to(Wire::openai_responses, Wire::anthropic, kResponses, responses).find(kText) != std::string::npos);
}

}  // namespace pg
