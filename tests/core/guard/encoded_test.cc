// Secrets that stand in base64, hex or escapes are found where they stand, and nothing is found that is not there.
#include "core/guard/encoded.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "core/base/encode.h"
#include "core/guard/rule_examples.h"
#include "core/guard/secrets.h"

namespace pg {
namespace {

const Guards& scan_guards() {
  static const auto kGuards = [] {
    GuardSettings settings;
    settings.secrets = Action::detect;
    settings.email = settings.iban = settings.card = settings.ssn = Action::off;
    return Guards::make(shipped_secret_rules(), settings).value();
  }();
  return *kGuards;
}

std::vector<EncodedFinding> encoded_in(std::string_view text) {
  std::vector<Finding> plain;
  scan_guards().inspect(text, Scrutiny::all, plain);
  std::vector<EncodedFinding> out;
  EncodedFinder(scan_guards()).find(text, Scrutiny::all, plain, out);
  return out;
}

std::string encoded_token(std::uint64_t seed = 5) {
  return spell_example("{github_crc:ghp_}", seed).value();
}

std::string in_unicode(std::string_view text) {
  std::string out;
  for (const char c : text) out += "\\u00" + to_hex(std::string_view(&c, 1));
  return out;
}

std::string in_percent(std::string_view text) {
  std::string out;
  for (const char c : text) out += "%" + to_hex(std::string_view(&c, 1));
  return out;
}

std::string text_at(std::string_view text, const EncodedFinding& one) {
  return std::string(text.substr(one.finding.begin, one.finding.end - one.finding.begin));
}

TEST_CASE("a token in any encoding is found with its value and the place of the encoded characters") {
  const std::string value = encoded_token();
  struct Case {
    std::string spelled;
    Encoding encoding;
  };
  for (const Case& one : {Case{to_base64(value), Encoding::base64}, Case{to_base64url(value), Encoding::base64},
                          Case{to_hex(value), Encoding::hex}, Case{"0x" + to_hex(value), Encoding::hex},
                          Case{in_unicode(value), Encoding::escapes}, Case{in_percent(value), Encoding::escapes}}) {
    for (const std::string before : {"", "key: ", "\\n", "a=\"", "x\n\n", "path/to/"}) {
      const std::string text = before + one.spelled + "\nnext line\n";
      CAPTURE(encoding_name(one.encoding));
      CAPTURE(before);
      const auto found = encoded_in(text);
      REQUIRE(found.size() == 1);
      CHECK(found[0].value == value);
      CHECK(found[0].encoding == one.encoding);
      CHECK(found[0].finding.begin >= before.size());
      CHECK(found[0].finding.begin <= before.size() + 2);
      CHECK(found[0].finding.end <= before.size() + one.spelled.size());
      CHECK(found[0].finding.end + 2 >= before.size() + one.spelled.size());
    }
  }
}

TEST_CASE("a value inside longer base64 has the place of its own characters") {
  const std::string value = encoded_token();
  for (const std::string ahead : {"user: x ", "user: xy ", "user: xyz "}) {
    const std::string text = to_base64(ahead + value + " and more of it");
    const auto found = encoded_in(text);
    REQUIRE(found.size() == 1);
    CHECK(found[0].finding.begin == ahead.size() / 3 * 4 + ahead.size() % 3);
    const std::size_t last = ahead.size() + value.size() - 1;
    CHECK(found[0].finding.end == last / 3 * 4 + last % 3 + 2);
  }
}

TEST_CASE("folded base64 is one value") {
  const std::string value = encoded_token();
  const std::string all =
      to_base64("# a file with a comment of some length in front of it\nkey = " + value + "\n# and one behind\n");
  for (const std::string_view newline : {"\n", "\r\n", "\n    "}) {
    std::string text = newline == "\n    " ? "    " : "";
    for (std::size_t i = 0; i < all.size(); i += 64) (text += all.substr(i, 64)) += newline;
    const auto found = encoded_in(text);
    REQUIRE(found.size() == 1);
    CHECK(found[0].value == value);
    CHECK(text_at(text, found[0]).find('\n') != std::string::npos);
  }
}

TEST_CASE("a manifest, a registry login and JSON in JSON give up what they hold") {
  const std::string slack = spell_example("xoxb-{digit:12}-{digit:12}-{alnum:24}", 3).value();
  CHECK(encoded_in("kind: Secret\ndata:\n  token: " + to_base64(slack) + "\n").size() == 1);
  const std::string hook =
      "https:\\/\\/hooks.slack.com\\u002fservices\\/" + spell_example("T{ualnum:9}\\u002fB{ualnum:9}\\/{alnum:24}", 2).value();
  const auto once = encoded_in("{\"url\":\"" + hook + "\"}");
  REQUIRE(once.size() == 1);
  CHECK(once[0].encoding == Encoding::escapes);
  const std::string twice = json_quoted("{\"url\":\"" + hook + "\"}");
  const auto nested = encoded_in("{\"body\":" + twice + "}");
  REQUIRE(nested.size() == 1);
  CHECK(nested[0].value == once[0].value);
}

TEST_CASE("the name in front of an encoded value counts as if both stood there in clear") {
  const std::string secret = spell_example("{b64:40}", 4).value(), id = spell_example("AKIA{base32:16}", 4).value();
  for (const std::string before :
       {"  AWS_SECRET_ACCESS_KEY: ", "aws_secret_access_key=", "\"SecretAccessKey\": \"", "data:\n  AWS_SECRET_ACCESS_KEY: \""}) {
    const std::string text = before + to_base64(secret) + "\n";
    CAPTURE(before);
    const auto found = encoded_in(text);
    REQUIRE(found.size() == 1);
    CHECK(found[0].value == secret);
    CHECK(found[0].finding.begin == before.size());
  }
  CHECK(encoded_in("AWS_ACCESS_KEY_ID: " + to_base64(id) + "\nAWS_SECRET_ACCESS_KEY: " + to_base64(secret)).size() == 2);
  CHECK(encoded_in("  CHECKSUM: " + to_base64(secret)).empty());
  CHECK(encoded_in("AWS_SECRET_ACCESS_KEY:\n\n" + to_base64(secret)).empty());
}

TEST_CASE("base64 of UTF-16 is read as the text it is") {
  const std::string value = encoded_token();
  for (const std::string& plain :
       {value, "$env:GH_TOKEN = '" + value + "'; gh pr list", std::string(250000, ' ') + value + std::string(20000, ' ')}) {
    std::string wide;
    for (const char c : plain) (wide += c) += '\0';
    const std::string text = "powershell -EncodedCommand " + to_base64(wide) + "\n";
    const auto found = encoded_in(text);
    REQUIRE(found.size() == 1);
    CHECK(found[0].value == value);
    const std::size_t first = plain.find(value) * 2;
    CHECK(found[0].finding.begin == 27 + first / 3 * 4 + first % 3);
  }
}

TEST_CASE("what is found as it stands is not found again") {
  CHECK(encoded_in("https:\\/\\/example.com " + encoded_token()).empty());
  const std::string pem = spell_example("{pem_base64:RSA}", 1).value();
  CHECK(encoded_in("key: " + pem).empty());
}

TEST_CASE("paths, hashes, binary base64 and prose are no encodings") {
  std::mt19937_64 random(7);
  std::string bytes(3000, '\0');
  for (char& c : bytes) c = static_cast<char>(random() & 0xFF);
  for (const std::string& text :
       {to_base64(bytes), to_hex(bytes),
        std::string("import x from '../../node_modules/@scope/package/dist/long-name_of-a.file'"),
        std::string("the quick brown fox ") + std::string(5000, 'a'), std::string(5000, '\\'), std::string(5000, '%')})
    CHECK(encoded_in(text).empty());
}

TEST_CASE("a long run is decoded in pieces, and a value across their edge is whole") {
  const std::string value = encoded_token();
  // The first piece is 256 Ki characters: 192 Ki bytes.
  for (const std::size_t ahead :
       {std::size_t{196608 - 12288 - 20}, std::size_t{196608 - 12288}, std::size_t{196608 - 20}, std::size_t{400000}}) {
    std::string plain(ahead, ' ');
    plain += value + std::string(1000, ' ');
    const auto found = encoded_in(to_base64(plain));
    CAPTURE(ahead);
    REQUIRE(found.size() == 1);
    CHECK(found[0].value == value);
    CHECK(found[0].finding.begin == ahead / 3 * 4 + ahead % 3);
  }
}

TEST_CASE("planted in random surroundings, an encoded secret of every rule is found at its place") {
  const char* given = std::getenv("PG_SEED");
  const std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  MESSAGE("PG_SEED=" << seed);
  std::mt19937_64 random(seed);
  const std::string_view around = " \t\r\n\"',;:(){}<>&|!?#$*~\x80\xC3\xA9";
  const auto noise = [&] {
    std::string out = " ";
    for (std::size_t n = random() % 60; n > 0; --n) out += around[random() % around.size()];
    return out + " ";
  };
  for (const SecretRule& rule : shipped_secret_rules()->rules()) {
    const std::string value = spell_example(rule.examples.front(), random()).value();
    std::vector<Finding> alone;
    scan_guards().inspect(value, Scrutiny::all, alone);
    if (alone.size() != 1 || value.size() < 20) continue;
    const std::string before = noise(), after = noise();
    const int way = static_cast<int>(random() % 4);
    const std::string spelled = way == 0   ? to_base64(value)
                                : way == 1 ? to_hex(value)
                                : way == 2 ? in_unicode(value)
                                           : in_percent(value);
    std::vector<Finding> plain;
    scan_guards().inspect(before + spelled + after, Scrutiny::all, plain);
    if (!plain.empty()) continue;  // base64 of private keys has a rule of its own
    const auto found = encoded_in(before + spelled + after);
    CAPTURE(rule.rule.id);
    CAPTURE(way);
    REQUIRE(found.size() == 1);
    CHECK(found[0].value == value.substr(alone[0].begin, alone[0].end - alone[0].begin));
    CHECK(found[0].finding.rule == alone[0].rule);
    CHECK(found[0].finding.begin >= before.size());
    CHECK(found[0].finding.end <= before.size() + spelled.size());
  }
}

}  // namespace
}  // namespace pg
