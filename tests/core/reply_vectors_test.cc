// The stream vectors every restoring proxy should pass, in all three dialects, and the faults found in other tools, one test
// each.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/guard/vault.h"
#include "tests/support/model_wire.h"
#include "tests/support/reply_run.h"

namespace pg {
namespace {

using test::Heard;
using test::ReplyRun;
using test::run_reply;
using test::stream_options;
using test::text_block;
using test::tool_block;
using OrderedJson = nlohmann::ordered_json;

const std::string kHard = "a\"b\\c\n\td\xe2\x80\xa8\xf0\x9f\x98\x80\x01";

struct Vectors {
  Vectors() {
    vault.placeholder_for("EMAIL", "jane@example.com");
    vault.placeholder_for("SECRET", kHard);
    vault.placeholder_for("ODD", "pa$$word$&x");
    vault.placeholder_for("ODD", "[[EMAIL_001]]");
  }
  Heard hear(DialectId dialect, const test::Blocks& blocks) const {
    const ReplyRun run = run_reply(stream_options(dialect, vault), test::join(test::say_stream(dialect, blocks)));
    const Heard heard = test::hear_stream(dialect, run.bytes);
    CHECK(heard.faults.empty());
    CHECK(heard.finished);
    return heard;
  }
  // Says the deltas as text and wants `expected`, in every dialect.
  void check_text(const std::vector<std::string>& deltas, const std::string& expected) const {
    for (DialectId dialect : test::kModelDialects) {
      CAPTURE(test::join(deltas));
      CHECK(hear(dialect, {text_block(deltas)}).text() == expected);
    }
  }
  // Says the deltas as arguments and wants a value at `key`.
  void check_argument(const std::vector<std::string>& deltas, const std::string& key, const std::string& expected) const {
    for (DialectId dialect : test::kModelDialects) {
      const OrderedJson json = OrderedJson::parse(hear(dialect, {tool_block(deltas)}).arguments.at(0), nullptr, false);
      REQUIRE(json.is_object());
      CHECK(json.value(key, "") == expected);
    }
  }
  Vault vault;
};

TEST_CASE_FIXTURE(Vectors, "vector: [ | [P, ] | ], two tokens glued") {
  check_text({"[", "[EMAIL_001]]"}, "jane@example.com");
  check_text({"x[", "[EMAIL_001]", "]y"}, "xjane@example.comy");
  check_text({"[[EMAIL_001]][[EMAIL_001", "]]"}, "jane@example.comjane@example.com");
}

TEST_CASE_FIXTURE(Vectors, "vector: P at the very end, then the finish") {
  check_text({"to ", "[[EMAIL", "_001", "]]"}, "to jane@example.com");
}

TEST_CASE_FIXTURE(Vectors, "vector: [[ never closed, bash [[ -f x ]], Lua [[ ]], unknown [[EMAIL_999]]") {
  check_text({"see [", "[EMAIL_001 and no end"}, "see [[jane@example.com and no end");
  check_text({"see [[", "EMAIL_00"}, "see [[EMAIL_00");
  check_text({"if [[ -f", " x ]]; then"}, "if [[ -f x ]]; then");
  check_text({"local s = [", "[ ]]"}, "local s = [[ ]]");
  check_text({"[[EMAIL_9", "99]]"}, "[[EMAIL_999]]");
}

TEST_CASE_FIXTURE(Vectors, "vector: lower-case P") {
  check_text({"[[em", "ail_001]]"}, "jane@example.com");
}

TEST_CASE_FIXTURE(Vectors, "vector: P in tool arguments, split inside an escaped quote, and each odd value") {
  check_argument({"{\"a\":\"say \\", "\"[[SECRET_001]]\\", "\"\"}"}, "a", "say \"" + kHard + "\"");
  check_argument({"{\"a\":\"[[SEC", "RET_001]]\",\"b\":\"[[EMAIL_001]]\"}"}, "a", kHard);
  check_text({"[[SECRET_001]]"}, kHard);
}

TEST_CASE_FIXTURE(Vectors, "vector: P inside a JSON string inside arguments") {
  const std::string sent = OrderedJson{{"body", OrderedJson{{"k", "[[SECRET_001]]"}}.dump()}}.dump();
  const std::string meant = OrderedJson{{"k", kHard}}.dump();
  for (DialectId dialect : test::kModelDialects) {
    for (std::size_t cut = 0; cut <= sent.size(); cut += 3) {
      const Heard heard = hear(dialect, {tool_block({sent.substr(0, cut), sent.substr(cut)})});
      const OrderedJson body =
          OrderedJson::parse(OrderedJson::parse(heard.arguments.at(0)).at("body").get<std::string>(), nullptr, false);
      REQUIRE(body == OrderedJson::parse(meant));
    }
  }
}

TEST_CASE_FIXTURE(Vectors, "vector: a text block, then a tool block") {
  for (DialectId dialect : test::kModelDialects) {
    const Heard heard =
        hear(dialect, {text_block({"I write [[EMA", "IL_001]] ["}), tool_block({"{\"to\":\"[[EMAIL_", "001]]\"}"})});
    CHECK(heard.text() == "I write jane@example.com [");
    CHECK(heard.arguments.at(0) == "{\"to\":\"jane@example.com\"}");
  }
}

TEST_CASE_FIXTURE(Vectors, "vector and fault 6: thinking that contains P stays as the provider signed it") {
  const test::Block thinking{test::Block::Kind::thinking, {"the user is [[EMAIL_0", "01]]"}};
  CHECK(hear(DialectId::anthropic, {thinking, text_block({"hi [[EMAIL_001]]"})}).thinking == "the user is [[EMAIL_001]]");
}

TEST_CASE_FIXTURE(Vectors, "fault 1: $& and $$ in a value are no pattern") {
  check_text({"is [[ODD_001]]"}, "is pa$$word$&x");
}

TEST_CASE_FIXTURE(Vectors, "fault 2: a truncated token is never guessed") {
  check_text({"Write to [[EMAIL_"}, "Write to [[EMAIL_");
  check_text({"Write to [[EMAIL_001"}, "Write to [[EMAIL_001");
}

TEST_CASE_FIXTURE(Vectors, "fault 3: a value with quotes and newlines leaves the arguments valid JSON") {
  check_argument({"{\"a\":\"[[SECRET_001]]\"}"}, "a", kHard);
}

TEST_CASE_FIXTURE(Vectors, "fault 4: the tail is sent at its own block's index, before its end") {
  const test::Blocks blocks = {text_block({"a"}), text_block({"b [["}), text_block({"c"})};
  const Heard heard = hear(DialectId::anthropic, blocks);
  CHECK(heard.texts == std::vector<std::string>{"a", "b [[", "c"});
  CHECK(hear(DialectId::openai_responses, blocks).texts == std::vector<std::string>{"a", "b [[", "c"});
}

TEST_CASE_FIXTURE(Vectors, "fault 5: a restored value that looks like a token is not replaced again") {
  check_text({"[[ODD_002]] [[EMAIL_001]]"}, "[[EMAIL_001]] jane@example.com");
  Vault later;
  later.skip_literal({"EMAIL", 1});
  later.placeholder_for("EMAIL", "x@y.z");
  const ReplyRun run = run_reply(stream_options(DialectId::anthropic, later),
                                 test::join(test::say_stream(DialectId::anthropic, {text_block({"you wrote [[EMAIL_001]]"})})));
  CHECK(test::hear_stream(DialectId::anthropic, run.bytes).text() == "you wrote [[EMAIL_001]]");
}

TEST_CASE_FIXTURE(Vectors, "fault 9: \\u005b escapes of the token, split between them") {
  const auto chunk = [](const std::string& raw) {
    return "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" + raw + "\"},\"finish_reason\":null}]}\n\n";
  };
  const ReplyRun run = run_reply(stream_options(DialectId::openai_chat, vault),
                                 chunk("\\u005b") + chunk("\\u005bEMAIL_001\\u005d") + chunk("\\u005d.") + "data: [DONE]\n\n");
  CHECK(run.bytes == chunk("") + chunk("") + chunk("jane@example.com.") + "data: [DONE]\n\n");
}

TEST_CASE_FIXTURE(Vectors, "fault 10: without brackets EMAIL_0010 is not the value of EMAIL_001 and a 0") {
  check_text({"EMAIL_001", "0 EMAIL_00", "1"}, "EMAIL_0010 jane@example.com");
}

}  // namespace
}  // namespace pg
