// The echo provider, heard by the same strict readers that check real replies.
#include "core/wire/echo.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "core/base/encode.h"
#include "tests/support/json_gen.h"
#include "tests/support/model_wire.h"
#include "tests/support/result.h"

namespace pg {
namespace {

using OrderedJson = nlohmann::ordered_json;
using test::Heard;

EchoReply echo(DialectId dialect, const std::string& body, bool counts = false) {
  RequestView view;
  REQUIRE(read_spans(body, dialect, view));
  return write_echo(dialect, body, view, counts, 1'760'000'000, "id_1");
}

TEST_CASE("every dialect hears its own words back, whole and as a stream") {
  for (const DialectId dialect : test::kModelDialects) {
    const EchoReply whole = echo(dialect, test::ask(dialect, false, "mail [[EMAIL_001]] \"now\"\n\xC3\xA9"));
    CHECK(whole.content_type.find("application/json") == 0);
    const Heard said = test::hear_whole(dialect, whole.body);
    CHECK(said.faults.empty());
    CHECK(said.text().find("mail [[EMAIL_001]] \"now\"\n\xC3\xA9") != std::string::npos);
    const EchoReply stream = echo(dialect, test::ask(dialect, true, "mail [[EMAIL_001]] \"now\"\n\xC3\xA9"));
    CHECK(stream.content_type.find("text/event-stream") == 0);
    const Heard streamed = test::hear_stream(dialect, stream.body);
    CHECK(streamed.faults.empty());
    CHECK(streamed.finished);
    CHECK(streamed.text() == said.text());
  }
}

TEST_CASE("property: any text comes back, in valid JSON and unbroken events") {
  PG_GEN(gen);
  for (int round = 0; round < 200; ++round) {
    const std::string text = "<" + test::random_utf8(gen, 60) + ">";
    CAPTURE(text);
    for (const DialectId dialect : test::kModelDialects) {
      const Heard heard = test::hear_stream(dialect, echo(dialect, test::ask(dialect, true, text)).body);
      REQUIRE(heard.faults.empty());
      REQUIRE(heard.finished);
      REQUIRE(heard.text().find(text) != std::string::npos);
    }
  }
}

TEST_CASE("what it saw is the last user text, fit for a header") {
  const EchoReply reply = echo(
      DialectId::anthropic,
      R"({"messages":[{"role":"user","content":"first"},{"role":"assistant","content":"x"},{"role":"user","content":"last one"}]})");
  CHECK(reply.saw == "last one");
  const EchoReply odd =
      echo(DialectId::anthropic,
           R"({"messages":[{"role":"user","content":"a\r\nX-Evil: 1\u0000\u001b[31m\u00e9)" + std::string(5000, 'x') + R"("}]})");
  CHECK(odd.saw.size() <= 200);
  CHECK(std::all_of(odd.saw.begin(), odd.saw.end(), [](char c) { return c >= 0x20 && c < 0x7F; }));
  CHECK(echo(DialectId::anthropic, "{}").saw.empty());
}

TEST_CASE("token counts and embeddings have their shapes") {
  const OrderedJson count = OrderedJson::parse(
      echo(DialectId::anthropic, R"({"model":"m","messages":[{"role":"user","content":"hello there"}]})", true).body);
  CHECK(count["input_tokens"].get<int>() > 0);
  const OrderedJson embeddings = OrderedJson::parse(echo(DialectId::embeddings, R"({"model":"m","input":["a","b"]})").body);
  CHECK(embeddings["object"] == "list");
  REQUIRE(embeddings["data"].size() == 2);
  CHECK(embeddings["data"][0]["embedding"].is_array());
  CHECK(embeddings["data"][1]["index"] == 1);
  const OrderedJson base64 =
      OrderedJson::parse(echo(DialectId::embeddings, R"({"model":"m","input":"a","encoding_format":"base64"})").body);
  REQUIRE(base64["data"].size() == 1);
  REQUIRE(base64["data"][0]["embedding"].is_string());
  CHECK(from_base64(base64["data"][0]["embedding"].get<std::string>()).value_or("x").size() % 4 == 0);
}

TEST_CASE("requests without any text are answered too") {
  for (const DialectId dialect : test::kModelDialects) {
    CHECK(test::hear_whole(dialect, echo(dialect, R"({"model":"m"})").body).faults.empty());
    CHECK(test::hear_stream(dialect, echo(dialect, R"({"model":"m\"\n","stream":true})").body).finished);
  }
}

}  // namespace
}  // namespace pg
