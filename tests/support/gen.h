// Random values for property tests: the seed is in every failure's message, and PG_SEED replays it.
#pragma once

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>

namespace pg::test {

class Gen {
 public:
  Gen() : seed_(choose_seed()), engine_(seed_) {}

  std::uint64_t seed() const { return seed_; }

  /// A whole number from `least` to `most`, both included.
  std::size_t number(std::size_t least, std::size_t most) {
    return std::uniform_int_distribution<std::size_t>(least, most)(engine_);
  }
  bool coin() { return number(0, 1) == 1; }

  std::string bytes(std::size_t size) {
    std::string out(size, '\0');
    for (char& c : out) c = static_cast<char>(number(0, 255));
    return out;
  }

  /// `size` characters, each one of `alphabet`'s bytes.
  std::string text(std::size_t size, std::string_view alphabet) {
    std::string out(size, '\0');
    for (char& c : out) c = alphabet[number(0, alphabet.size() - 1)];
    return out;
  }

 private:
  static std::uint64_t choose_seed() {
    const char* given = std::getenv("PG_SEED");
    return given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  }

  std::uint64_t seed_;
  std::mt19937_64 engine_;
};

}  // namespace pg::test

/// A Gen of that name for the rest of the test, whose seed doctest prints with any failure.
#define PG_GEN(name)    \
  ::pg::test::Gen name; \
  INFO("PG_SEED=", name.seed())
