// What the guards took out of a file comes back in a file with the file's own bytes, in tool arguments of every dialect, whole
// and streamed at any split.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/guarded.h"
#include "tests/support/model_wire.h"
#include "tests/support/reply_run.h"

namespace pg {
namespace {

using Json = nlohmann::json;
using test::Guarded;

std::shared_ptr<const Guards> value_guards() {
  GuardSettings settings;
  settings.custom.push_back({"val", "<<[^>]*>>"});
  return test::make_guards(std::move(settings));
}

std::string request_of(DialectId dialect, const std::string& result) {
  const std::string text = test::json_text(result);
  if (dialect == DialectId::anthropic)
    return R"({"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":")" + text + R"("}]}]})";
  if (dialect == DialectId::openai_chat)
    return R"({"messages":[{"role":"tool","tool_call_id":"t","content":")" + text + R"("}]})";
  return R"({"input":[{"type":"function_call_output","call_id":"t","output":")" + text + R"("}]})";
}

// What a model writes that saw `sent`.
std::string written(const std::string& sent, const std::string& wanted, DialectId dialect, const Vault& vault, bool stream,
                    std::size_t cut) {
  const std::string arguments = Json{{"content", sent}}.dump();
  const test::Blocks blocks{test::tool_block({arguments.substr(0, cut), arguments.substr(std::min(cut, arguments.size()))})};
  const ReplyOptions options = stream ? test::stream_options(dialect, vault) : test::body_options(dialect, vault);
  const std::string said = stream ? test::join(test::say_stream(dialect, blocks)) : test::say_whole(dialect, blocks);
  const std::string bytes = test::run_reply(options, std::vector<std::string>{said}).bytes;
  const test::Heard heard = stream ? test::hear_stream(dialect, bytes) : test::hear_whole(dialect, bytes);
  REQUIRE(heard.arguments.size() == 1);
  const Json json = Json::parse(heard.arguments.front(), nullptr, false);
  if (json.is_discarded()) return "no JSON: " + heard.arguments.front();
  INFO(wanted);
  return json["content"].get<std::string>();
}

std::string escaped_key() {
  return test::replace_all(test::make_private_key(), "\n", "\\n");
}

std::vector<std::string> files() {
  const std::string key = escaped_key(), value = R"(<<a\"b\\c\nd>>)", bare = "<<a\"b\\c\nd>>";
  std::vector<std::string> out = {
      "{\n  \"type\": \"service_account\",\n  \"private_key\": \"" + key + "\\n\",\n  \"x\": \"y\"\n}\n",
      "A=1\nKEY=\"" + key + "\"\nB=2\n",
      "key: \"" + key + "\"\n",
      "tls:\n  - key: \"" + key + "\"\n",
      "export const c = {\"key\": \"" + key + "\"};\n",
      "export const c = {key: \"" + key + "\", n: 1};\n",
      "     1\t{\n     2\t  \"key\": \"" + key + "\"\n",
      "+  \"key\": \"" + key + "\",\n"};
  for (const std::string& v : {value, bare}) {
    for (const std::string head :
         {"", "He said: \"", "{\"k\": \"", "x = [\"a\", \"", "[\n  \"a\",\n  \"", "id,name\n1,\"", "f(x, \"", "k: \"", "k: '",
          "curl -d '{\"k\": \"", "{\"o\": \"{\\\"k\\\": \\\"", "x = \"\"\"", "path: \"C:\\\\Users\\\\"}) {
      out.push_back(head + v + "\"\n");
      out.push_back(head + v + "\", \"" + v + "\"} and " + v);
    }
  }
  return out;
}

TEST_CASE("property: a file that comes back as the model saw it has the bytes it had") {
  const auto guards = value_guards();
  for (const std::string& file : files()) {
    CAPTURE(file);
    for (const DialectId dialect : test::kModelDialects) {
      CAPTURE(dialect);
      const Guarded guarded = test::guard_body(request_of(dialect, file), dialect, *guards);
      const std::string token(guarded.vault.entries().at(0).token);
      std::string sent = file;
      for (const Vault::Entry& entry : guarded.vault.entries())
        sent = test::replace_all(std::move(sent), entry.original.reveal(), entry.token);
      REQUIRE(sent.find("<<") == std::string::npos);
      CHECK(written(sent, file, dialect, guarded.vault, false, 1) == file);
      for (std::size_t cut = 1; cut < sent.size() + 10; cut += 1 + sent.size() / 40)
        CHECK(written(sent, file, dialect, guarded.vault, true, cut) == file);
    }
  }
}

TEST_CASE("a value that was found outside of JSON is escaped inside, and one that was found inside is not escaped again") {
  const auto guards = value_guards();
  const auto write = [&](const std::string& found, const std::string& sent) {
    const Guarded guarded = test::guard_body(request_of(DialectId::anthropic, found), DialectId::anthropic, *guards);
    return written(sent, found, DialectId::anthropic, guarded.vault, false, 1);
  };
  CHECK(write("<<a\"b\nc>>", "{\"k\": \"[[VAL_001]]\"}") == R"({"k": "<<a\"b\nc>>"})");
  CHECK(write(R"(k = "<<a\nc>>")", "{\"k\": \"[[VAL_001]]\"}") == R"({"k": "<<a\nc>>"})");
  CHECK(write(R"({"k": "<<a\nc>>"})", "[[VAL_001]]") == R"(<<a\nc>>)");
  CHECK(write(R"({"k": "<<a\nc>>"})", R"({"o": "{\"k\": \"[[VAL_001]]\"}"})") == R"({"o": "{\"k\": \"<<a\\nc>>\"}"})");
  CHECK(write("<<a\"b\nc>>", "He said: \"[[VAL_001]]\"") == "He said: \"<<a\"b\nc>>\"");
  CHECK(write("<<a\"b\nc>>", "id,name\n1,\"[[VAL_001]]\"") == "id,name\n1,\"<<a\"b\nc>>\"");
}

TEST_CASE("where JSON was asked for, a text that is JSON stays JSON, and one that is not is a text") {
  const auto guards = value_guards();
  const std::string value = "<<a\"b\\c\nd>>";
  for (const DialectId dialect : test::kModelDialects) {
    CAPTURE(dialect);
    const Guarded guarded = test::guard_body(request_of(dialect, value), dialect, *guards);
    const auto heard = [&](const std::string& said, std::size_t cut, bool stream) {
      const test::Blocks blocks{test::text_block({said.substr(0, cut), said.substr(cut)})};
      ReplyOptions options = stream ? test::stream_options(dialect, guarded.vault) : test::body_options(dialect, guarded.vault);
      options.structured = true;
      const std::string bytes = stream ? test::join(test::say_stream(dialect, blocks)) : test::say_whole(dialect, blocks);
      const std::string out = test::run_reply(options, std::vector<std::string>{bytes}).bytes;
      return (stream ? test::hear_stream(dialect, out) : test::hear_whole(dialect, out)).text();
    };
    const std::string said = R"({"k": "[[VAL_001]]", "n": ["x [[VAL_001]] y"], "o": "{\"z\": \"[[VAL_001]]\"}"})";
    for (std::size_t cut = 0; cut <= said.size(); ++cut) {
      for (const bool stream : {false, true}) {
        const Json json = Json::parse(heard(said, cut, stream), nullptr, false);
        REQUIRE_FALSE(json.is_discarded());
        CHECK(json["k"] == value);
        CHECK(json["n"][0] == "x " + value + " y");
        CHECK(Json::parse(json["o"].get<std::string>())["z"] == value);
      }
    }
    CHECK(heard("It is \"[[VAL_001]]\"", 9, true) == "It is \"" + value + "\"");
    CHECK(heard("[[VAL_001]]", 4, false) == value);
  }
}

}  // namespace
}  // namespace pg
