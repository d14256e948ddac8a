// Reads tests/fixtures/*.json.
#include "tests/support/fixtures.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

namespace pg::test {
namespace {

DialectId dialect_of(const std::string& target) {
  if (target.find("/messages") != std::string::npos) return DialectId::anthropic;
  if (target.find("/chat/completions") != std::string::npos) return DialectId::openai_chat;
  return target.find("/embeddings") != std::string::npos ? DialectId::embeddings : DialectId::openai_responses;
}

}  // namespace

std::vector<Fixture> load_fixtures() {
  std::set<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(PG_SOURCE_DIR "/tests/fixtures")) {
    if (entry.path().extension() == ".json") files.insert(entry.path());
  }
  std::vector<Fixture> all;
  for (const auto& file : files) {
    std::ifstream in(file, std::ios::binary);
    const auto json = nlohmann::ordered_json::parse(in);
    if (json.at("body").is_null()) continue;
    const std::string target = json.at("path");
    all.push_back({file.stem(), target, dialect_of(target), json.at("body").dump()});
  }
  REQUIRE_FALSE(all.empty());
  return all;
}

Fixture load_fixture(const std::string& name) {
  for (Fixture& fixture : load_fixtures()) {
    if (fixture.name == name) return std::move(fixture);
  }
  REQUIRE_MESSAGE(false, "no fixture ", name);
  return {};
}

}  // namespace pg::test
