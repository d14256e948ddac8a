#include "core/guard/vault.h"

#include <doctest/doctest.h>

#include <chrono>
#include <utility>

namespace pg {
namespace {

std::vector<std::string> literals(std::string_view text) {
  std::vector<TokenLiteral> found;
  find_token_literals(text, found);
  std::vector<std::string> names;
  for (const TokenLiteral& literal : found) names.push_back(literal.kind + "/" + std::to_string(literal.number));
  return names;
}

TEST_CASE("a placeholder is numbered by kind from 1") {
  Vault vault;
  CHECK(vault.empty());
  CHECK(vault.placeholder_for("EMAIL", "a@example.com") == "[[EMAIL_001]]");
  CHECK(vault.placeholder_for("EMAIL", "b@example.com") == "[[EMAIL_002]]");
  CHECK(vault.placeholder_for("IBAN", "DE00") == "[[IBAN_001]]");
  CHECK(vault.size() == 3);
  CHECK(vault.bytes() == 13 + 13 + 4);
}

TEST_CASE("the same kind and bytes give the same token, another case or kind gives another") {
  Vault vault;
  std::string first(vault.placeholder_for("EMAIL", "a@example.com"));
  CHECK(vault.placeholder_for("EMAIL", "a@example.com") == first);
  CHECK(vault.placeholder_for("EMAIL", "A@example.com") != first);
  CHECK(vault.placeholder_for("CUSTOM", "a@example.com") == "[[CUSTOM_001]]");
  CHECK(vault.size() == 3);
}

TEST_CASE("find knows exact tokens only") {
  Vault vault;
  vault.placeholder_for("EMAIL", std::string_view("a\0b", 3));
  REQUIRE(vault.find("[[EMAIL_001]]") != nullptr);
  CHECK(vault.find("[[EMAIL_001]]")->original.reveal() == std::string_view("a\0b", 3));
  CHECK(vault.find("[[EMAIL_0001]]") == nullptr);
  CHECK(vault.find("[[email_001]]") == nullptr);
  CHECK(vault.find("EMAIL_001") == nullptr);
}

TEST_CASE("numbers that literals use are skipped") {
  Vault vault;
  std::vector<TokenLiteral> found;
  find_token_literals("see [[EMAIL_001]], [[EMAIL_003]] and [[IBAN_001]]", found);
  for (const TokenLiteral& literal : found) vault.skip_literal(literal);
  CHECK(vault.placeholder_for("EMAIL", "a") == "[[EMAIL_002]]");
  CHECK(vault.placeholder_for("EMAIL", "b") == "[[EMAIL_004]]");
  CHECK(vault.placeholder_for("IBAN", "c") == "[[IBAN_002]]");
}

TEST_CASE("the width grows past 999 and every token is still found") {
  Vault vault;
  for (int i = 1; i <= 1200; ++i) vault.placeholder_for("EMAIL", std::to_string(i));
  CHECK(vault.find("[[EMAIL_999]]")->original.reveal() == "999");
  CHECK(vault.find("[[EMAIL_1000]]")->original.reveal() == "1000");
  CHECK(vault.find("[[EMAIL_100]]")->original.reveal() == "100");
  CHECK(vault.placeholder_for("EMAIL", "77") == "[[EMAIL_077]]");
}

TEST_CASE("a moved vault still finds its entries") {
  Vault first;
  first.placeholder_for("A", "short");
  first.placeholder_for("A", std::string(500, 'x'));
  Vault second = std::move(first);
  CHECK(second.find("[[A_001]]")->original.reveal() == "short");
  CHECK(second.placeholder_for("A", "short") == "[[A_001]]");
  Vault third;
  third = std::move(second);
  CHECK(third.find("[[A_002]]")->original.size() == 500);
}

TEST_CASE("literals: the grammar, and the forms that restoring would take for it") {
  CHECK(literals("[[EMAIL_001]]") == std::vector<std::string>{"EMAIL/1"});
  CHECK(literals("[[[[AWS_KEY_2_0042]]]]") == std::vector<std::string>{"AWS_KEY_2/42"});
  CHECK(literals("[[A_001_002]]") == std::vector<std::string>{"A_001/2"});
  CHECK(literals("EMAIL_001, [email_002], [[ Email_003 ]] \\[\\[EMAIL\\_004\\]\\]") ==
        std::vector<std::string>{"EMAIL/1", "EMAIL/2", "EMAIL/3", "EMAIL/4"});
  CHECK(literals("[[EMAIL_01]] [[EMAIL_1234567890]] [[_001]] [[1A_001]] email_001 x[i_1] [[EMAIL_001a]]").empty());
  CHECK(literals("").empty());
  CHECK(literals("_").empty());
}

TEST_CASE("literals of hostile text are found in linear time") {
  std::string text;
  for (int i = 0; i < 300000; ++i) text += "A_12";
  text += "[[[[[[" + std::string(1000000, 'A') + "_001";
  auto begin = std::chrono::steady_clock::now();
  CHECK(literals(text).size() == 1);
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(2));
}

TEST_CASE("numbers begin behind a base, also those of kinds that a later turn brings") {
  Vault vault;
  vault.number_from(123'456'788);
  CHECK(vault.placeholder_for("EMAIL", "a@example.com") == "[[EMAIL_123456789]]");
  const std::shared_ptr<const Vault> earlier = vault.snapshot();
  Vault next;
  next.adopt(*earlier);
  CHECK(next.placeholder_for("EMAIL", "a@example.com") == "[[EMAIL_123456789]]");
  CHECK(next.placeholder_for("IBAN", "DE00") == "[[IBAN_123456789]]");
  CHECK(Vault().snapshot() == Vault().snapshot());
}

TEST_CASE("a value knows every depth it was found at") {
  Vault vault;
  vault.placeholder_for("K", "a\\nb", 2);
  vault.placeholder_for("K", "a\\nb", 1);
  CHECK(vault.entries().front().depths == 3);
  Vault next;
  next.adopt(vault);
  CHECK(next.entries().front().depths == 3);
}

}  // namespace
}  // namespace pg
