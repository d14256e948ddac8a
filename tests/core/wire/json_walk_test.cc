#include "core/wire/json_walk.h"

#include <doctest/doctest.h>

#include <ctime>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/text.h"
#include "tests/support/json_gen.h"
#include "tests/support/result.h"

namespace pg {
namespace {

using namespace std::string_view_literals;  // for bytes with NULs in them

/// Writes down what the walker says, with the texts its offsets point at.
class Recorder {
 public:
  using Ctx = std::string;
  explicit Recorder(std::string_view text) : text_(text) {}

  Ctx root() { return "$"; }
  Ctx member(const Ctx& parent, std::string_view raw_key) { return parent + "." + std::string(raw_key); }
  Ctx element(const Ctx& parent, std::uint32_t index) { return parent + "[" + std::to_string(index) + "]"; }
  void open(const Ctx& ctx, bool is_object) { events.push_back(ctx + (is_object ? " {" : " [")); }
  void close(const Ctx& ctx, bool is_object) { events.push_back(ctx + (is_object ? " }" : " ]")); }
  void string(const Ctx& ctx, std::size_t begin, std::size_t end, bool escaped) {
    events.push_back(ctx + (escaped ? " esc " : " str ") + piece(begin, end));
    quoted(begin, end, escaped);
  }
  void scalar(const Ctx& ctx, std::size_t begin, std::size_t end) { events.push_back(ctx + " = " + piece(begin, end)); }
  void key(const Ctx& ctx, std::size_t begin, std::size_t end, bool escaped) {
    events.push_back(ctx + " key " + piece(begin, end));
    quoted(begin, end, escaped);
  }

  std::vector<std::string> events;
  std::vector<std::string> decoded;  // keys and strings in document order
  bool sound = true;                 // quotes stand where they should, `escaped` is true where a backslash is

 private:
  std::string piece(std::size_t begin, std::size_t end) { return std::string(text_.substr(begin, end - begin)); }
  void quoted(std::size_t begin, std::size_t end, bool escaped) {
    const std::string raw = piece(begin, end);
    sound = sound && text_[begin - 1] == '"' && text_[end] == '"' && escaped == (raw.find('\\') != std::string::npos);
    decoded.push_back(unescape_json(raw));
  }

  std::string_view text_;
};

bool accepts(std::string_view text) {
  Recorder recorder(text);
  return walk_json(text, recorder).has_value();
}

void collect(const nlohmann::ordered_json& json, std::vector<std::string>& out) {
  if (json.is_string()) out.push_back(json.get<std::string>());
  if (json.is_array()) {
    for (const auto& element : json) collect(element, out);
  }
  if (json.is_object()) {
    for (const auto& [key, value] : json.items()) {
      out.push_back(key);
      collect(value, out);
    }
  }
}

std::string nested(std::size_t depth, std::string_view open, std::string_view inner, std::string_view close) {
  std::string out;
  for (std::size_t i = 0; i < depth; ++i) out += open;
  out += inner;
  for (std::size_t i = 0; i < depth; ++i) out += close;
  return out;
}

TEST_CASE("texts of RFC 8259 are accepted") {
  for (const char* text : {"{}",
                           "[]",
                           "\"\"",
                           "0",
                           "-0",
                           "-0.0e-0",
                           "1E+2",
                           "1e2",
                           "10.25",
                           "123456789012345678901234567890",
                           "1e999999",
                           "true",
                           "false",
                           "null",
                           " \t\r\n{ \"a\" : [ 1 , 2 ] } \n",
                           "[[],{},[{}]]",
                           "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uD83D\\uDE00\"",
                           "\"\\ud83d\"",
                           "\"\\ude00\\ud83d\"",
                           "\"\x7f\"",
                           "\"\xE2\x80\xA8\"",
                           "{\"a\":1,\"a\":2}",
                           "{\"\":\"\"}",
                           "[1,[2,[3]]]"}) {
    CAPTURE(text);
    CHECK(accepts(text));
  }
  CHECK(accepts(std::string("\"") + "\xF0\x9F\x98\x80" + "\""));
}

TEST_CASE("everything else is refused") {
  for (const char* text : {"",
                           " ",
                           "{",
                           "}",
                           "[",
                           "]",
                           "{]",
                           "[}",
                           "[1,]",
                           "[,1]",
                           "[,]",
                           "[1 2]",
                           "[1,,2]",
                           "{\"a\":1,}",
                           "{,}",
                           "{\"a\"}",
                           "{\"a\":}",
                           "{\"a\" 1}",
                           "{\"a\"::1}",
                           "{a:1}",
                           "{'a':1}",
                           "{1:1}",
                           "{\"a\":1 \"b\":2}",
                           "{\"a\":1,,\"b\":2}",
                           "{null:1}",
                           "01",
                           "-01",
                           "00",
                           "1.",
                           ".5",
                           "-",
                           "+1",
                           "1e",
                           "1e+",
                           "1.e1",
                           "0x10",
                           "1_000",
                           "--1",
                           "1-1",
                           "Infinity",
                           "-Infinity",
                           "NaN",
                           "nan",
                           "True",
                           "TRUE",
                           "tru",
                           "truee",
                           "nul",
                           "nulll",
                           "undefined",
                           "1 2",
                           "{} {}",
                           "{}x",
                           "[]]",
                           "\"",
                           "\"a",
                           "\"a\\\"",
                           "\"\\\"",
                           "\"\\x41\"",
                           "\"\\'\"",
                           "\"\\U0041\"",
                           "\"\\u\"",
                           "\"\\u00\"",
                           "\"\\u00g0\"",
                           "\"\\u 041\"",
                           "\"\\u+041\"",
                           "\"a\nb\"",
                           "\"a\tb\"",
                           "\"\x01\"",
                           "\"\x1f\"",
                           "/**/{}",
                           "{}//x",
                           "[1]/**/",
                           "'a'",
                           "\xEF\xBB\xBF{}",
                           "\v{}",
                           "\f{}",
                           "\xC2\xA0{}",
                           "{\"a\n\":1}",
                           "{\"a\":1}\x1e",
                           ",",
                           ":",
                           "[:]",
                           "{:}"}) {
    CAPTURE(text);
    CHECK_FALSE(accepts(text));
  }
  CHECK_FALSE(accepts("\"a\0b\""sv));
  CHECK_FALSE(accepts("{}\0"sv));
}

TEST_CASE("special bytes in strings are seen at every distance, also beyond the width of a register") {
  for (std::size_t before = 0; before < 40; ++before) {
    const std::string filler(before, 'x');
    CAPTURE(before);
    CHECK(accepts("\"" + filler + "\""));
    CHECK(accepts("\"" + filler + "\\n" + filler + "\""));
    CHECK(accepts("\"" + filler + "\xC3\xA9\x7F" + filler + "\""));
    CHECK_FALSE(accepts("\"" + filler + "\x1F" + filler + "\""));
    CHECK_FALSE(accepts("\"" + filler + "\n" + filler + "\""));
    CHECK_FALSE(accepts("\"" + filler + "\\q" + filler + "\""));
    CHECK_FALSE(accepts("\"" + filler + "\" " + filler + "x"));
    CHECK(find_string_special(filler + "\"", 0) == before);
    CHECK(find_string_special(filler, 0) == before);
  }
}

TEST_CASE("a string ends where it ends when read byte by byte, whatever its escapes, lengths and faults") {
  // The plain reading: RFC 8259 §7, one byte at a time.
  const auto plain_end = [](std::string_view text, std::size_t at, bool& escaped) -> std::pair<bool, std::size_t> {
    while (at < text.size()) {
      const unsigned char c = static_cast<unsigned char>(text[at]);
      if (c == '"') return {true, at};
      if (c < 0x20) return {false, at};
      if (c != '\\') {
        ++at;
        continue;
      }
      const char next = at + 1 < text.size() ? text[at + 1] : '\0';
      std::size_t length = std::string_view("\"\\/bfnrt").find(next) != std::string_view::npos ? 2 : 0;
      if (next == 'u' && at + 6 <= text.size() &&
          text.substr(at + 2, 4).find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos)
        length = 6;
      if (length == 0) return {false, at};
      escaped = true;
      at += length;
    }
    return {false, text.size()};
  };
  std::mt19937 random(11);
  const std::vector<std::string_view> pieces = {
      "\\n", "\\\\", "\\\"", "\\u00e9", "\\/", "x", "\xC3\xA9", "code();", "a long run of plain text, "};
  const std::vector<std::string_view> faults = {"\\q", "\\u12", "\n", "\x01", "\\u12G4", "\\", "\""};
  for (int round = 0; round < 20'000; ++round) {
    std::string text(random() % 70, 'y');
    const std::size_t from = text.size();
    for (std::size_t i = random() % 30; i > 0; --i) text += pieces[random() % pieces.size()];
    if (random() % 3 == 0) text += faults[random() % faults.size()];
    for (std::size_t i = random() % 10; i > 0; --i) text += pieces[random() % pieces.size()];
    if (round % 2 == 0)  // rows of backslashes of every length, at every place of a register
      for (std::size_t i = random() % 150; i > 0; --i) text += "\\\\\\\\n\"xu0"[random() % 9];
    if (random() % 4 != 0) text += '"';
    text += std::string(random() % 140, ' ');
    bool plain_escaped = false;
    StringFacts facts;
    std::size_t at = from;
    const bool found = find_string_end(text, at, facts);
    const auto expected = plain_end(text, from, plain_escaped);
    CAPTURE(text);
    REQUIRE(found == expected.first);
    REQUIRE(at == expected.second);
    REQUIRE(facts.escaped == plain_escaped);
    if (facts.ascii) REQUIRE(text.substr(from, at - from).find_first_of("\xC3\xA9") == std::string::npos);
  }
}

TEST_CASE("escapes are undone as another parser does it, whatever lies between them") {
  std::mt19937 random(12);
  const std::vector<std::string_view> pieces = {"\\n",      "\\\\",    "\\\"",
                                                "\\u00e9",  "\\u0041", "\\uD83D\\uDE00",
                                                "\\/",      "\\b",     "\\f",
                                                "\\r",      "\\t",     "x",
                                                "\xC3\xA9", "code();", "a long run of plain text, longer than a register"};
  for (int round = 0; round < 5'000; ++round) {
    std::string raw(random() % 70, 'y');
    for (std::size_t i = random() % 30; i > 0; --i) raw += pieces[random() % pieces.size()];
    raw += std::string(random() % 70, 'z');
    CAPTURE(raw);
    REQUIRE(unescape_json(raw) == nlohmann::json::parse("\"" + raw + "\"").get<std::string>());
  }
}

TEST_CASE("a refusal is bad_request and names the byte") {
  Recorder recorder("{\"a\":1,\"b\":tru}");
  const Status status = walk_json("{\"a\":1,\"b\":tru}", recorder);
  REQUIRE_FALSE(status);
  CHECK(status.error().code == Code::bad_request);
  CHECK(status.error().message.find("11") != std::string::npos);
  CHECK(status.error().message.find("tru}") == std::string::npos);
}

TEST_CASE("256 levels are read, 257 are refused, and a bomb of brackets costs nothing") {
  CHECK(kMaxJsonDepth == 256);
  CHECK(accepts(nested(256, "[", "", "]")));
  CHECK(accepts(nested(256, "{\"a\":", "1", "}")));
  CHECK(accepts(nested(255, "[", "{}", "]")));
  CHECK_FALSE(accepts(nested(257, "[", "", "]")));
  CHECK_FALSE(accepts(nested(257, "{\"a\":", "1", "}")));
  CHECK_FALSE(accepts(nested(256, "[", "{}", "]")));
  CHECK_FALSE(accepts(nested(10'000, "[", "", "]")));
  CHECK_FALSE(accepts(std::string(10'000, '[')));
  CHECK_FALSE(accepts(nested(10'000, "{\"a\":", "", "")));
  CHECK(accepts("[" + nested(300, "[],", "[]", "") + "]"));  // wide is not deep
}

TEST_CASE("the visitor hears every event in order with its context and bytes") {
  const std::string text = R"( {"a": ["x", -1.5e3, {"k\u0041":"q\n"}], "b":null,"b":"", "c":{} } )";
  Recorder recorder(text);
  REQUIRE(walk_json(text, recorder));
  CHECK(recorder.sound);
  const std::vector<std::string> expected = {"$ {",
                                             "$ key a",
                                             "$.a [",
                                             "$.a[0] str x",
                                             "$.a[1] = -1.5e3",
                                             "$.a[2] {",
                                             "$.a[2] key k\\u0041",
                                             "$.a[2].k\\u0041 esc q\\n",
                                             "$.a[2] }",
                                             "$.a ]",
                                             "$ key b",
                                             "$.b = null",
                                             "$ key b",
                                             "$.b str ",
                                             "$ key c",
                                             "$.c {",
                                             "$.c }",
                                             "$ }"};
  CHECK(recorder.events == expected);
}

TEST_CASE("property: what is walked is what another parser reads, keys and strings in document order") {
  PG_GEN(gen);
  for (int round = 0; round < 1500; ++round) {
    const std::string text = test::random_json(gen, 5);
    CAPTURE(text);
    Recorder recorder(text);
    REQUIRE(walk_json(text, recorder));
    std::vector<std::string> expected;
    collect(nlohmann::ordered_json::parse(text), expected);
    REQUIRE(recorder.sound);
    REQUIRE(recorder.decoded == expected);
  }
}

TEST_CASE("property: another strict parser and ours refuse the same texts") {
  PG_GEN(gen);
  int refused = 0;
  for (int round = 0; round < 6000; ++round) {
    const std::string text = test::spoil(gen, test::random_json(gen, 4));
    // The other one refuses lone surrogates and huge numbers, and skips a byte order mark.
    if (contains_ignore_case(text, "\\ud") || text.rfind("\xEF\xBB\xBF", 0) == 0 || !is_utf8(text)) continue;
    bool huge = false;
    for (std::size_t at = text.find_first_of("eE"); at != std::string::npos; at = text.find_first_of("eE", at + 1)) {
      huge = huge || text.find_first_not_of("0123456789+-", at + 1) > at + 3;
    }
    if (huge) continue;
    CAPTURE(text);
    const bool expected = nlohmann::json::accept(text);
    refused += expected ? 0 : 1;
    REQUIRE(accepts(text) == expected);
  }
  CHECK(refused > 500);
}

TEST_CASE("walking is linear: a megabyte without a break, and a hundred thousand elements") {
  const std::clock_t begin = std::clock();  // of this process, whatever else the machine does
  CHECK(accepts("\"" + std::string(4'000'000, 'x') + "\""));
  std::string escapes;
  for (int i = 0; i < 500'000; ++i) escapes += "\\u0041";
  CHECK(accepts("\"" + escapes + "\""));
  CHECK(unescape_json(escapes) == std::string(500'000, 'A'));
  std::string many = "[\"a\"";
  for (int i = 0; i < 300'000; ++i) many += ",\"a\"";
  CHECK_FALSE(accepts(many));
  CHECK(accepts(many + "]"));
  CHECK((std::clock() - begin) / CLOCKS_PER_SEC < 5);
}

TEST_CASE("escapes are undone; lone surrogates become U+FFFD") {
  const std::string lost = "\xEF\xBF\xBD";
  CHECK(unescape_json("") == "");
  CHECK(unescape_json("plain \xC3\xA9") == "plain \xC3\xA9");
  CHECK(unescape_json("\\\"\\\\\\/\\b\\f\\n\\r\\t") == "\"\\/\b\f\n\r\t");
  CHECK(unescape_json("\\u0041\\u00e9\\u20AC") == "A\xC3\xA9\xE2\x82\xAC");
  CHECK(unescape_json("\\u0000") == std::string(1, '\0'));
  CHECK(unescape_json("\\uD83D\\uDE00!") == "\xF0\x9F\x98\x80!");
  CHECK(unescape_json("\\udbff\\udfff") == "\xF4\x8F\xBF\xBF");
  CHECK(unescape_json("\\ud83d") == lost);
  CHECK(unescape_json("\\ud83dx") == lost + "x");
  CHECK(unescape_json("\\ude00x") == lost + "x");
  CHECK(unescape_json("\\ud83d\\n") == lost + "\n");
  CHECK(unescape_json("\\ud83d\\u0041") == lost + "A");
  CHECK(unescape_json("\\ud83d\\ud83d\\ude00") == lost + "\xF0\x9F\x98\x80");
  CHECK(unescape_json("\\ude00\\ud83d") == lost + lost);
  CHECK(unescape_json("\\\\u0041") == "\\u0041");
}

TEST_CASE("raw offsets: behind escapes, inside escapes, at the end") {
  const std::string raw = "a\\n\\u00e9\\ud83d\\ude00z";  // decoded: a 1, newline 1, é 2, emoji 4, z 1
  REQUIRE(unescape_json(raw).size() == 9);
  const std::size_t expected[] = {0, 1, 3, 3, 9, 9, 9, 9, 21, 22};
  for (std::size_t i = 0; i < std::size(expected); ++i) {
    CAPTURE(i);
    CHECK(raw_offset_of(raw, i) == expected[i]);
  }
  CHECK(raw_offset_of("", 0) == 0);
  CHECK(raw_offset_of("\xC3\xA9x", 1) == 1);  // a byte of a letter that stands as it is has its own offset
  CHECK(raw_offset_of("\\ud83dx", 3) == 6);
  CHECK(raw_offset_of("\\ud83d\\ud83d\\ude00", 3) == 6);
  CHECK(raw_offset_of("\\ud83d\\ud83d\\ude00", 7) == 18);
}

TEST_CASE("property: every boundary between characters maps back, so that pieces decode to pieces") {
  PG_GEN(gen);
  for (int round = 0; round < 1500; ++round) {
    const std::string text = test::random_utf8(gen, 30);
    const std::string raw = test::spell(gen, text);
    CAPTURE(raw);
    REQUIRE(unescape_json(raw) == text);
    std::size_t last = 0;
    for (std::size_t at = 0; at <= text.size(); ++at) {
      const std::size_t here = raw_offset_of(raw, at);
      REQUIRE(here >= last);
      REQUIRE(here <= raw.size());
      last = here;
      if (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) continue;
      REQUIRE(unescape_json(std::string_view(raw).substr(0, here)) == text.substr(0, at));
      REQUIRE(unescape_json(std::string_view(raw).substr(here)) == text.substr(at));
    }
  }
}

}  // namespace

TEST_CASE("a piece of a stream keeps half a surrogate pair for the piece that has the other") {
  CHECK(unescape_json_piece("x\\ud83d") == "x\xED\xA0\xBD");
  CHECK(unescape_json_piece("\\ude00y") == "\xED\xB8\x80y");
  CHECK(unescape_json_piece("\\ud83d\\ude00") == "\xF0\x9F\x98\x80");
  CHECK(unescape_json("x\\ud83d") == "x\xEF\xBF\xBD");
}

}  // namespace pg
