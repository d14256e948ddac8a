// Private keys in every quoting they are pasted in; the finding is the whole block.
#include <doctest/doctest.h>

#include <string>
#include <utility>

#include "core/guard/rule_examples.h"
#include "core/guard/secrets.h"

namespace pg {
namespace {

std::vector<Finding> keys_in(std::string_view text) {
  std::vector<Finding> found;
  shipped_secret_rules()->find(text, found);
  std::erase_if(found, [](const Finding& f) { return shipped_secret_rules()->rules()[f.rule].rule.id != "private-key"; });
  return found;
}

std::string key(std::string_view pattern) {
  return spell_example(pattern, 9).value();
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

TEST_CASE("the finding is the block from BEGIN to END") {
  const std::string block = key("{pem:RSA}");
  for (const std::string newline : {"\n", "\r\n", "\\n", "\\\\n", "\\r\\n", "\n+", "\n    ", "\" +\n  \"", "\",\n\"", "\n> "}) {
    CAPTURE(newline);
    const std::string pasted = replaced(block, "\n", newline);
    const auto found = keys_in("before " + pasted + " after");
    REQUIRE(found.size() == 1);
    CHECK(found[0].begin == 7);
    CHECK(found[0].end == 7 + pasted.size());
  }
}

TEST_CASE("a key that was cut is found to where it ends") {
  const std::string block = key("{pem:EC}");
  const std::string cut = block.substr(0, 400);
  const auto found = keys_in(cut + "\n\n");
  REQUIRE(found.size() == 1);
  CHECK(found[0].begin == 0);
  CHECK(found[0].end >= 390);
}

/// Every line as a program shows it: what it puts before the line and behind it, '#' being the line's number.
std::string shown(const std::string& block, std::string_view before, std::string_view behind) {
  std::string out;
  std::size_t number = 0;
  for (std::size_t at = 0; at <= block.size();) {
    const std::size_t end = std::min(block.find('\n', at), block.size());
    out += replaced(std::string(before), "#", std::to_string(++number)) + block.substr(at, end - at) + std::string(behind) + "\n";
    at = end + 1;
  }
  return out;
}

/// OpenSSH keys all begin with the same hundred bytes, most of them zero.
std::string openssh_key() {
  const std::string block = key("{pem:OPENSSH}");
  const std::size_t line = block.find('\n') + 1;
  return block.substr(0, line) + "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW\n" + block.substr(line);
}

constexpr std::pair<std::string_view, std::string_view> kShown[] = {{"     #\u2192", ""},
                                                                    {"#\t", ""},
                                                                    {"   # \u2502 ", ""},
                                                                    {"#:", ""},
                                                                    {"#-", ""},
                                                                    {"keys/id_rsa-#-", ""},
                                                                    {"-", ""},
                                                                    {"+", ""},
                                                                    {"\x1b[31m-", "\x1b[m"},
                                                                    {"\x1b[32m+\x1b[m\x1b[32m", "\x1b[m"},
                                                                    {"", "<br>"},
                                                                    {"", "&#10;"},
                                                                    {"", "&#xD;"},
                                                                    {"\"", "\" & vbCrLf & _"},
                                                                    {"\"", "~n\""},
                                                                    {"\u2022 ", ""},
                                                                    {"a1b2c3d4 (Jane Doe 2024-01-02 03:04:05 +0000 #) ", ""},
                                                                    {"2024-01-02T03:04:05.678Z ", ""},
                                                                    {"| ", " |"}};

TEST_CASE("lines of a key may stand behind numbers, signs and colours") {
  for (const std::string& block : {key("{pem:RSA}"), key("{pem:}"), openssh_key()}) {
    for (const auto& [before, behind] : kShown) {
      CAPTURE(before);
      CAPTURE(behind);
      const std::string text = shown(block, before, behind);
      const auto found = keys_in(text);
      REQUIRE(found.size() == 1);
      CHECK(found[0].begin == text.find("-----BEGIN"));
      CHECK(found[0].end == text.rfind("KEY-----") + 8);
    }
  }
}

TEST_CASE("a key that is shown in part is found to its last line") {
  for (const std::string& block : {key("{pem:EC}"), openssh_key()}) {
    const std::string head = block.substr(0, block.find("-----END"));
    for (const auto& [before, behind] : kShown) {
      CAPTURE(before);
      CAPTURE(behind);
      const std::string text = shown(head, before, behind) + "and more";
      const auto found = keys_in(text);
      REQUIRE(found.size() == 1);
      const std::string last = head.substr(head.size() - 65, 64);
      CHECK(found[0].end >= text.find(last) + last.size());
    }
  }
}

TEST_CASE("an armored PGP key may say what it likes before its lines") {
  std::string block = replaced(key("{pem:PGP}"), "KEY-----", "KEY BLOCK-----");
  const std::size_t line = block.find('\n') + 1;
  for (const std::string headers :
       {"Comment: Alice <alice@example.com>", "Comment: https://example.com?x=1&y", "Comment: \"Bob!\""}) {
    CAPTURE(headers);
    const std::string text = block.substr(0, line) + "Version: 2.0\n" + headers + "\n\n" + block.substr(line);
    const auto found = keys_in(text);
    REQUIRE(found.size() == 1);
    CHECK(found[0].end == text.size());
  }
}

TEST_CASE("code that only speaks of keys holds none") {
  const std::string begin = std::string("-----BEGIN ") + "PRIVATE KEY-----", end = replaced(begin, "BEGIN", "END");
  const std::string code =
      "\";\n  if (!pem.includes(PEM_HEADER)) throw new InvalidPrivateKeyFormatException(`line ${n}`);\n"
      "  return pem.split(BASE64_LINE_SEPARATOR).map((l) => Base64Decoder2.decodeToUint8Array(l, {strict}));\n\"";
  for (const std::string& text :
       {begin + code + end, begin + code, "if (!key.startsWith('" + begin + "')) { return crypto.createHash('sha256'); }",
        "`" + begin + "` | PKCS #8, RFC 5208 & RFC 5958; see [the specification](https://example.com/specs/rfc5958)\n" + end,
        begin + "\n<base64 of the key>\n" + end, begin + "\n     2\u2192...\n     3\u2192" + end}) {
    CAPTURE(text);
    CHECK(keys_in(text).empty());
  }
}

TEST_CASE("an SSH2 key in the form of RFC 4716") {
  std::string block = replaced(key("{pem:SSH2 ENCRYPTED}"), "-----BEGIN", "---- BEGIN");
  block = replaced(replaced(block, "-----END", "---- END"), "KEY-----", "KEY ----");
  const auto found = keys_in(block);
  REQUIRE(found.size() == 1);
  CHECK(found[0].end == block.size());
}

TEST_CASE("the private lines of a PuTTY key") {
  const std::string lines = key("{b64:60}1aZ+\n{b64:60}7bX/\n{b64:38}A=");
  const std::string file = "Public-Lines: 1\n" + key("{b64:64}") + "\nPrivate-Lines: 3\n" + lines;
  for (const std::string& text :
       {file, shown(file, "     #\u2192", ""), shown(file, "#\t", ""), shown(file, "+", ""), shown(file, "-", ""),
        "{\\\"key\\\": \\\"" + replaced(file, "\n", "\\\\n") + "\\\"}", replaced(file, "\n", "\r\n")}) {
    CAPTURE(text);
    std::vector<Finding> found;
    shipped_secret_rules()->find(text, found);
    REQUIRE(found.size() == 1);
    CHECK(text.substr(found[0].begin, 61).find(lines.substr(0, 60)) != std::string::npos);
    CHECK(text.substr(found[0].end - 40, 40) == lines.substr(lines.size() - 40));
  }
}

TEST_CASE("heads without a key, short bodies and prose are none") {
  const std::string head = std::string("-----BEGIN RSA ") + "PRIVATE KEY-----";
  for (const std::string body :
       {"", "\n", "\nMIIB\n", "\n<your key here, in base64, on as many lines as it takes to write it down>\n", "\n...\n"}) {
    CAPTURE(body);
    CHECK(keys_in(head + body).empty());
    CHECK(keys_in(head + body + replaced(head, "BEGIN", "END")).empty());
  }
}

TEST_CASE("an RSA block too short for any RSA key is a sample") {
  const std::string block = key("{pem:RSA}");
  const std::string line = block.substr(block.find('\n') + 1, 64);
  CHECK(keys_in(block.substr(0, block.find('\n')) + line + "\n." + block.substr(block.rfind('\n') + 1)).empty());
}

TEST_CASE("a megabyte of heads takes linear time: each body ends at the next head") {
  std::string heads;
  while (heads.size() < (1U << 20)) heads += std::string("-----BEGIN RSA ") + "PRIVATE KEY-----\n";
  CHECK(keys_in(heads).empty());
}

TEST_CASE("a megabyte of heads with a poor line each takes linear time, too") {
  std::string heads;
  while (heads.size() < (1U << 20)) heads += std::string("-----BEGIN ") + "PRIVATE KEY-----\n%" + std::string(70, 'a') + "B1\n%";
  CHECK(keys_in(heads).empty());
}

}  // namespace
}  // namespace pg
