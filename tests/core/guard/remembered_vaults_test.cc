#include "core/guard/remembered_vaults.h"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

namespace pg {
namespace {

constexpr std::size_t kPlenty = 64u << 20;
const SteadyTime kVaultsNow{std::chrono::hours(1)};
const SteadyTime kLater = kVaultsNow + std::chrono::hours(1);

std::shared_ptr<const Vault> vault_with(const std::string& original) {
  auto vault = std::make_shared<Vault>();
  vault->placeholder_for("EMAIL", original);
  return vault;
}

TEST_CASE("a vault is found under its project and reply, until its time is over") {
  RememberedVaults vaults;
  const auto vault = vault_with("a");
  vaults.put("p", "resp_1", vault, kLater, kPlenty);
  CHECK(vaults.find("p", "resp_1", kVaultsNow) == vault);
  CHECK(vaults.find("p", "resp_1", kLater - std::chrono::seconds(1)) == vault);
  CHECK(vaults.find("p", "resp_2", kVaultsNow) == nullptr);
  CHECK(vaults.find("p", "resp_1", kLater + std::chrono::milliseconds(1)) == nullptr);
  CHECK(vaults.find("p", "resp_1", kVaultsNow) == nullptr);  // forgotten, not hidden
  CHECK(vaults.bytes() == 0);
}

TEST_CASE("projects do not see each other's vaults") {
  RememberedVaults vaults;
  vaults.put("p", "resp_1", vault_with("a"), kLater, kPlenty);
  CHECK(vaults.find("q", "resp_1", kVaultsNow) == nullptr);
  vaults.put("ab", "c", vault_with("b"), kLater, kPlenty);
  for (const char* separator : {"", "/", ":", "\n", " ", "|"}) {
    CHECK(vaults.find("a", std::string("b") + separator + "c", kVaultsNow) == nullptr);
    CHECK(vaults.find(std::string("ab") + separator + "c", "", kVaultsNow) == nullptr);
    CHECK(vaults.find("", std::string("ab") + separator + "c", kVaultsNow) == nullptr);
  }
  vaults.put("q", "resp_1", vault_with("c"), kLater, kPlenty);
  CHECK(vaults.find("q", "resp_1", kVaultsNow)->entries()[0].original.reveal() == "c");
  CHECK(vaults.find("p", "resp_1", kVaultsNow)->entries()[0].original.reveal() == "a");
}

TEST_CASE("the same reply again replaces the vault and is charged once") {
  RememberedVaults vaults;
  vaults.put("p", "r", vault_with(std::string(1000, 'a')), kLater, kPlenty);
  const std::size_t once = vaults.bytes();
  CHECK(once >= 1000);
  const auto second = vault_with(std::string(1000, 'b'));
  for (int i = 0; i < 10; ++i) vaults.put("p", "r", second, kLater, kPlenty);
  CHECK(vaults.bytes() == once);
  CHECK(vaults.find("p", "r", kVaultsNow) == second);
}

TEST_CASE("no more bytes than allowed: the least recently used go first") {
  RememberedVaults vaults;
  vaults.put("p", "one", vault_with(std::string(1000, 'a')), kLater, kPlenty);
  const std::size_t charge = vaults.bytes();
  const std::size_t most = charge * 5 / 2 + 64;
  vaults.put("p", "two", vault_with(std::string(1000, 'b')), kLater, most);
  CHECK(vaults.find("p", "one", kVaultsNow) != nullptr);  // used: now "two" is the oldest
  vaults.put("p", "three", vault_with(std::string(1000, 'c')), kLater, most);
  CHECK(vaults.bytes() <= most);
  CHECK(vaults.find("p", "two", kVaultsNow) == nullptr);
  CHECK(vaults.find("p", "one", kVaultsNow) != nullptr);
  CHECK(vaults.find("p", "three", kVaultsNow) != nullptr);
}

TEST_CASE("bounds hold for many small vaults, for one too large, and for a limit of nothing") {
  RememberedVaults vaults;
  for (int i = 0; i < 5000; ++i) {
    vaults.put("p", std::to_string(i), vault_with("x"), kLater, 20'000);
    REQUIRE(vaults.bytes() <= 20'000);
  }
  CHECK(vaults.find("p", "4999", kVaultsNow) != nullptr);
  CHECK(vaults.find("p", "0", kVaultsNow) == nullptr);
  vaults.put("p", "large", vault_with(std::string(50'000, 'x')), kLater, 20'000);
  CHECK(vaults.bytes() <= 20'000);
  CHECK(vaults.find("p", "large", kVaultsNow) == nullptr);
  vaults.put("p", "none", vault_with("x"), kLater, 0);
  CHECK(vaults.bytes() == 0);
}

TEST_CASE("a vault that was found lives on although it is forgotten") {
  RememberedVaults vaults;
  vaults.put("p", "r", vault_with("kept"), kLater, kPlenty);
  const auto held = vaults.find("p", "r", kVaultsNow);
  vaults.put("p", "other", vault_with("x"), kLater, 0);
  REQUIRE(held != nullptr);
  CHECK(held->entries()[0].original.reveal() == "kept");
}

TEST_CASE("threads share it") {
  RememberedVaults vaults;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&vaults, thread] {
      for (int i = 0; i < 500; ++i) {
        const std::string id = std::to_string((i * 7 + thread) % 40);
        vaults.put("p", id, vault_with("x"), kLater, 8'000);
        (void)vaults.find("p", id, kVaultsNow);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(vaults.bytes() <= 8'000);
}

}  // namespace
}  // namespace pg
