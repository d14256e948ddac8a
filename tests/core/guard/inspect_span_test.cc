#include "core/guard/inspect_span.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "core/base/encode.h"
#include "core/guard/media_text.h"
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
  MediaText media;
  CHECK(decode_media(to_base64("hello, " + kJane), media) == MediaKind::text);
  CHECK(media.text == "hello, " + kJane);
  CHECK(media.prefix.empty());
  for (const std::string_view prefix : {"data:text/plain;base64,", "data:text/csv;charset=utf-8;base64,"}) {
    CHECK(decode_media(std::string(prefix) + to_base64("a,b\n1," + kJane), media) == MediaKind::text);
    CHECK(media.text == "a,b\n1," + kJane);
    CHECK(media.prefix == prefix);
  }
  CHECK(decode_media(to_base64(kPng), media) == MediaKind::binary);
  CHECK(decode_media("data:image/png;base64," + to_base64(kPng), media) == MediaKind::binary);
  for (const std::string& plain : {"not base64: " + kJane, std::string("https://example.com/a.png"), std::string()})
    CHECK(decode_media(plain, media) == MediaKind::plain);
}

// What the provider gets of an attachment, decoded.
std::string attachment_sent(const std::string& bytes, const std::string& placed) {
  MediaText media;
  REQUIRE(decode_media(to_base64(bytes), media) == MediaKind::text);
  std::string edited = media.text;
  const std::size_t at = edited.find(kJane);
  REQUIRE(at != std::string::npos);
  CHECK(from_base64(encode_media(media, media.text)) == bytes);
  return *from_base64(encode_media(media, edited.replace(at, kJane.size(), placed)));
}

std::string wide(std::string_view ascii, bool big_endian) {
  std::string out;
  for (const char c : ascii) out += big_endian ? std::string{'\0', c} : std::string{c, '\0'};
  return out;
}

TEST_CASE("text in base64 is read in any alphabet, and keeps it") {
  const std::string latin = "M\xFCller;" + kJane + ";caf\xE9\n";
  CHECK(attachment_sent(latin, "X") == "M\xFCller;X;caf\xE9\n");
  const std::string cyrillic = "\xCF\xF0\xE8\xE2\xE5\xF2, " + kJane;
  CHECK(attachment_sent(cyrillic, "X") == "\xCF\xF0\xE8\xE2\xE5\xF2, X");
  const std::string with_zero = "a long enough text, " + kJane + std::string(1, '\0') + " and more words behind it";
  CHECK(attachment_sent(with_zero, "X") == "a long enough text, X" + std::string(1, '\0') + " and more words behind it");
  for (const bool big_endian : {false, true}) {
    const std::string mark = big_endian ? "\xFE\xFF" : "\xFF\xFE";
    const std::string clef = big_endian ? std::string("\xD8\x34\xDD\x1E") : std::string("\x34\xD8\x1E\xDD");
    for (const std::string& start : {mark + clef, std::string()}) {
      CAPTURE(big_endian);
      CAPTURE(start.size());
      CHECK(attachment_sent(start + wide("write to " + kJane + " soon", big_endian), "X") ==
            start + wide("write to X soon", big_endian));
    }
  }
}

TEST_CASE("what is redacted in an attachment changes nothing else in it") {
  const std::string half("\x00\xD8", 2);  // half of a surrogate pair
  const std::string odd = "\xFF\xFE" + wide("to ", false) + half + wide(kJane + " soon", false) + "!";
  CHECK(attachment_sent(odd, "X") == "\xFF\xFE" + wide("to ", false) + half + wide("X soon", false) + "!");
  const std::string big5 = "\xABH\xBD" + kJane + " and more";  // two bytes a character, none of them a letter of the address
  CHECK(attachment_sent(big5, "X") ==
        "\xABH\xBD"
        "X and more");
}

TEST_CASE("base64 is read with blanks around it, in either alphabet, in lines of any length; never edited inside") {
  const std::string text = "a,b\n" + kJane + ",\xC3\xBF\xC3\xBF\xC3\xBF," + std::string(300, 'x');
  const std::string usual = to_base64(text);
  for (const std::string& data : {" " + usual + "\n", usual + "\t", usual.substr(0, 200) + "\r\n" + usual.substr(200),
                                  to_base64url(text), "DATA:text/csv;BASE64," + usual}) {
    MediaText media;
    CHECK(decode_media(data, media) == MediaKind::text);
    CHECK(media.text == text);
  }
  const std::string file = "SQLite format 3 of " + kJane + " " + std::string(600, '\0');
  CHECK(inspect(to_base64(file), SpanRole::media).empty());
}

TEST_CASE("a URL in a medium's place is read like any text") {
  CHECK(found("https://x.example/a.png?mail=jane.doe%40example.org", SpanRole::media).find("%40") != std::string::npos);
}

TEST_CASE("base64 with line breaks is read") {
  const std::string base64 = to_base64("a,b\n" + kJane + "," + std::string(100, 'x'));
  std::string folded;
  for (std::size_t i = 0; i < base64.size(); i += 76) folded += base64.substr(i, 76) + "\\r\\n";
  const Verdict verdict = inspect(folded, SpanRole::media);
  CHECK(verdict.findings.size() == 1);
  CHECK(verdict.recode);
}

TEST_CASE("a value that stands encoded in a text is found where it stands, as in files") {
  const std::string key = test::make_aws_key_id();
  const std::string base64 = to_base64("key: " + key + "\n");
  CHECK(found("data:\\n  token: " + base64, SpanRole::text).size() > 0);
  CHECK(found("visit https://x.example/?mail=jane.doe%40example.org&x=1", SpanRole::text).find("%40") != std::string::npos);
  CHECK(found("token: " + base64, SpanRole::schema).size() > 0);
  CHECK(found("mail " + to_base64("write to " + kJane + " at home"), SpanRole::schema).empty());
  CHECK(found(to_base64(std::string(kPng) + std::string(60, '\xFF')), SpanRole::text).empty());
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
