// The quick search for runs finds what the plain one finds, byte by byte.
#include "core/guard/wide_runs.h"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

#include "core/guard/encoded_runs.h"

namespace pg {
namespace {

std::vector<Place> all_runs(std::string_view text, std::optional<Place> (*find)(std::string_view, std::size_t)) {
  std::vector<Place> out;
  for (auto run = find(text, 0); run; run = find(text, run->end)) out.push_back(*run);
  return out;
}

std::vector<Place> plain_runs(std::string_view text) {
  std::vector<Place> out;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (end < text.size() && kRunBytes.has(text[end])) ++end;
    if (end - at >= kShortestBase64) out.push_back({at, end});
    at = end + 1;
  }
  return out;
}

TEST_CASE("a run is found wherever it begins and ends, and one byte less is none") {
  for (std::size_t before = 0; before < 130; ++before) {
    for (const std::size_t size : {kShortestBase64 - 1, kShortestBase64, kShortestBase64 + 1, std::size_t{70}}) {
      for (const std::size_t after : {0, 1, 40, 90}) {
        const std::string text = std::string(before, '.') + std::string(size, 'x') + std::string(after, '.');
        CHECK((all_runs(text, find_run) == plain_runs(text)));
        CHECK((all_runs(text, find_run_portably) == plain_runs(text)));
      }
    }
  }
}

TEST_CASE("every byte is in a run or not, as the alphabet says") {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text = std::string(200, static_cast<char>(byte));
    CAPTURE(byte);
    CHECK(all_runs(text, find_run).size() == (kRunBytes.has(static_cast<char>(byte)) ? 1 : 0));
  }
}

TEST_CASE("texts at random: both searches agree with the plain one") {
  std::mt19937_64 random(7);
  for (int round = 0; round < 3000; ++round) {
    std::string text(random() % 400, 'a');
    const unsigned breaks = 1 + static_cast<unsigned>(random() % 60);
    for (char& c : text) c = random() % breaks == 0 ? ".\n \"@[`{\x80\xff"[random() % 10] : "AZaz09+/_-mQ"[random() % 12];
    CHECK((all_runs(text, find_run) == plain_runs(text)));
    CHECK((all_runs(text, find_run_portably) == plain_runs(text)));
  }
}

}  // namespace
}  // namespace pg
