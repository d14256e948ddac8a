#include "core/guard/guard_call.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "core/base/encode.h"
#include "tests/support/guarded.h"
#include "tests/support/model_wire.h"

namespace pg {
namespace {

using OrderedJson = nlohmann::ordered_json;
using test::check_edits;
using test::guard_body;
using test::Guarded;
using test::kJane;
using test::make_guards;

const std::string kBob = test::make_email("bob");

std::string user_says(std::string_view text) {
  return R"({"model":"m","messages":[{"role":"user","content":)" + json_quoted(text) + "}]}";
}
/// A Chat Completions request whose only message calls a function with these arguments.
std::string calls_with(std::string_view arguments) {
  return R"({"messages":[{"role":"assistant","tool_calls":[{"id":"c","function":{"name":"f","arguments":)" +
         json_quoted(arguments) + "}}]}]}";
}
std::string first_content(const Guarded& guarded) {
  return OrderedJson::parse(guarded.body)["messages"][0]["content"];
}
Guarded guard(std::string_view body, DialectId dialect = DialectId::anthropic, GuardSettings settings = {}) {
  const auto guards = make_guards(std::move(settings));
  Guarded guarded = guard_body(body, dialect, *guards);
  check_edits(body, guarded);
  return guarded;
}

TEST_CASE("nothing found, nothing changed") {
  const std::string body =
      "{ \"messages\" : [ {\"content\":\"a \\u0041 \\/ \\ud83d\\ude00 b\", \"role\":\"user\"} ],\n\"n\":1.50e+1 }";
  const Guarded guarded = guard(body);
  CHECK(guarded.call.edits.empty());
  CHECK(guarded.call.redacted.empty());
  CHECK(guarded.call.detected.empty());
  CHECK(guarded.call.blocked.empty());
  CHECK(guarded.call.places.empty());
  CHECK(guarded.vault.empty());
  CHECK(guarded.body == body);
}

TEST_CASE("a place begins with the key that the value stands under") {
  const std::string say = R"("mail )" + kJane + R"(")";
  const auto place_in = [&](const std::string& body, DialectId dialect) { return guard(body, dialect).call.places; };
  using enum DialectId;
  CHECK(place_in(R"({"model":"m","input":)" + say + "}", openai_responses) == "input: email");
  CHECK(place_in(R"({"input":["x",)" + say + R"(],"model":"m"})", embeddings) == "input: email");
  CHECK(place_in(R"({"instructions":)" + say + R"(,"input":"x"})", openai_responses) == "instructions: email");
  CHECK(place_in(R"({"input":[{"role":"user","content":"x"},{"role":"user","content":)" + say + "}]}", openai_responses) ==
        "input[1]: email");
  CHECK(place_in(R"({"messages":[{"role":"user","content":"x"}],"system":[{"type":"text","text":)" + say + "}]}", anthropic) ==
        "system: email");
  CHECK(place_in(R"({"messages":[{"role":"user","content":)" + say + R"(}],"stream":true})", openai_chat) ==
        "messages[0]: email");
}

TEST_CASE("a value is replaced where it stands and every other byte stays") {
  const std::string before = "{ \"messages\":[{\"role\" : \"user\",\"content\":\"p\\u0061ss \\/ ",
                    after = " \\/ \\u00e9\"}], \"x\":1.0 }";
  const Guarded guarded = guard(before + kJane + after);
  CHECK(guarded.body == before + "[[EMAIL_001]]" + after);
  REQUIRE(guarded.vault.find("[[EMAIL_001]]") != nullptr);
  CHECK(guarded.vault.find("[[EMAIL_001]]")->original.reveal() == kJane);
  CHECK(guarded.call.redacted == std::map<std::string, std::uint32_t>{{"EMAIL", 1}});
  CHECK(guarded.call.places.find("messages[0]") != std::string::npos);
  CHECK(guarded.call.places.find("email") != std::string::npos);
  CHECK(guarded.call.places.find(kJane) == std::string::npos);
}

TEST_CASE("values spelled with escapes are found and remembered as the user meant them") {
  for (const std::string& spelling :
       {std::string("jane.doe\\u0040") + "example.com", std::string("\\u006aane.doe@") + "ex\\u0061mple.com",
        std::string("\\njane.doe@") + "example.com", std::string("\\tjane.doe@") + "example.com\\n",
        std::string("\\\"jane.doe@") + "example.com\\\"", std::string("\\ud83d\\ude00 jane.doe@") + "example.com"}) {
    const std::string body = R"({"messages":[{"role":"user","content":")" + spelling + R"("}]})";
    CAPTURE(spelling);
    const Guarded guarded = guard(body);
    REQUIRE(guarded.vault.size() == 1);
    CHECK(guarded.vault.entries()[0].original.reveal() == kJane);
    CHECK(first_content(guarded).find("[[EMAIL_001]]") != std::string::npos);
    CHECK(test::restored(guarded.body, guarded.vault) == test::restored(body, guarded.vault));
  }
}

TEST_CASE("one value, one token; another case, another token; numbers follow the document") {
  const std::string upper = "JANE.DOE" + kJane.substr(8);
  const Guarded guarded = guard(user_says(kBob + " " + kJane + " " + kBob + " " + upper + " " + kJane));
  CHECK(first_content(guarded) == "[[EMAIL_001]] [[EMAIL_002]] [[EMAIL_001]] [[EMAIL_003]] [[EMAIL_002]]");
  CHECK(guarded.call.redacted.at("EMAIL") == 5);
}

TEST_CASE("the same value has the same token in every place and spelling") {
  const std::string escaped = std::string("bob\\u0040") + "example.com";
  const std::string body = R"({"system":"x )" + kBob + R"(","messages":[{"role":"user","content":")" + escaped +
                           R"("},{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"n","input":{"to":")" + kBob +
                           R"("}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"{\"to\":\")" +
                           kBob + R"(\"}"}]}]})";
  const Guarded guarded = guard(body);
  CHECK(guarded.vault.size() == 1);
  CHECK(guarded.call.edits.size() == 4);
  CHECK(guarded.body.find("bob") == std::string::npos);
}

TEST_CASE("the head is numbered first, wherever it stands in the body") {
  const std::string messages = R"("messages":[{"role":"user","content":)" + json_quoted(kBob) + "}]";
  const std::string system = R"("system":[{"type":"text","text":)" + json_quoted(kJane) + "}]";
  for (const std::string& body : {"{" + system + "," + messages + "}", "{" + messages + "," + system + "}"}) {
    const Guarded guarded = guard(body);
    CHECK(OrderedJson::parse(guarded.body)["system"][0]["text"] == "[[EMAIL_001]]");
    CHECK(first_content(guarded) == "[[EMAIL_002]]");
  }
  const Guarded responses =
      guard(R"({"input":[{"role":"user","content":)" + json_quoted(kBob) + R"(}],"instructions":)" + json_quoted(kJane) + "}",
            DialectId::openai_responses);
  CHECK(OrderedJson::parse(responses.body)["instructions"] == "[[EMAIL_001]]");
}

TEST_CASE("literal tokens in a request keep their numbers to themselves") {
  const Guarded later = guard(user_says(kJane + " and [[EMAIL_001]]"));
  CHECK(first_content(later) == "[[EMAIL_002]] and [[EMAIL_001]]");
  CHECK(later.vault.find("[[EMAIL_001]]") == nullptr);
  const std::string tools =
      R"({"tools":[{"name":"t","description":"takes [[EMAIL_001]]"}],"messages":[{"role":"user","content":)" +
      json_quoted(kJane) + "}]}";
  CHECK(first_content(guard(tools)) == "[[EMAIL_002]]");
  const std::string escaped = R"({"messages":[{"role":"user","content":")" + kJane + R"( \u005b[EMAIL\u005f001]]"}]})";
  CHECK(first_content(guard(escaped)) == "[[EMAIL_002]] [[EMAIL_001]]");
  const std::string arguments =
      R"({"messages":[{"content":)" + json_quoted(kJane) +
      R"(},{"role":"assistant","tool_calls":[{"function":{"arguments":"{\"to\":\"[[EMAIL_001]]\"}"}}]}]})";
  CHECK(first_content(guard(arguments, DialectId::openai_chat)) == "[[EMAIL_002]]");
}

TEST_CASE("tokens in signed text are ours from an earlier turn, which is never restored: they move no number") {
  const std::string thinking =
      R"({"messages":[{"role":"user","content":)" + json_quoted(kJane) +
      R"(},{"role":"assistant","content":[{"type":"thinking","thinking":"write to [[EMAIL_001]]","signature":"s"}]}]})";
  CHECK(first_content(guard(thinking)) == "[[EMAIL_001]]");
}

TEST_CASE("tokens of other kinds, and other double brackets, are nobody's business") {
  const std::string text = "[[ -f x ]] [[EMAIL]] [[EMAIL_1]] [[PERSON_001]] a[[0]] ";
  CHECK(first_content(guard(user_says(text + kJane))) == text + "[[EMAIL_001]]");
}

TEST_CASE("an adopted vault goes on where the earlier turn ended") {
  const auto guards = make_guards();
  const Guarded first = guard_body(user_says(kBob), DialectId::anthropic, *guards);
  const Guarded second = test::guard_body_after(first.vault, user_says(kJane + " " + kBob), DialectId::anthropic, *guards);
  CHECK(first_content(second) == "[[EMAIL_002]] [[EMAIL_001]]");
}

TEST_CASE("secrets are redacted too, under the kind of their rule") {
  const std::string key = test::make_aws_key_id(), token = test::make_github_token(), pem = test::make_private_key();
  const Guarded guarded = guard(user_says("id " + key + " token " + token + "\n" + pem + "\nend"));
  CHECK(guarded.vault.size() == 3);
  CHECK(guarded.body.find(key) == std::string::npos);
  CHECK(guarded.body.find(token) == std::string::npos);
  CHECK(guarded.body.find("MII") == std::string::npos);
  CHECK(test::restored(guarded.body, guarded.vault) ==
        test::restored(user_says("id " + key + " token " + token + "\n" + pem + "\nend"), guarded.vault));
}

TEST_CASE("JSON inside function arguments is read to its strings, two levels deep, and stays JSON") {
  const std::string inner = R"({"to":)" + json_quoted(kJane) + R"(,"note":)" + json_quoted("say \"hi\" to\n" + kJane) + "}";
  const std::string outer = R"({"payload":)" + json_quoted(inner) + R"(,"plain":)" + json_quoted(kBob) + R"(,"n":5})";
  const Guarded guarded = guard(calls_with(outer), DialectId::openai_chat);
  const OrderedJson arguments = OrderedJson::parse(
      OrderedJson::parse(guarded.body)["messages"][0]["tool_calls"][0]["function"]["arguments"].get<std::string>());
  CHECK(arguments["plain"] == "[[EMAIL_002]]");
  CHECK(arguments["n"] == 5);
  const OrderedJson deep = OrderedJson::parse(arguments["payload"].get<std::string>());
  CHECK(deep["to"] == "[[EMAIL_001]]");
  CHECK(deep["note"] == "say \"hi\" to\n[[EMAIL_001]]");
  CHECK(guarded.vault.entries()[0].original.reveal() == kJane);
}

TEST_CASE("arguments that are no JSON are read as text; escapes in arguments are undone twice") {
  CHECK(guard(calls_with(R"({"to": ")" + kJane), DialectId::openai_chat).vault.size() == 1);
  const std::string twice =
      R"({"input":[{"type":"function_call","call_id":"c","name":"n","arguments":"{\"to\":\"jane.doe\\u0040)" +
      std::string("example.com") + R"(\"}"}]})";
  const Guarded guarded = guard(twice, DialectId::openai_responses);
  REQUIRE(guarded.vault.size() == 1);
  CHECK(guarded.vault.entries()[0].original.reveal() == kJane);
  CHECK(OrderedJson::parse(guarded.body)["input"][0]["arguments"] == R"({"to":"[[EMAIL_001]]"})");
}

TEST_CASE("signed and opaque parts keep every byte; what stands in signed text is reported") {
  const std::string signed_block = R"({"type":"thinking","thinking":"mail )" + kJane + R"(","signature":")" + kJane + R"("})";
  const std::string opaque = R"({"type":"redacted_thinking","data":")" + kJane + R"("})";
  const Guarded anthropic = guard(R"({"messages":[{"role":"assistant","content":[)" + signed_block + "," + opaque + "]}]}");
  CHECK(anthropic.call.edits.empty());
  CHECK(anthropic.call.detected.at("EMAIL") == 1);
  CHECK(anthropic.call.redacted.empty());
  const Guarded responses = guard(
      R"({"include":["reasoning.encrypted_content"],"input":[{"type":"reasoning","id":"rs","summary":[{"type":"summary_text","text":")" +
          kJane + R"("}],"encrypted_content":")" + kJane + R"("}]})",
      DialectId::openai_responses);
  CHECK(responses.call.edits.empty());
  CHECK(responses.call.detected.at("EMAIL") == 1);
}

TEST_CASE("OpenAI's metadata is a client's own words; Anthropic's names its user, for Anthropic to know") {
  const std::string tags = R"("metadata":{"ticket":"from )" + kJane + R"(","user_id":")" + kBob + "\"}";
  for (const DialectId dialect : {DialectId::openai_chat, DialectId::openai_responses}) {
    const Guarded out = guard("{" + tags + "}", dialect);
    CHECK(out.body == R"({"metadata":{"ticket":"from [[EMAIL_001]]","user_id":"[[EMAIL_002]]"}})");
  }
  const std::string anthropic = "{" + tags + R"(,"messages":[]})";
  CHECK(guard(anthropic).body == anthropic);
}

TEST_CASE("tool definitions are looked through for secrets only") {
  const std::string key = test::make_aws_key_id();
  const std::string body = R"({"messages":[],"tools":[{"name":"t","description":"ask )" + kJane + " with " + key +
                           R"(","input_schema":{"properties":{"a":{"description":")" + key + R"("}}}}]})";
  const Guarded guarded = guard(body);
  CHECK(guarded.body.find(key) == std::string::npos);
  CHECK(guarded.body.find(kJane) != std::string::npos);
  CHECK(guarded.vault.size() == 1);
  CHECK(guarded.call.redacted.size() == 1);
}

TEST_CASE("secrets that are keys in tool input are taken out, and never named") {
  const std::string key = test::make_aws_key_id();
  const std::string body = R"({"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"i","name":"n","input":{")" +
                           key + R"(":"ask )" + kJane + R"("}}]}]})";
  const Guarded guarded = guard(body);
  CHECK(guarded.body.find(key) == std::string::npos);
  CHECK(guarded.body.find("_001]]\":\"ask [[EMAIL_001]]\"") != std::string::npos);
  CHECK(guarded.call.detected.empty());
  CHECK(guarded.call.places.find(key) == std::string::npos);
  GuardSettings settings;
  settings.email = Action::block;
  const Guarded blocked = guard(body, DialectId::anthropic, settings);
  const Error error = block_error(blocked.call);
  CHECK((error.message + error.detail + blocked.call.places).find(key) == std::string::npos);
}

TEST_CASE("off is not seen, detect is counted and left") {
  GuardSettings settings;
  settings.email = Action::off;
  CHECK(guard(user_says(kJane), DialectId::anthropic, settings).call.detected.empty());
  settings.email = Action::detect;
  const Guarded guarded = guard(user_says(kJane + " " + kJane), DialectId::anthropic, settings);
  CHECK(guarded.call.edits.empty());
  CHECK(guarded.call.detected.at("EMAIL") == 2);
  CHECK(guarded.call.places.find("messages[0]") != std::string::npos);
}

TEST_CASE("a value whose checksum says it is made up is never acted on") {
  std::string token = test::make_github_token();
  token.back() = token.back() == '0' ? '1' : '0';
  const Guarded redacting = guard(user_says("token " + token));
  CHECK(redacting.call.edits.empty());
  CHECK(redacting.call.redacted.empty());
  GuardSettings settings;
  settings.secrets = Action::block;
  CHECK(guard(user_says("token " + token), DialectId::anthropic, settings).call.blocked.empty());
}

TEST_CASE("an allow-listed value is left alone, its neighbour is not") {
  GuardSettings settings;
  settings.allow["email"] = {kBob};
  CHECK(first_content(guard(user_says(kBob + " " + kJane), DialectId::anthropic, settings)) == kBob + " [[EMAIL_001]]");
}

TEST_CASE("a key in tool input is guarded like a value, as JSON and as JSON in a string") {
  const std::string input = R"({"to":{")" + kJane + R"(":"x"},"file_path":"a"})";
  const std::string call = R"({"type":"tool_use","id":"t","name":"f","input":)" + input + "}";
  const Guarded parsed =
      guard_body(R"({"messages":[{"role":"assistant","content":[)" + call + "]}]}", DialectId::anthropic, *make_guards());
  CHECK(parsed.body.find(kJane) == std::string::npos);
  CHECK(parsed.body.find(R"("to":{"[[EMAIL_001]]":"x"})") != std::string::npos);
  const std::string text = test::json_text(input);
  const Guarded chat =
      guard_body(R"({"messages":[{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":")" + text + R"("}}]}]})",
                 DialectId::openai_chat, *make_guards());
  CHECK(chat.body.find(R"({\"[[EMAIL_001]]\":\"x\"})") != std::string::npos);
  const Guarded responses = guard_body(R"({"input":[{"type":"function_call","name":"f","arguments":")" + text + R"("}]})",
                                       DialectId::openai_responses, *make_guards());
  CHECK(responses.body.find(R"({\"[[EMAIL_001]]\":\"x\"})") != std::string::npos);
}

}  // namespace
}  // namespace pg
