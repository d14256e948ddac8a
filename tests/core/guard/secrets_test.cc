// The engine around the rules: neighbours, ordinary code, published samples, and the cost of hostile texts.
#include "core/guard/secrets.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

#include "core/base/encode.h"
#include "core/base/shipped.h"
#include "core/guard/rule_examples.h"
#include "core/guard/rule_file.h"
#include "tests/support/gen.h"

namespace pg {
namespace {

std::string ids_in(std::string_view text) {
  std::vector<Finding> found;
  shipped_secret_rules()->find(text, found);
  std::string out;
  for (const Finding& f : found) out += (out.empty() ? "" : " ") + shipped_secret_rules()->rules()[f.rule].rule.id;
  return out;
}

std::string spelled_secret(std::string_view pattern) {
  return spell_example(pattern, 21).value();
}

TEST_CASE("ordinary code gives nothing") {
  for (const std::string_view text :
       {R"("integrity": "sha512-L9X8uHCYU310o99L3/MpJKYxPzXPOS7S0NmBaM7UO/x2Kb2WbmMLSkfvdr1KxRIFYOpbY0Jhn7CfLSUDzL8arQ==")",
        R"("resolved": "https://registry.npmjs.org/@types/node/-/node-1.2.3.tgz")",
        "@types/node@1.2.3",
        "3fa85f64-5717-4562-b3fc-2c963f66afa6",
        "c17a12f9d3e4b5a6978812345678901234567890",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "!function(e,t){\"use strict\";var n=e.sk_live_mode,r=t.npm_config_cache;return n&&r}(window,ghp_);",
        ".task-sk-container{color:#ACfa01;margin:0 auto}.SKab12cd{top:0}",
        "url(data:image/"
        "png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==)",
        "1763699535123 1763699535",
        "v1.2.3-beta.4+build.5",
        "server 10.0.0.1 192.168.0.1",
        "@app.get('/users')",
        "AKIAIOSFODNN7EXAMPLE",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "sk-your-api-key-here",
        "export OPENAI_API_KEY=sk-...",
        "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "Authorization: Bearer <token>",
        "password: ${DB_PASSWORD}",
        "postgres://user:password@localhost:5432/db",
        "sk_test_",
        "xoxb-your-token",
        "eyJhbGciOiJIUzI1NiJ9",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
        "git+ssh://git@github.com/a/b.git#c17a12f"}) {
    CAPTURE(text);
    CHECK(ids_in(text) == "");
  }
}

TEST_CASE("tokens at the beginning of a line that a diff or grep -C shows") {
  for (const std::string_view pattern :
       {"sk-ant-api03-{b64u:93}AA", "sk-or-v1-{hex:64}", "sk-{alnum:20}T3BlbkFJ{alnum:20}", "{jwt}"}) {
    for (const std::string before : {"-", "@@ -1 +0,0 @@\n-", "12-", "x\n12-", "keys/.env-12-", "x\\n-"}) {
      CAPTURE(before);
      CAPTURE(pattern);
      CHECK_FALSE(ids_in(before + spelled_secret(pattern)).empty());
    }
    CHECK(ids_in("a-" + spelled_secret(pattern)).empty());
  }
}

TEST_CASE("a secret near an id may have its slashes escaped, as PHP writes JSON") {
  const std::string id = spelled_secret("AKIA{base32:16}");
  for (const std::string_view pattern : {"\\/{alnum:20}\\/{alnum:18}", "{alnum:39}\\/", "{alnum:20}\\\\\\/{alnum:19}"}) {
    CAPTURE(pattern);
    const std::string secret = spelled_secret(pattern), text = "{\"k\":\"" + id + "\",\"s\":\"" + secret + "\"}";
    std::vector<Finding> found;
    shipped_secret_rules()->find(text, found);
    REQUIRE(found.size() == 2);
    CHECK(text.substr(found[1].begin, found[1].end - found[1].begin) == secret);
  }
}

TEST_CASE("published samples are nobody's secrets") {
  const std::string sample = std::string(
                                 "sk_te"
                                 "st_4eC39HqLyjWD") +
                             "arjtT1zdp7dc";
  CHECK(ids_in(sample) == "");
  CHECK(ids_in(sample + "x") == "stripe-secret-key");
}

TEST_CASE("an AWS secret is found near its id, whichever comes first, and not far from it") {
  const std::string id = spelled_secret("AKIA{base32:16}");
  const std::string secret = spelled_secret("{b64:40}");
  CHECK(ids_in(id + "," + secret) == "aws-access-key-id aws-secret-access-key-near-id");
  CHECK(ids_in(secret + "\n" + id) == "aws-access-key-id aws-secret-access-key-near-id");
  CHECK(ids_in("{\\\"id\\\":\\\"" + id + "\\\",\\\"key\\\":\\\"" + secret + "\\\"}") ==
        "aws-access-key-id aws-secret-access-key-near-id");
  CHECK(ids_in(id + "\\n" + secret) == "aws-access-key-id aws-secret-access-key-near-id");
  CHECK(ids_in(id + std::string(500, ' ') + secret) == "aws-access-key-id");
  CHECK(ids_in(secret) == "");
  CHECK(ids_in(id + " c17a12f9d3e4b5a6978812345678901234567890") == "aws-access-key-id");
}

TEST_CASE("two rules of one shape do not both report") {
  CHECK(ids_in(spelled_secret("sk-or-v1-{hex:64}")) == "openrouter-api-key");
  CHECK(ids_in(spelled_secret("sk-ant-api03-{b64u:93}AA")) == "anthropic-api-key");
  CHECK(ids_in(spelled_secret("sk-proj-{b64u:74}T3BlbkFJ{b64u:74}")) == "openai-api-key");
}

TEST_CASE("random base64, hex and printable noise of a megabyte gives nothing") {
  test::Gen gen;
  CAPTURE(gen.seed());
  CHECK(ids_in(to_base64(gen.bytes(786432))) == "");
  CHECK(ids_in(to_hex(gen.bytes(524288))) == "");
}

TEST_CASE("rule files: malformed blocks are refused with their place and id") {
  const auto refusal = [](std::string_view toml) {
    const auto rules = SecretRules::read(toml, "mine.toml");
    REQUIRE_FALSE(rules.has_value());
    return rules.error().message;
  };
  const std::string good = "[[rule]]\nid = \"a\"\nkind = \"A\"\nkeywords = [\"abcd\"]\nregex = 'abcd[0-9]+'\n";
  CHECK(SecretRules::read(good, "mine.toml").has_value());
  CHECK(refusal(good + good) == "mine.toml: two rules are called a");
  CHECK(refusal(good + "keyword = []\n").find("mine.toml:6:11: rule a: unknown key \"keyword\" (did you mean \"keywords\"?)") ==
        0);
  CHECK(refusal(good + "validators = [\"crc\"]\n").find("no validator is called \"crc\"") != std::string::npos);
  CHECK(refusal("[[rule]]\nid = \"a\"\nkind = \"A\"\nkeywords = [\"abc\"]\nregex = 'abc'\n").find("too short") !=
        std::string::npos);
  CHECK(refusal("[[rule]]\nid = \"A\"\nkind = \"A\"\nkeywords = [\"abcd\"]\nregex = 'abc'\n").find("id must be") !=
        std::string::npos);
  CHECK(refusal("[[rule]]\nid = \"a\"\nkind = \"A\"\nregex = 'abc'\n").find("needs keywords") != std::string::npos);
  CHECK(refusal("[[rule]]\nid = \"a\"\nkind = \"A\"\nnear = \"b\"\nregex = 'abc'\n").find("no rule is called b") !=
        std::string::npos);
  CHECK(refusal("[[rule]\n").find("mine.toml:1:") == 0);
}

TEST_CASE("rules without their examples find the same in the same places of the file") {
  const std::string_view whole = shipped("secrets.toml");
  const std::string lean = without_examples(whole);
  CHECK(lean.size() * 3 < whole.size() * 2);
  CHECK(std::count(lean.begin(), lean.end(), '\n') == std::count(whole.begin(), whole.end(), '\n'));
  const auto quick = SecretRules::read(lean, "secrets.toml").value();
  const auto full = shipped_secret_rules();
  REQUIRE(quick->rules().size() == full->rules().size());
  CHECK(quick->fingerprint() == full->fingerprint());
  for (std::size_t i = 0; i < full->rules().size(); ++i) {
    const SecretRule &a = quick->rules()[i], &b = full->rules()[i];
    CAPTURE(b.rule.id);
    CHECK(a.rule.description == b.rule.description);
    CHECK(a.keywords == b.keywords);
    CHECK(a.validator_names == b.validator_names);
    CHECK(a.samples == b.samples);
    CHECK(std::tuple(a.group, a.before_max, a.entropy_min, a.min_digits, a.min_lower, a.min_upper, a.placeholders, a.near,
                     a.near_bytes, a.run_length) == std::tuple(b.group, b.before_max, b.entropy_min, b.min_digits, b.min_lower,
                                                               b.min_upper, b.placeholders, b.near, b.near_bytes, b.run_length));
    CHECK(a.examples.empty());
  }
  CHECK(without_examples("").empty());
  CHECK(without_examples("a\nexamples = [\n\"x\",\n\"y\"]\nb") == "a\n\n\n\nb");
}

}  // namespace
}  // namespace pg
