// Private keys in every quoting they are pasted in; the finding is the whole block.
#include <doctest/doctest.h>

#include <string>

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

}  // namespace
}  // namespace pg
