#include "core/guard/restore.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace pg {
namespace {

using Kind = TokenMatch::Kind;

struct OneEmail {
  OneEmail() { vault.placeholder_for("EMAIL", "a@example.com"); }
  TokenMatch match(std::string_view text, TextEnd end = TextEnd::open, bool word_before = false) const {
    return TokenIndex(vault).match_at(text, 0, word_before, end);
  }
  Vault vault;
};

TEST_CASE_FIXTURE(OneEmail, "an exact token matches whole, at its own length") {
  const TokenMatch found = match("[[EMAIL_001]] and more");
  REQUIRE(found.kind == Kind::whole);
  CHECK(found.exact);
  CHECK(found.length == 13);
  CHECK(found.entry->original.reveal() == "a@example.com");
}

TEST_CASE_FIXTURE(OneEmail, "every proper prefix of a token is partial while more may come") {
  const std::string token = "[[EMAIL_001]]";
  for (std::size_t size = 1; size < token.size(); ++size) {
    CAPTURE(size);
    CHECK(match(token.substr(0, size)).kind == Kind::partial);
    CHECK(match(token.substr(0, size) + "!").kind == Kind::none);
  }
}

TEST_CASE_FIXTURE(OneEmail, "lenient spellings of a known token match as such") {
  for (const std::string text : {"[[email_001]]",
                                 "[[Email_001]]",
                                 "[[ EMAIL_001 ]]",
                                 "[[\xc2\xa0"
                                 "EMAIL_001]]",
                                 "[[\\u00a0EMAIL_001\\u00A0]]",
                                 "[EMAIL_001]",
                                 "[ email_001 ]",
                                 "\\\\[\\\\[EMAIL\\\\_001\\\\]\\\\]",
                                 "[[EMAIL\\\\_001]]",
                                 "\\u005b\\u005bEMAIL_001\\u005d\\u005d",
                                 "\\u005B\\u005BEMAIL_001\\u005D\\u005D",
                                 "\\\\u005b\\\\u005bEMAIL_001\\\\u005d\\\\u005d",
                                 "\xef\xbc\xbb\xef\xbc\xbb"
                                 "EMAIL_001\xef\xbc\xbd\xef\xbc\xbd",
                                 "\xef\xbc\xbb"
                                 "EMAIL_001\xef\xbc\xbd",
                                 "\\uff3b\\uff3bEMAIL_001\\uff3d\\uff3d",
                                 "\\u005b[EMAIL_001]]",
                                 "[\\u005BEMAIL_001]\\u005d",
                                 "[[EMAIL_001]\\u005d",
                                 "[[EMAIL_001\\u005d]",
                                 "[[EMAIL\\u005f001]]",
                                 "[[\\u0045MAIL_00\\u0031]]",
                                 "[\\u005bEMA\\u0049L_001\\u005d]",
                                 "[[\\u0020EMAIL_001 ]]",
                                 "\\\\u005b[EMAIL\\\\u005f001]]",
                                 "\\[\\\\u005bEMAIL\\\\_001\\]\\\\u005d",
                                 "\\uff3b\xef\xbc\xbb"
                                 "EMAIL_001\xef\xbc\xbd\\uff3d"}) {
    CAPTURE(text);
    const TokenMatch found = match(text);
    REQUIRE(found.kind == Kind::whole);
    CHECK_FALSE(found.exact);
    CHECK(found.length == text.size());
    for (std::size_t size = 1; size < text.size(); ++size) CHECK(match(text.substr(0, size)).kind == Kind::partial);
  }
}

TEST_CASE_FIXTURE(OneEmail, "what is only like a token does not match") {
  for (const std::string text : {"[[EMAIL_002]]",
                                 "[[EMAIL_01]]",
                                 "[[EMAIL_0001]]",
                                 "[[EMAIL_001a]]",
                                 "[[EMAILS_001]]",
                                 "[[E-MAIL_001]]",
                                 "[[EMAIL_001\\\\]\\\\]",
                                 "[\\\\[EMAIL_001]]",
                                 "[[ -f x ]]",
                                 "[[ ]]",
                                 "[x]",
                                 "[[EMAIL 001]]",
                                 "[[EMAIL_001)",
                                 "{{EMAIL_001}}",
                                 "<EMAIL_001>",
                                 "[    EMAIL_001]",
                                 "\\n[[EMAIL_001]]",
                                 "[[EMAIL_001]\\u005b",
                                 "[[EMAIL_001]\\uff3d",
                                 "[\\u005bEMAIL\\\\u005f001]]",
                                 "[[EMAIL\\u002d001]]",
                                 "[[EMAIL\\u015f001]]",
                                 "[[EMAIL_001\\u0061]]",
                                 "email_001 ",
                                 "Email_001 ",
                                 "EMAIL_0010 ",
                                 "EMAIL_001_ "}) {
    CAPTURE(text);
    CHECK(match(text).kind == Kind::none);
  }
}

TEST_CASE_FIXTURE(OneEmail, "without brackets only a whole upper-case word matches") {
  CHECK(match("EMAIL_001,").kind == Kind::whole);
  CHECK(match("EMAIL_001,").length == 9);
  CHECK(match("EMAIL_001", TextEnd::open).kind == Kind::partial);
  CHECK(match("EMAIL_001", TextEnd::whole).kind == Kind::whole);
  CHECK(match("EMAIL_001", TextEnd::cut).kind == Kind::none);
  CHECK(match("EMAIL_001 ", TextEnd::open, true).kind == Kind::none);
  CHECK(match("EMAIL_001x").kind == Kind::none);
}

TEST_CASE_FIXTURE(OneEmail, "at the end a word that begins a longer token is not guessed") {
  for (int i = 2; i <= 1001; ++i) vault.placeholder_for("EMAIL", std::to_string(i));
  CHECK(match("EMAIL_100", TextEnd::whole).kind == Kind::none);
  CHECK(match("EMAIL_100.", TextEnd::whole).kind == Kind::whole);
  CHECK(match("EMAIL_1000", TextEnd::whole).kind == Kind::whole);
  CHECK(match("[[EMAIL_100", TextEnd::open).kind == Kind::partial);
  CHECK(match("[[EMAIL_1000]]").entry->original.reveal() == "1000");
}

TEST_CASE_FIXTURE(OneEmail, "an empty vault finds nothing anywhere") {
  const Vault nothing;
  const TokenIndex index(nothing);
  CHECK(index.next_candidate("[[EMAIL_001]] \\u005b EMAIL_001", 0) == 30);
}

TEST_CASE("a word ends at a JSON escape") {
  CHECK(is_word_before("xE", 1));
  CHECK_FALSE(is_word_before(" E", 1));
  CHECK_FALSE(is_word_before("\\nE", 2));
  CHECK_FALSE(is_word_before("\\u201cE", 6));
  CHECK(is_word_before("nE", 1));
  CHECK_FALSE(is_word_before("E", 0));
}

TEST_CASE("literals of the grammar are counted however they are cut") {
  const std::string text = "[[EMAIL_999]] [[[A_B_0001]] [[x_001]] [[A_01]] [[A_001] [[A001]] [[A_1234567890]] a[[B_123]]";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    LiteralCounter counter;
    counter.pass(std::string_view(text).substr(0, cut));
    counter.pass(std::string_view(text).substr(cut));
    CHECK(counter.count() == 3);
  }
}

TEST_CASE("escaping several times nests") {
  const auto escaped = [](int times) {
    std::string out;
    append_escaped_times(out, "a\"\\\n", times);
    return out;
  };
  CHECK(escaped(0) == "a\"\\\n");
  CHECK(escaped(1) == R"(a\"\\\n)");
  CHECK(escaped(2) == R"(a\\\"\\\\\\n)");
  CHECK(escaped(3) == R"(a\\\\\\\"\\\\\\\\\\\\n)");
}

}  // namespace
}  // namespace pg
