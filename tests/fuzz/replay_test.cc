// Runs every harness over its corpus under g++, where libFuzzer is not: what once broke stays mended.
// A new harness: tests/fuzz/fuzz_NAME.cc with int fuzz_NAME_one(const std::uint8_t*, std::size_t), its LLVMFuzzerTestOneInput
// inside #ifndef PG_FUZZ_REPLAY, inputs in tests/fuzz/corpus/NAME, and its line in kHarnesses.
#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

int fuzz_base_one(const std::uint8_t* data, std::size_t size);
int fuzz_chunks_one(const std::uint8_t* data, std::size_t size);
int fuzz_frames_one(const std::uint8_t* data, std::size_t size);
int fuzz_git_one(const std::uint8_t* data, std::size_t size);
int fuzz_git_index_one(const std::uint8_t* data, std::size_t size);
int fuzz_guard_one(const std::uint8_t* data, std::size_t size);
int fuzz_head_one(const std::uint8_t* data, std::size_t size);
int fuzz_mcp_one(const std::uint8_t* data, std::size_t size);
int fuzz_media_one(const std::uint8_t* data, std::size_t size);
int fuzz_query_one(const std::uint8_t* data, std::size_t size);
int fuzz_restore_one(const std::uint8_t* data, std::size_t size);
int fuzz_scan_one(const std::uint8_t* data, std::size_t size);
int fuzz_service_one(const std::uint8_t* data, std::size_t size);
int fuzz_settings_one(const std::uint8_t* data, std::size_t size);
int fuzz_spans_one(const std::uint8_t* data, std::size_t size);
int fuzz_sse_one(const std::uint8_t* data, std::size_t size);
int fuzz_endpoint_one(const std::uint8_t* data, std::size_t size);
int fuzz_template_one(const std::uint8_t* data, std::size_t size);
int fuzz_translate_one(const std::uint8_t* data, std::size_t size);
int fuzz_zone_one(const std::uint8_t* data, std::size_t size);

namespace {

struct Harness {
  std::string name;
  int (*run)(const std::uint8_t* data, std::size_t size);
};
const Harness kHarnesses[] = {
    {"base", fuzz_base_one},           {"chunks", fuzz_chunks_one},
    {"frames", fuzz_frames_one},       {"git", fuzz_git_one},
    {"git_index", fuzz_git_index_one}, {"guard", fuzz_guard_one},
    {"head", fuzz_head_one},           {"media", fuzz_media_one},
    {"query", fuzz_query_one},         {"restore", fuzz_restore_one},
    {"scan", fuzz_scan_one},           {"service", fuzz_service_one},
    {"endpoint", fuzz_endpoint_one},   {"settings", fuzz_settings_one},
    {"spans", fuzz_spans_one},         {"sse", fuzz_sse_one},
    {"template", fuzz_template_one},   {"translate", fuzz_translate_one},
    {"zone", fuzz_zone_one},           {"mcp", fuzz_mcp_one},
};

const std::filesystem::path kFuzz = std::filesystem::path(PG_SOURCE_DIR) / "tests/fuzz";

std::string file_bytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void replay(const Harness& harness, const std::string& bytes) {
  // A copy of exactly that size, so that a sanitizer sees a read behind the end.
  const std::vector<std::uint8_t> exact(bytes.begin(), bytes.end());
  CHECK(harness.run(exact.data(), exact.size()) == 0);
}

TEST_CASE("every harness survives its corpus, and every prefix of small inputs") {
  for (const Harness& harness : kHarnesses) {
    CAPTURE(harness.name);
    replay(harness, "");
    if (!std::filesystem::exists(kFuzz / "corpus" / harness.name)) continue;
    for (const auto& entry : std::filesystem::directory_iterator(kFuzz / "corpus" / harness.name)) {
      CAPTURE(entry.path().filename().string());
      const std::string bytes = file_bytes(entry.path());
      replay(harness, bytes);
      for (std::size_t size = 0; size < bytes.size() && bytes.size() <= 512; ++size) replay(harness, bytes.substr(0, size));
    }
  }
}

TEST_CASE("every harness has its line here") {
  std::set<std::string> known;
  for (const Harness& harness : kHarnesses) known.insert(harness.name);
  for (const auto& entry : std::filesystem::directory_iterator(kFuzz)) {
    const std::string file = entry.path().filename().string();
    if (!file.starts_with("fuzz_") || !file.ends_with(".cc")) continue;
    CHECK_MESSAGE(known.contains(file.substr(5, file.size() - 8)), file);
  }
}

}  // namespace
