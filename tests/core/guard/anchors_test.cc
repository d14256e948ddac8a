// Every place of every literal is found, whatever stands around it and wherever blocks and chunks of it end.
#include "core/guard/anchors.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/gen.h"

namespace pg {
namespace {

Anchor literal(std::string_view text) {
  Anchor anchor;
  for (const char c : text) {
    ByteSet one;
    one.add(c);
    anchor.push_back(one);
  }
  return anchor;
}

using Hits = std::vector<std::pair<std::size_t, int>>;

Hits hits_of(const AnchorTable& table, std::string_view text, bool may_sieve = true) {
  AnchorTable::Scan scan(table, text, may_sieve);
  Hits hits;
  AnchorTable::Hit hit;
  while (scan.next(hit)) hits.emplace_back(hit.begin, hit.owner);
  return hits;
}

// In both ways: by a sieve, where the processor can, and by places. They give the same, in the same order.
Hits scan_anchors(const AnchorTable& table, std::string_view text) {
  Hits hits = hits_of(table, text);
  REQUIRE((hits == hits_of(table, text, false)));
  std::sort(hits.begin(), hits.end());
  return hits;
}

TEST_CASE("an anchor is found at every offset, at the start and at the end of a text") {
  AnchorTable table;
  REQUIRE(table.add(literal("abcd"), 1));
  REQUIRE(table.add(literal("wxyz-long-one"), 2));
  table.build();
  for (std::size_t before = 0; before < 40; ++before) {
    for (std::size_t after = 0; after < 40; after += 3) {
      const std::string text = std::string(before, '.') + "abcdwxyz-long-one" + std::string(after, '.');
      CHECK(scan_anchors(table, text) == std::vector<std::pair<std::size_t, int>>{{before, 1}, {before + 4, 2}});
    }
  }
}

TEST_CASE("anchors agree with a search by hand in random texts of few letters") {
  test::Gen gen;
  CAPTURE(gen.seed());
  const std::vector<std::string> words = {"aaab", "abab", "bbaab", "baaabb", "abba"};
  AnchorTable table;
  for (std::size_t i = 0; i < words.size(); ++i) REQUIRE(table.add(literal(words[i]), static_cast<std::uint16_t>(i)));
  table.build();
  for (int round = 0; round < 200; ++round) {
    const std::string text = gen.text(gen.number(0, round % 4 == 0 ? 3'000 : 200), "ab");
    std::vector<std::pair<std::size_t, int>> wanted;
    for (std::size_t i = 0; i < words.size(); ++i)
      for (std::size_t at = text.find(words[i]); at != std::string::npos; at = text.find(words[i], at + 1))
        wanted.emplace_back(at, static_cast<int>(i));
    std::sort(wanted.begin(), wanted.end());
    CHECK(scan_anchors(table, text) == wanted);
  }
}

TEST_CASE("an anchor is found at every offset around the end of a chunk, and at the end of every length of text") {
  AnchorTable table;
  REQUIRE(table.add(literal("abcd"), 1));
  table.build();
  for (std::size_t before = 1'000; before < 1'100; ++before) {
    const std::unique_ptr<char[]> block(new char[before + 4]);  // of just that size, so that ASan sees what is read beyond
    std::fill_n(block.get(), before, '.');
    std::copy_n("abcd", 4, block.get() + before);
    CHECK(scan_anchors(table, {block.get(), before + 4}) == std::vector<std::pair<std::size_t, int>>{{before, 1}});
    CHECK(scan_anchors(table, {block.get(), before + 3}).empty());
    CHECK(scan_anchors(table, {block.get() + before - 1, 5}).size() == 1);
    CHECK(scan_anchors(table, std::string(block.get(), before + 4) + std::string(before % 70, '.')).size() == 1);
  }
}

TEST_CASE("a text of nothing but anchors: each of them, in the order of their windows") {
  AnchorTable table;
  REQUIRE(table.add(literal("aaaa"), 1));
  table.build();
  for (const std::size_t size : {4, 5, 63, 64, 65, 66, 67, 1'023, 1'024, 1'025, 1'026, 1'027, 1'028, 5'000}) {
    const std::string text(size, 'a');
    Hits expected;
    for (std::size_t at = 0; at + 3 < size; ++at) expected.emplace_back(at, 1);
    CHECK((hits_of(table, text) == expected));
    CHECK((hits_of(table, text, false) == expected));
  }
}

TEST_CASE("classes in an anchor match each of their bytes and no other") {
  AnchorTable table;
  Anchor anchor = literal("AC");
  anchor.insert(anchor.end(), 2, kLowerHex);
  REQUIRE(table.add(anchor, 0));
  table.build();
  CHECK(scan_anchors(table, "AC0f").size() == 1);
  CHECK(scan_anchors(table, "ACg0 AC0F ac00").empty());
}

TEST_CASE("too short and too vague anchors are refused") {
  AnchorTable table;
  CHECK_FALSE(table.add(literal("abc"), 0));
  CHECK_FALSE(table.add(Anchor(6, kAlnum), 0));
}

}  // namespace
}  // namespace pg
