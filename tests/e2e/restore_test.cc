// Restoration of replies: whatever way a placeholder is cut, the client reads the original, in text and in tool arguments, in
// every dialect, streamed or whole; the end of a block never comes before its text; what is not ours passes untouched.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "tests/support/model_wire.h"
#include "tests/support/run_pg.h"

namespace pg::test {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kEmailToken = "[[EMAIL_001]]";

World& restoring_world() {
  static World one(kRedactAll);
  one.upstream.forget();
  return one;
}

/// Asks with `text`; the provider streams `pieces` (event by event).
Heard stream(World& w, DialectId dialect, const std::string& text, const std::vector<std::string>& pieces) {
  w.upstream.respond(Answer::stream(pieces));
  const RawReply reply = w.post(model_path(dialect), ask(dialect, true, text));
  CHECK(reply.status == 200);
  CHECK(reply.complete);
  Heard heard = hear_stream(dialect, reply.body);
  CHECK(heard.fault() == "");
  CHECK(heard.finished);
  return heard;
}
std::string stream_text(World& w, DialectId dialect, const std::vector<std::string>& deltas) {
  return stream(w, dialect, "I am " + make_email(), say_stream(dialect, {text_block(deltas)})).text();
}
std::string inside(std::string_view text, std::size_t from, std::size_t to) {
  return std::string(text.substr(from, to - from));
}

}  // namespace

TEST_CASE("restore: a placeholder cut between two deltas at every byte, in text and in tool arguments") {
  World& w = restoring_world();
  const std::string e = make_email();
  for (const DialectId dialect : kModelDialects) {
    for (std::size_t cut = 0; cut <= kEmailToken.size(); ++cut) {
      CAPTURE(dialect);
      CAPTURE(cut);
      const std::vector<std::string> text{"to " + inside(kEmailToken, 0, cut), inside(kEmailToken, cut, 99) + " now"};
      const std::vector<std::string> arguments{"{\"to\":\"" + inside(kEmailToken, 0, cut),
                                               inside(kEmailToken, cut, 99) + "\",\"n\":1}"};
      const Heard heard = stream(w, dialect, "I am " + e, say_stream(dialect, {text_block(text), tool_block(arguments)}));
      CHECK(heard.text() == "to " + e + " now");
      CHECK(heard.arguments == std::vector<std::string>{"{\"to\":\"" + e + "\",\"n\":1}"});
    }
  }
}

TEST_CASE("restore: any split of the bytes on the wire gives the same bytes") {
  World& w = restoring_world();
  for (const DialectId dialect : kModelDialects) {
    CAPTURE(dialect);
    const std::string whole = join(say_stream(
        dialect, {text_block({"\xC3\xA9 to [[EM", "AIL_001]] \xF0\x9F\x98\x80"}), tool_block({"{\"a\":\"[[EMAIL_001]]\"}"})}));
    w.upstream.respond(Answer::stream({whole}));
    const std::string body = ask(dialect, true, "I am " + make_email());
    const std::string expected = w.post(model_path(dialect), body).body;
    CHECK(expected.find(make_email()) != std::string::npos);
    std::vector<std::string> bytes;
    for (const char c : whole) bytes.emplace_back(1, c);
    w.upstream.respond(Answer::stream(bytes));
    CHECK(w.post(model_path(dialect), body).body == expected);
    for (std::size_t cut = 1; cut < whole.size(); cut += 7) {
      Answer two = Answer::stream_head();
      two.steps.back().bytes += write_chunk(whole.substr(0, cut));
      two.pause(Ms{1}).bytes(write_chunk(whole.substr(cut)) + "0\r\n\r\n");
      w.upstream.respond(two);
      const RawReply got = w.post(model_path(dialect), body);
      CHECK_MESSAGE(got.complete, "cut at " << cut << ", " << got.body.size() << " bytes, closed " << got.closed << ", after "
                                            << got.waited.count() << " ms");
      CHECK_MESSAGE((got.body == expected), "cut at " << cut);
    }
  }
}

TEST_CASE("restore: the vectors that broke others") {
  World& w = restoring_world();
  const std::string e = make_email();
  const std::pair<std::vector<std::string>, std::string> vectors[] = {
      {{"[", "[EMAIL_001]]"}, e},
      {{"[[EMAIL_001]", "]"}, e},
      {{"[[EMAIL_001]][[EMAIL_001]]"}, e + e},
      {{"[[EMAIL_001]", "][[EMAIL", "_001]]."}, e + e + "."},
      {{"ends with ", "[[EMAIL_001]]"}, "ends with " + e},
      {{"[[[EMAIL_001]]]"}, "[" + e + "]"},
      {{"never closed [[", " and on"}, "never closed [[ and on"},
      {{"never closed [[EMAIL_0"}, "never closed [[EMAIL_0"},
      {{"cut token: [[EMAIL_001]"}, "cut token: [[EMAIL_001]"},
      {{"if [[ -f x", " ]]; then"}, "if [[ -f x ]]; then"},
      {{"s = [[", " lua ", "]]"}, "s = [[ lua ]]"},
      {{"a[i", "][0] and [", "link](url)"}, "a[i][0] and [link](url)"},
      {{"unknown [[EMAIL_999]]"}, "unknown [[EMAIL_999]]"},
      {{"unknown [[EMAIL_", "1", "000]]"}, "unknown [[EMAIL_1000]]"},
      {{"other kind [[PERSON_001]]"}, "other kind [[PERSON_001]]"},
      {{"lower [[email_001]]"}, "lower " + e},
      {{"spaced [[ EMAIL_001 ]]"}, "spaced " + e},
      {{"markdown \\[\\[EMAIL\\_001\\]\\]"}, "markdown " + e},
      {{"single [EMAIL_001]"}, "single " + e},
      {{"bare EMAIL_001 word"}, "bare " + e + " word"},
      {{"bare EMAIL_0012 and XEMAIL_001"}, "bare EMAIL_0012 and XEMAIL_001"},
      {{"truncated <EMAIL_ and EMAIL_"}, "truncated <EMAIL_ and EMAIL_"},
      {{"\xF0\x9F\x98\x80 [[EMAIL_001]] \xE2\x80\xA8"}, "\xF0\x9F\x98\x80 " + e + " \xE2\x80\xA8"},
      {{"", "[[EMAIL_001]]", ""}, e},
  };
  for (const DialectId dialect : kModelDialects) {
    for (const auto& [deltas, expected] : vectors) {
      CAPTURE(dialect);
      CAPTURE(expected);
      CHECK(stream_text(w, dialect, deltas) == expected);
    }
  }
}

TEST_CASE("restore: whole replies, text and tool arguments") {
  World& w = restoring_world();
  const std::string e = make_email();
  for (const DialectId dialect : kModelDialects) {
    CAPTURE(dialect);
    w.upstream.respond(
        Answer::json(say_whole(dialect, {text_block({"to [[EMAIL_001]] and [[EMAIL_002]]"}),
                                         tool_block({R"({"to":"[[EMAIL_001]]","deep":{"l":["[[EMAIL_001]]"]}})"})})));
    const RawReply reply = w.post(model_path(dialect), ask(dialect, false, "I am " + e));
    CHECK(reply.complete);
    const Heard heard = hear_whole(dialect, reply.body);
    CHECK(heard.text() == "to " + e + " and [[EMAIL_002]]");
    REQUIRE(heard.arguments.size() == 1);
    CHECK(Json::parse(heard.arguments.front()) == Json{{"to", e}, {"deep", {{"l", Json::array({e})}}}});
  }
}

TEST_CASE("restore: a value with newlines comes back escaped to the right depth") {
  World& w = restoring_world();
  const std::string pem = make_private_key();
  for (const DialectId dialect : kModelDialects) {
    CAPTURE(dialect);
    w.upstream.respond([&](const SeenRequest& request) {
      const auto tokens = placeholders_in(request.body);
      const std::string token = tokens.empty() ? "no token" : tokens.front();
      const std::string nested = Json{{"file", Json{{"body", token}}.dump()}}.dump();
      return Answer::stream(
          say_stream(dialect, {text_block({token.substr(0, 5), token.substr(5)}),
                               tool_block({"{\"key\":\"" + token.substr(0, 9), token.substr(9) + "\"}"}), tool_block({nested})}));
    });
    const RawReply reply = w.post(model_path(dialect), ask(dialect, true, "store " + pem));
    CHECK(w.upstream.last().body.find("PRIVATE KEY-----") == std::string::npos);
    const Heard heard = hear_stream(dialect, reply.body);
    CHECK(heard.fault() == "");
    CHECK(heard.text() == pem);
    REQUIRE(heard.arguments.size() == 2);
    const Json first = Json::parse(heard.arguments[0], nullptr, false);
    REQUIRE_MESSAGE(first.is_object(), heard.arguments[0]);
    CHECK(first.value("key", "") == pem);
    const Json second = Json::parse(heard.arguments[1], nullptr, false);
    REQUIRE_MESSAGE(second.is_object(), heard.arguments[1]);
    const Json file = Json::parse(second.value("file", ""), nullptr, false);
    REQUIRE_MESSAGE(file.is_object(), heard.arguments[1]);
    CHECK(file.value("body", "") == pem);
  }
}

TEST_CASE("restore: a value with quotes, backslashes, tabs, U+2028 and an emoji, at every depth") {
  World w("[[guards.custom]]\nname = \"odd\"\nregex = '(?s)ODD<.{1,60}?>DDO'\naction = \"redact\"\n");
  const std::string odd = "ODD<a\"b\\c\n\t$& $$ \xE2\x80\xA8 \xF0\x9F\x98\x80 \x01>DDO";
  for (const DialectId dialect : kModelDialects) {
    CAPTURE(dialect);
    const std::string nested = Json{{"file", Json{{"body", "x [[ODD_001]]"}}.dump()}}.dump();
    w.upstream.respond(Answer::stream(
        say_stream(dialect, {text_block({"to [[ODD_", "001]]."}), tool_block({"{\"a\":\"\\\"[[ODD", "_001]]\\\"\"}"}),
                             tool_block({nested.substr(0, 25), nested.substr(25)})})));
    const RawReply reply = w.post(model_path(dialect), ask(dialect, true, "keep " + odd));
    CHECK(w.upstream.last().body.find("keep [[ODD_001]]") != std::string::npos);
    const Heard heard = hear_stream(dialect, reply.body);
    CHECK(heard.fault() == "");
    CHECK(heard.text() == "to " + odd + ".");
    REQUIRE(heard.arguments.size() == 2);
    const Json first = Json::parse(heard.arguments[0], nullptr, false);
    REQUIRE_MESSAGE(first.is_object(), heard.arguments[0]);
    CHECK(first.value("a", "") == "\"" + odd + "\"");
    const Json second = Json::parse(heard.arguments[1], nullptr, false);
    REQUIRE_MESSAGE(second.is_object(), heard.arguments[1]);
    const Json file = Json::parse(second.value("file", ""), nullptr, false);
    REQUIRE_MESSAGE(file.is_object(), heard.arguments[1]);
    CHECK(file.value("body", "") == "x " + odd);
  }
}

TEST_CASE("restore: text then tool: each block is whole before it ends") {
  World& w = restoring_world();
  const std::string e = make_email();
  for (const DialectId dialect : kModelDialects) {
    CAPTURE(dialect);
    const Blocks blocks{text_block({"mail [[EMAIL"}), tool_block({"{\"a\":\"", "[[EMAIL_001", "]]", "\"}"}),
                        tool_block({"{\"b\":\"x [[\"}"}), tool_block({"{}"})};
    const Heard heard = stream(w, dialect, "I am " + e, say_stream(dialect, blocks));
    CHECK(heard.text() == "mail [[EMAIL");
    CHECK(heard.arguments == std::vector<std::string>{"{\"a\":\"" + e + "\"}", "{\"b\":\"x [[\"}", "{}"});
  }
}

TEST_CASE("restore: thinking with its signature passes as it is") {
  World& w = restoring_world();
  const Block thinking{Block::Kind::thinking, {"the user is [[EMAIL", "_001]]"}};
  const Heard heard =
      stream(w, DialectId::anthropic, "I am " + make_email(), say_stream(DialectId::anthropic, {thinking, text_block({"ok"})}));
  CHECK(heard.thinking == "the user is [[EMAIL_001]]");
  CHECK(heard.text() == "ok");
  w.upstream.respond(Answer::json(say_whole(DialectId::anthropic, {thinking, text_block({"[[EMAIL_001]]"})})));
  const Heard whole =
      hear_whole(DialectId::anthropic, w.post("v1/messages", ask(DialectId::anthropic, false, "I am " + make_email())).body);
  CHECK(whole.thinking == "the user is [[EMAIL_001]]");
  CHECK(whole.text() == make_email());
}

TEST_CASE("restore: two tool calls interleaved by index, two choices, a usage-only last chunk") {
  World& w = restoring_world();
  const std::string e = make_email();
  const auto chunk = [](const std::string& choices) {
    return R"(data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":)" + choices + "}\n\n";
  };
  const auto call = [&](int index, const std::string& part) {
    return chunk(R"([{"index":0,"delta":{"tool_calls":[{"index":)" + std::to_string(index) + R"(,"function":{"arguments":")" +
                 json_text(part) + R"("}}]},"finish_reason":null}])");
  };
  const std::vector<std::string> tools{
      call(0, "{\"a\":\"[[EM"),
      call(1, "{\"b\":\"[[EMAIL_"),
      call(0, "AIL_001]]\"}"),
      call(1, "001]]\"}"),
      chunk(R"([{"index":0,"delta":{},"finish_reason":"tool_calls"}])"),
      R"(data: {"id":"c","object":"chat.completion.chunk","choices":[],"usage":{"prompt_tokens":1}})"
      "\n\n",
      "data: [DONE]\n\n"};
  const Heard heard = stream(w, DialectId::openai_chat, "I am " + e, tools);
  CHECK(heard.arguments == std::vector<std::string>{"{\"a\":\"" + e + "\"}", "{\"b\":\"" + e + "\"}"});

  const auto says = [&](int index, const std::string& text, const std::string& finish) {
    return chunk(R"([{"index":)" + std::to_string(index) + R"(,"delta":{"content":")" + text + R"("},"finish_reason":)" + finish +
                 "}]");
  };
  const std::vector<std::string> choices{says(0, "A [[EMAIL_0", "null"), says(1, "B [[EM", "null"),
                                         says(0, "01]]", "null"),        says(1, "AIL_001]]", "\"stop\""),
                                         says(0, " end [[", "\"stop\""), "data: [DONE]\n\n"};
  const Heard both = stream(w, DialectId::openai_chat, "I am " + e, choices);
  CHECK(both.texts == std::vector<std::string>{"A " + e + " end [[", "B " + e});
}

TEST_CASE("restore: a held tail never delays natural text, and pings pass while it is held") {
  World& w = restoring_world();
  auto events = say_stream(DialectId::anthropic, {text_block({"arr[[0]] and [[EMAIL_0", "01]]"})});
  Answer answer = Answer::stream_head();
  for (const auto& event : events) {
    answer.chunk(event);
    if (event.find("EMAIL_0") != std::string::npos) answer.chunk("event: ping\ndata: {\"type\":\"ping\"}\n\n").pause(Ms{700});
  }
  w.upstream.respond(answer.last_chunk());
  RawClient client(w.port());
  client.send(w.request("v1/messages", ask(DialectId::anthropic, true, "I am " + make_email())));
  CHECK(client.wait_for("arr[[0]] and ", Ms{400}));
  const RawReply reply = client.read_reply();
  CHECK(hear_stream(DialectId::anthropic, reply.body).text() == "arr[[0]] and " + make_email());
}

TEST_CASE("restore: untouched events keep their very bytes beside restored ones") {
  World& w = restoring_world();
  const std::string odd =
      ": hello\n\nevent: future.thing\ndata: { \"type\" : \"future.thing\", \"n\": 1.0e5, \"s\":\"\\u0041\" }\n\n";
  auto events = say_stream(DialectId::anthropic, {text_block({"[[EMAIL_001]]", "plain \\ text"})});
  events.insert(events.begin() + 1, odd);
  w.upstream.respond(Answer::stream(events));
  const RawReply reply = w.post("v1/messages", ask(DialectId::anthropic, true, "I am " + make_email()));
  CHECK(reply.body == replace_all(join(events), kEmailToken, make_email()));
}

}  // namespace pg::test
