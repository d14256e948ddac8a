#include "core/guard/stream_restore.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/base/encode.h"
#include "core/wire/json_walk.h"
#include "tests/support/gen.h"

namespace pg {
namespace {

using OrderedJson = nlohmann::ordered_json;

struct Restored {
  std::string text;
  RestoreCounts counts;
};

// Restores raw pieces as one text; `cut` as at the end of a stream that broke off.
Restored restore(const Vault& vault, TextForm form, const std::vector<std::string>& pieces, bool cut = false) {
  const TokenIndex index(vault);
  Restored result;
  StreamRestorer stream(index, form, result.counts);
  for (const std::string& piece : pieces) {
    std::string out;
    const bool changed = stream.push(piece, out);
    CHECK(changed == (out != piece || stream.holds()));
    CHECK(stream.held_size() <= index.longest_form());
    result.text += changed ? out : piece;
  }
  stream.flush(cut, result.text);
  CHECK_FALSE(stream.holds());
  return result;
}

std::string restored_text(const Vault& vault, const std::string& text) {
  return restore(vault, TextForm::plain, {text}).text;
}

// Whole JSON escapes stay together, as they do in the strings of two events.
std::vector<std::size_t> cuts_of(std::string_view raw) {
  std::vector<std::size_t> cuts;
  for (std::size_t at = 0; at < raw.size();) {
    at += raw[at] != '\\' ? 1 : raw.substr(at, 2) == "\\u" ? 6 : 2;
    cuts.push_back(at);
  }
  return cuts;
}

Vault two_entries() {
  Vault vault;
  vault.placeholder_for("EMAIL", "a@example.com");
  vault.placeholder_for("PERSON", "Jane \"J\" Doe");
  return vault;
}

TEST_CASE("originals go in verbatim: nothing in them is a pattern") {
  Vault vault;
  vault.placeholder_for("EMAIL", "pa$$word$&x$1\\0");
  CHECK(restored_text(vault, "is [[EMAIL_001]]!") == R"(is pa$$word$&x$1\\0!)");
}

TEST_CASE("what was inserted is never looked at again") {
  Vault vault;
  vault.placeholder_for("A", "[[B_001]]");
  vault.placeholder_for("B", "[[A_001]] [[Z_999]]");
  const Restored result = restore(vault, TextForm::plain, {"[[A_001]][[B_001]]"});
  CHECK(result.text == "[[B_001]][[A_001]] [[Z_999]]");
  CHECK(result.counts.exact == 2);
  CHECK(result.counts.unknown == 0);
}

TEST_CASE("glued and nested brackets") {
  const Vault vault = two_entries();
  CHECK(restored_text(vault, "[[EMAIL_001]][[EMAIL_001]]") == "a@example.coma@example.com");
  CHECK(restored_text(vault, "[[[EMAIL_001]]]") == "[a@example.com]");
  CHECK(restored_text(vault, "x[[[[EMAIL_001]]]]y") == "x[[a@example.com]]y");
  CHECK(restored_text(vault, R"(C:\\[[EMAIL_001]])") == R"(C:\\a@example.com)");
}

TEST_CASE("no token begins inside a JSON escape") {
  const Vault vault = two_entries();
  CHECK(restored_text(vault, R"(\\u005b\u005bEMAIL_001\u005d\u005d)") == R"(\\u005ba@example.com\u005d)");
}

TEST_CASE("bracketless PERSON_10 is never the value of PERSON_1 and a 0") {
  const Vault vault = two_entries();
  CHECK(restored_text(vault, "PERSON_0010 PERSON_10 PERSON_001") == R"(PERSON_0010 PERSON_10 Jane \"J\" Doe)");
  CHECK(restored_text(vault, "MY_PERSON_001 PERSON_001s person_001") == "MY_PERSON_001 PERSON_001s person_001");
  CHECK(restored_text(vault, R"(\nPERSON_001\n)") == R"(\nJane \"J\" Doe\n)");
}

TEST_CASE("a cut token goes out as it is and is counted") {
  const Vault vault = two_entries();
  for (bool cut : {false, true}) {
    const Restored result = restore(vault, TextForm::plain, {"Write to [[EMA", "IL_"}, cut);
    CHECK(result.text == "Write to [[EMAIL_");
    CHECK(result.counts.cut == 1);
    CHECK(result.counts.exact + result.counts.lenient == 0);
  }
  CHECK(restore(vault, TextForm::plain, {"to EMAIL_001"}, true).text == "to EMAIL_001");
  CHECK(restore(vault, TextForm::plain, {"to EMAIL_001"}, false).text == "to a@example.com");
  CHECK(restore(vault, TextForm::plain, {"a ["}, true).counts.cut == 0);
}

TEST_CASE("text with brackets flows") {
  const Vault vault = two_entries();
  const TokenIndex index(vault);
  RestoreCounts counts;
  for (const std::string text :
       {"if [[ -f x ]]; then", "local s = [[ ]]", "a[0] b[[1]]", "see [[EMAIL_999]] now", "[[NOT_OURS_001]] ",
        "[x](y) - [ ] task", "arr[i][j] ", R"(\n\t\"quoted\" )", "EMAILS and EMA ", "[[EMAIL_00"}) {
    StreamRestorer stream(index, TextForm::plain, counts);
    std::string out;
    const bool flows = !stream.push(text, out);
    CAPTURE(text);
    CHECK(flows == (text != "[[EMAIL_00"));
  }
  CHECK(counts.unknown == 2);
  CHECK(counts.exact + counts.lenient == 0);
}

TEST_CASE("an unknown token cut in two is counted once and not held") {
  const Vault vault = two_entries();
  const Restored result = restore(vault, TextForm::plain, {"see [[EMAIL_9", "99]] and [[EMAIL", "_001]]"});
  CHECK(result.text == "see [[EMAIL_999]] and a@example.com");
  CHECK(result.counts.unknown == 1);
  CHECK(result.counts.exact == 1);
}

TEST_CASE("any cut of a text gives the same text") {
  PG_GEN(gen);
  Vault vault = two_entries();
  vault.placeholder_for("EMAIL", gen.text(20, "ab\"\\\n[]_E"));
  const std::string_view parts[] = {"[[EMAIL_001]]",
                                    "[[EMAIL_002]]",
                                    "[email_001]",
                                    "EMAIL_001",
                                    "[[",
                                    "]]",
                                    "[",
                                    "]",
                                    " ",
                                    "x",
                                    "E",
                                    "EMA",
                                    "\\\\",
                                    "\\\\[",
                                    "\\\\[\\\\[EMAIL\\\\_001\\\\]\\\\]",
                                    "\\u005b",
                                    "\\u005d",
                                    "\\u005fEMAIL",
                                    "EMAIL\\u005f001",
                                    "\\\\u005b[EMAIL_001]",
                                    "[[EMAIL_00\\u0031",
                                    "\\n",
                                    "\\\"",
                                    "[[PERSON_001",
                                    "[[EMAIL_999]]",
                                    "\xef\xbc\xbb",
                                    "\xef\xbc\xbd",
                                    "\xc2\xa0",
                                    "_",
                                    "0",
                                    "\\u00a0"};
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    for (std::size_t n = gen.number(1, 12); n > 0; --n) text += parts[gen.number(0, std::size(parts) - 1)];
    const TextForm form = gen.coin() ? TextForm::plain : TextForm::json_text;
    const Restored whole = restore(vault, form, {text});
    std::vector<std::string> pieces(1);
    std::size_t from = 0;
    for (std::size_t cut : cuts_of(text)) {
      pieces.back() += text.substr(from, cut - from);
      if (gen.number(0, 2) == 0) pieces.emplace_back();
      from = cut;
    }
    const Restored cut = restore(vault, form, pieces);
    CAPTURE(text);
    REQUIRE(cut.text == whole.text);
    REQUIRE(cut.counts.exact == whole.counts.exact);
    REQUIRE(cut.counts.lenient == whole.counts.lenient);
    REQUIRE(cut.counts.unknown == whole.counts.unknown);
    REQUIRE(cut.counts.cut == whole.counts.cut);
  }
}

std::string random_original(test::Gen& gen) {
  const std::string_view parts[] = {
      "\"", "\\", "\n", "\t",        "\xe2\x80\xa8", "\xf0\x9f\x98\x80", "\x01", "\x1f", "\x7f", "a",
      "@",  " ",  "$&", "[[X_001]]", "\\n",          "\xc3\xa9",         "/",    ":",    ",",    "{",
      "'"};
  std::string original;
  for (std::size_t n = gen.number(1, 12); n > 0; --n) original += parts[gen.number(0, std::size(parts) - 1)];
  return original;
}

// A document whose strings hold tokens at nesting depth 1 to `depth`, and the same with originals.
OrderedJson document(test::Gen& gen, const Vault& vault, int depth, bool with_tokens) {
  const auto text = [&](std::size_t n) {
    const Vault::Entry& entry = vault.entries()[n % vault.size()];
    return "x " + std::string(with_tokens ? std::string_view(entry.token) : entry.original.reveal()) + " y";
  };
  OrderedJson json = {
      {"path", text(0)}, {"list", {text(1), 7, nullptr, text(2)}}, {"say", "he said \"" + text(3) + "\" and left"}};
  if (depth > 1) json["nested"] = document(gen, vault, depth - 1, with_tokens).dump(depth == 2 ? 2 : -1);
  return json;
}

TEST_CASE("arguments: after restoring they parse, and the strings hold exactly the originals, at depth 1, 2 and 3") {
  PG_GEN(gen);
  for (int round = 0; round < 300; ++round) {
    Vault vault;
    while (vault.size() < 4) vault.placeholder_for("SECRET", random_original(gen));
    const int depth = static_cast<int>(gen.number(1, 3));
    const std::string sent = json_escaped(document(gen, vault, depth, true).dump());
    std::vector<std::string> pieces(1);
    std::size_t from = 0;
    for (std::size_t cut : cuts_of(sent)) {
      pieces.back() += sent.substr(from, cut - from);
      if (gen.number(0, 7) == 0) pieces.emplace_back();
      from = cut;
    }
    const std::string arguments = unescape_json(restore(vault, TextForm::json_text, pieces).text);
    CAPTURE(arguments);
    const OrderedJson heard = OrderedJson::parse(arguments, nullptr, false);
    REQUIRE_FALSE(heard.is_discarded());
    REQUIRE(heard == document(gen, vault, depth, false));
  }
}

// JSON's own spelling of a text, some of whose characters are \u escapes that none of them needs.
std::string partly_escaped(test::Gen& gen, std::string_view text) {
  std::string out;
  for (const char c : text) {
    const std::string_view hex = gen.coin() ? "0123456789abcdef" : "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    if (gen.number(0, 3) == 0)
      out += std::string("\\u00") + hex[byte >> 4] + hex[byte & 15];
    else
      out += c;
  }
  return out;
}

TEST_CASE("a token of which some characters are \\u escapes comes back, at any cut and depth") {
  PG_GEN(gen);
  for (int round = 0; round < 500; ++round) {
    Vault vault;
    const std::string original = random_original(gen);
    const std::string token(vault.placeholder_for("EMAIL", original));
    const bool nested = gen.coin();
    std::string json = "{\"x\":\"" + partly_escaped(gen, token) + "\",\"y\":\"a " + partly_escaped(gen, token) + " z\"}";
    if (nested) json = "{\"in\":" + OrderedJson(json).dump() + "}";
    const std::string sent = json_escaped(json);
    std::vector<std::string> pieces(1);
    std::size_t from = 0;
    for (std::size_t cut : cuts_of(sent)) {
      pieces.back() += sent.substr(from, cut - from);
      if (gen.number(0, 4) == 0) pieces.emplace_back();
      from = cut;
    }
    CAPTURE(sent);
    OrderedJson heard = OrderedJson::parse(unescape_json(restore(vault, TextForm::json_text, pieces).text), nullptr, false);
    REQUIRE_FALSE(heard.is_discarded());
    if (nested) heard = OrderedJson::parse(heard["in"].get<std::string>(), nullptr, false);
    REQUIRE(heard == OrderedJson{{"x", original}, {"y", "a " + original + " z"}});
  }
}

TEST_CASE("plain text comes back as it was, whatever originals and tokens stand in it") {
  PG_GEN(gen);
  for (int round = 0; round < 500; ++round) {
    Vault vault;
    std::string sent, meant;
    for (std::size_t n = gen.number(1, 8); n > 0; --n) {
      const std::string words = gen.text(gen.number(1, 9), "ab .,\"\\\n");
      const std::string original = random_original(gen);
      sent += words + " " + std::string(vault.placeholder_for("SECRET", original)) + " ";
      meant += words + " " + original + " ";
    }
    const Restored result = restore(vault, TextForm::plain, {json_escaped(sent)});
    REQUIRE(unescape_json(result.text) == meant);
  }
}

TEST_CASE("restore_whole says no and appends nothing when nothing changes") {
  const Vault vault = two_entries();
  const TokenIndex index(vault);
  RestoreCounts counts;
  std::string out = "kept";
  CHECK_FALSE(restore_whole(index, TextForm::plain, "[[EMAIL_00", counts, out));
  CHECK(out == "kept");
  CHECK(restore_whole(index, TextForm::plain, "[[EMAIL_001]]", counts, out));
  CHECK(out == "kepta@example.com");
}

TEST_CASE("hostile text restores in linear time") {
  const Vault vault = two_entries();
  for (const std::string unit : {"[", "\\\\", "[[EMAIL_00", "EMAIL_", "\\\\[", "[ ", "\\u005b", "\xef\xbc\xbb"}) {
    std::string text;
    while (text.size() < 2'000'000) text += unit;
    CAPTURE(unit);
    CHECK(restore(vault, TextForm::json_text, {text}).text.size() == text.size());
  }
}

}  // namespace
}  // namespace pg
