#include "core/guard/inspect_span.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "core/base/encode.h"
#include "core/wire/json_walk.h"
#include "tests/support/guarded.h"
#include "tests/support/json_gen.h"
#include "tests/support/model_wire.h"

namespace pg {
namespace {

using namespace std::string_view_literals;  // for bytes with NULs in them
using test::kJane;

Span span_of(std::string_view raw, SpanRole role) {
  Span span;
  span.end = static_cast<std::uint32_t>(raw.size());
  span.role = role;
  span.escaped = raw.find('\\') != std::string_view::npos;
  return span;
}
Verdict inspect(std::string_view raw, SpanRole role) {
  static const auto guards = test::make_guards();
  return inspect_span(raw, span_of(raw, role), *guards);
}
std::string found(std::string_view raw, SpanRole role) {
  const Verdict verdict = inspect(raw, role);
  std::string out;
  for (const Finding& finding : verdict.findings) {
    out += std::string(raw.substr(finding.begin, finding.end - finding.begin)) + "=" +
           original_of(raw, span_of(raw, role), verdict, finding) + ";";
  }
  return out;
}

// A PNG of one pixel, as far as anyone looks.
const std::string kPng =
    std::string("\x89PNG\r\n\x1A\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\6\0\0\0"sv) + kJane + std::string("\x1F\x15\xC4\x89"sv);

TEST_CASE("findings are raw offsets, originals are decoded") {
  CHECK(found("mail " + kJane, SpanRole::text) == kJane + "=" + kJane + ";");
  const std::string spelled = std::string("jane.doe\\u0040") + "example.com";
  CHECK(found("\\n" + spelled + "\\n", SpanRole::text) == spelled + "=" + kJane + ";");
  CHECK(found("nothing here", SpanRole::text).empty());
  CHECK(inspect("nothing here", SpanRole::text).empty());
}

TEST_CASE("JSON in a string: offsets through two levels of escapes") {
  const std::string once = std::string(R"({\"to\":\")") + kJane + R"(\"})";
  CHECK(found(once, SpanRole::json_text) == kJane + "=" + kJane + ";");
  const std::string twice = std::string(R"({\"to\":\"jane.doe\\u0040)") + "example.com" + R"(\"})";
  CHECK(found(twice, SpanRole::json_text) == std::string("jane.doe\\\\u0040") + "example.com=" + kJane + ";");
  CHECK(found("{\\\"to\\\": " + kJane, SpanRole::json_text) == kJane + "=" + kJane + ";");
}

TEST_CASE("schema: secrets only") {
  CHECK(found("mail " + kJane, SpanRole::schema).empty());
  const std::string key = test::make_aws_key_id();
  CHECK(found("key " + key, SpanRole::schema) == key + "=" + key + ";");
}

TEST_CASE("literals are reported beside findings") {
  const Verdict verdict = inspect("see [[EMAIL_007]] and " + kJane, SpanRole::text);
  REQUIRE(verdict.literals.size() == 1);
  CHECK(verdict.literals[0].kind == "EMAIL");
  CHECK(verdict.literals[0].number == 7);
  CHECK(verdict.findings.size() == 1);
}

TEST_CASE("base64 of text is decoded, media is left alone") {
  std::string_view prefix;
  CHECK(decode_media(to_base64("hello, " + kJane), prefix) == "hello, " + kJane);
  CHECK(prefix.empty());
  const std::string plain = "data:text/plain;base64," + to_base64("hello, " + kJane);
  CHECK(decode_media(plain, prefix) == "hello, " + kJane);
  CHECK(prefix == "data:text/plain;base64,");
  const std::string csv = "data:text/csv;charset=utf-8;base64," + to_base64("a,b\n1," + kJane);
  CHECK(decode_media(csv, prefix) == "a,b\n1," + kJane);
  CHECK(prefix == "data:text/csv;charset=utf-8;base64,");
  CHECK_FALSE(decode_media(to_base64(kPng), prefix));
  CHECK_FALSE(decode_media("data:image/png;base64," + to_base64(kPng), prefix));
  CHECK_FALSE(decode_media("not base64: " + kJane, prefix));
  CHECK_FALSE(decode_media("https://example.com/a.png", prefix));
  CHECK_FALSE(decode_media("", prefix));
}

TEST_CASE("text in media is found whole, so that it can be encoded again") {
  const Verdict text = inspect(to_base64("hello, " + kJane + " and more words"), SpanRole::media);
  CHECK(text.recode);
  CHECK(text.findings.size() == 1);
  CHECK(inspect(to_base64(kPng), SpanRole::media).empty());
  CHECK(inspect("data:image/png;base64," + to_base64(kPng), SpanRole::media).empty());
  const Verdict plain = inspect("write to " + kJane, SpanRole::media);
  CHECK(plain.findings.size() == 1);
  CHECK_FALSE(plain.recode);
  CHECK(found("data:text/plain,write%20to " + kJane, SpanRole::media).find(kJane) != std::string::npos);
}

TEST_CASE("a text that begins like a file of another kind is still a text") {
  for (const char* start : {"BMW fleet: ", "MMX settings: ", "II* of the list: ", "ID3 tags of ", "GIF89a is old, ask ",
                            "whoever WAVEs, ", "PKCS: "}) {
    CAPTURE(std::string(start));
    CHECK(inspect(to_base64(start + kJane + ", and so on"), SpanRole::media).findings.size() == 1);
  }
  const std::string bitmap = std::string("BM\x46\0\0\0\0\0\0\0\x36\0\0\0"sv) + kJane + std::string(20, '\0');
  CHECK(inspect(to_base64(bitmap), SpanRole::media).empty());
}

TEST_CASE("a data URL that is no base64 is read as it stands") {
  CHECK(inspect("data:text/plain;base64,write to " + kJane, SpanRole::media).findings.size() == 1);
  CHECK(inspect("data:;base64," + kJane, SpanRole::media).findings.size() == 1);
}

TEST_CASE("keys of JSON in a string are found like values") {
  const std::string key = test::make_aws_key_id();
  const std::string raw = "{\\\"" + key + "\\\": 1}";
  const Verdict verdict = inspect(raw, SpanRole::json_text);
  REQUIRE(verdict.findings.size() == 1);
  CHECK_FALSE(verdict.findings[0].weak);
  CHECK(raw.substr(verdict.findings[0].begin, verdict.findings[0].end - verdict.findings[0].begin) == key);
}

TEST_CASE("slashes of base64 may be escaped") {
  std::string base64 = to_base64("\xC3\xBF\xC3\xBF > " + kJane + " \xC3\xBF\xC3\xBF\xC3\xBF");
  REQUIRE(base64.find('/') != std::string::npos);
  for (std::size_t at = base64.find('/'); at != std::string::npos; at = base64.find('/', at + 2)) base64.insert(at, "\\");
  CHECK(inspect(base64, SpanRole::media).findings.size() == 1);
}

TEST_CASE("a credential that happens to be valid base64 is still a credential") {
  const std::string key = test::make_aws_key_id();
  for (const SpanRole role : {SpanRole::media, SpanRole::text, SpanRole::json_text}) {
    CHECK(inspect(key, role).findings.size() == 1);
  }
}

TEST_CASE("property: what is found in any spelling is the planted value, and its raw bytes decode to it") {
  PG_GEN(gen);
  for (int round = 0; round < 800; ++round) {
    const std::string before = test::random_utf8(gen, 12) + " ", after = " " + test::random_utf8(gen, 12);
    const std::string text = before + kJane + after;
    const bool json = gen.coin();
    std::string raw = test::spell(gen, text);
    if (json) raw = test::spell(gen, "{\"" + test::random_utf8(gen, 0) + "a\": \"" + raw + "\"}");
    CAPTURE(raw);
    const SpanRole role = json ? SpanRole::json_text : SpanRole::text;
    const Verdict verdict = inspect(raw, role);
    std::size_t seen = 0;
    for (const Finding& finding : verdict.findings) {
      REQUIRE(finding.begin < finding.end);
      REQUIRE(finding.end <= raw.size());
      if (original_of(raw, span_of(raw, role), verdict, finding) != kJane) continue;
      ++seen;
      std::string piece = unescape_json(std::string_view(raw).substr(finding.begin, finding.end - finding.begin));
      if (json) piece = unescape_json(piece);
      CHECK(piece == kJane);
    }
    REQUIRE(seen == 1);
  }
}

}  // namespace
}  // namespace pg
