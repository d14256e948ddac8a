// Secrets leave nothing behind in the buffers they lived in.
#include "core/base/secret_string.h"

#include <doctest/doctest.h>

#include <array>
#include <cstring>
#include <new>
#include <string>
#include <type_traits>
#include <utility>

namespace pg {
namespace {

/// The raw bytes of an object, to look for what should be gone.
template <class T>
std::string memory_of(const T& object) {
  std::string out(sizeof object, '\0');
  std::memcpy(out.data(), static_cast<const void*>(&object), sizeof object);
  return out;
}

}  // namespace

TEST_CASE("wipe overwrites every byte, and nothing of nothing") {
  std::string text = "open sesame";
  wipe(text.data(), text.size());
  CHECK(text == std::string(11, '\0'));
  wipe(nullptr, 0);
}

TEST_CASE("a short secret is gone from the object after clear and after a move") {
  SecretString secret("short");
  REQUIRE(memory_of(secret).find("short") != std::string::npos);  // it lives inside the object itself
  SecretString moved(std::move(secret));
  CHECK(memory_of(secret).find("short") == std::string::npos);
  CHECK(moved.reveal() == "short");
  moved.clear();
  CHECK(moved.empty());
  CHECK(memory_of(moved).find("short") == std::string::npos);
}

TEST_CASE("a secret is gone from the object's memory after destruction") {
  alignas(SecretString) std::array<char, sizeof(SecretString)> place{};
  auto* secret = new (place.data()) SecretString("tiny key");
  REQUIRE(memory_of(place).find("tiny key") != std::string::npos);
  secret->~SecretString();
  CHECK(memory_of(place).find("tiny key") == std::string::npos);
}

TEST_CASE("assignment replaces and copies are independent") {
  SecretString a("first value, longer than any small buffer");
  SecretString b = a;
  a = SecretString("second");
  CHECK(a.reveal() == "second");
  CHECK(b.reveal() == "first value, longer than any small buffer");
  const SecretString& same = b;
  b = same;
  CHECK(b.size() == 41);
  a = std::move(b);
  CHECK(a.size() == 41);
  CHECK(b.empty());
}

TEST_CASE("a secret cannot become a string by accident") {
  CHECK_FALSE(std::is_convertible_v<SecretString, std::string>);
  CHECK_FALSE(std::is_convertible_v<SecretString, std::string_view>);
  CHECK_FALSE(std::is_convertible_v<std::string, SecretString>);
}

}  // namespace pg
