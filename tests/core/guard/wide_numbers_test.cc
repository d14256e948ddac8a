// Every way to find runs of digits gives the runs that the rules of its header ask for, and with them the same personal data is
// found as when each run is looked at.
#include "core/guard/wide_numbers.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "core/guard/number_runs.h"
#include "core/guard/pii.h"
#include "tests/support/gen.h"

namespace pg {
namespace {

std::vector<FindNumberRuns*> ways_of_numbers() {
  std::vector<FindNumberRuns*> out;
#ifdef PG_AVX2
  if (has_avx2()) out.push_back(find_number_runs_256);
#endif
#ifdef PG_AVX512
  if (has_avx512()) out.push_back(find_number_runs_512);
#endif
  return out;
}

using Begins = std::vector<std::size_t>;

// Read byte by byte: what the header of the quick ways promises, and no more.
class Plainly {
 public:
  explicit Plainly(std::string_view text) : text_(text) {}
  Begins begins() const {
    Begins out;
    for (std::size_t at = 0; at < text_.size();) {
      const std::size_t end = end_of(at, kDigits);
      if (end > at && (end - at >= 7 || is_code(at) || joins(at, end))) out.push_back(at);
      at = std::max(end, at + 1);
    }
    return out;
  }

 private:
  char at(std::size_t place) const { return place < text_.size() ? text_[place] : '\0'; }
  std::size_t end_of(std::size_t at, const ByteSet& bytes) const {
    while (at < text_.size() && bytes.has(text_[at])) ++at;
    return at;
  }
  bool is_code(std::size_t begin) const {
    return begin >= 2 && kUpper.has(text_[begin - 1]) && kUpper.has(text_[begin - 2]) && kDigits.has(at(begin + 1));
  }
  // A joiner, then what a group may start with, and a digit within three joiners.
  bool joins(std::size_t begin, std::size_t end) const {
    if (!kGroupJoiner.has(at(end)) || !kGroupStart.has(at(end + 1))) return false;
    std::size_t next = end + 1;
    while (next < end + 3 && kGroupJoiner.has(at(next))) ++next;
    if (!kDigits.has(at(next))) return false;
    static constexpr ByteSet kGroups("0-9 .()-");
    const std::string_view groups = text_.substr(begin, end_of(begin, kGroups) - begin);
    const auto count = [&](const ByteSet& set) {
      return std::count_if(groups.begin(), groups.end(), [&](char c) { return set.has(c); });
    };
    return count(kDigits) >= 7 || count(kGroupJoiner) >= 3 || groups.size() - (end - begin) >= 64;
  }
  std::string_view text_;
};

std::vector<std::tuple<std::uint32_t, std::uint32_t, int>> personal(FindNumberRuns* find, std::string_view text) {
  PiiChoice choice;
  choice.wanted.fill(true);
  std::vector<Finding> found;
  find_pii_by(find, text, choice, 0, found);
  std::vector<std::tuple<std::uint32_t, std::uint32_t, int>> out;
  for (const Finding& one : found) out.emplace_back(one.begin, one.end, one.rule);
  return out;
}

std::size_t check_numbers(std::string_view text, std::size_t shift) {
  // In a block on the heap that ends where the text ends, so that ASan sees what is read beyond.
  const std::unique_ptr<char[]> block(new char[shift + text.size()]);
  std::copy(text.begin(), text.end(), block.get() + shift);
  const std::string_view view(block.get() + shift, text.size());
  CAPTURE(text);
  const Begins expected = Plainly(view).begins();
  const auto plain = personal(nullptr, view);
  for (FindNumberRuns* const find : ways_of_numbers()) {
    std::vector<Place> runs;
    find(view, [&runs](std::span<const Place> some) { runs.insert(runs.end(), some.begin(), some.end()); });
    Begins begins;
    for (const Place& run : runs) {
      begins.push_back(run.begin);
      REQUIRE(run.size() > 0);
      REQUIRE(std::all_of(view.begin() + run.begin, view.begin() + run.end, [](char c) { return kDigits.has(c); }));
      REQUIRE((run.end == view.size() || !kDigits.has(view[run.end])));
    }
    REQUIRE(begins == expected);
    REQUIRE(personal(find, view) == plain);
  }
  return plain.size();
}

TEST_CASE("numbers: of a text that is one every other byte, few are kept at a time") {
  std::string text;
  for (int i = 0; i < 50'000; ++i) text += "1 ";
  for (FindNumberRuns* const find : ways_of_numbers()) {
    std::size_t most = 0, all = 0;
    find(text, [&](std::span<const Place> some) {
      most = std::max(most, some.size());
      all += some.size();
    });
    CHECK(all > 49'000);
    CHECK(most <= 2'000);
  }
}

TEST_CASE("numbers of every kind, at every place of a step and at the end of the text") {
  for (const std::string_view number : {"4111111111111111",
                                        "4111 1111 1111 1111",
                                        "3782-822463-10005",
                                        "123-45-6789",
                                        "ssn 123 45 6789",
                                        "ssn: 123456789",
                                        "DE89370400440532013000",
                                        "DE89 3704 0044 0532 0130 00",
                                        "+49 (0) 30 901820",
                                        "+1 (415) 555-2671",
                                        "(415) 555-2671",
                                        "1-(415)-555-2671",
                                        "415.555.2671",
                                        "tel: 1 - (2345)67",
                                        "tel 030 / 1",
                                        "93.184.216.34",
                                        "9.9.9.10",
                                        "1. 2",
                                        "12345 6",
                                        "1 2 3",
                                        "1 (2",
                                        "1) (2",
                                        "1 - 2",
                                        "1  .2",
                                        "AB12",
                                        "AB1",
                                        "0123456789012345678901234567890123456789012345678901234567890123456789"})
    for (std::size_t before = 0; before < 200; ++before) {
      const std::string text = std::string(before, '.') + ' ' + std::string(number);
      check_numbers(text, before % 64);
      check_numbers(text + ' ', 0);
      check_numbers(text + std::string(before, 'x'), 0);
    }
  CHECK(check_numbers("call me +49 30 901820, 4111111111111111, 93.184.216.34, DE89370400440532013000", 0) == 4);
}

TEST_CASE("texts at random of digits and what joins them") {
  test::Gen gen;
  INFO("PG_SEED=" << gen.seed());
  std::size_t found = 0;
  const std::array<std::string_view, 4> alphabets = {"0123456789012345678901234567890123456789 .()- .()-ABZaz_\n\\@,",
                                                     "12345678901234567890 .()-", "45111 -.", "0123456789ABxyz. +(\n"};
  for (int round = 0; round < 20'000; ++round) {
    const std::string_view alphabet = alphabets[gen.number(0, alphabets.size() - 1)];
    found += check_numbers(gen.text(gen.number(0, round % 20 == 0 ? 2'500 : 300), alphabet), gen.number(0, 63));
  }
  CHECK(found > 50);
}

TEST_CASE("bytes at random, and runs and rows of joiners longer than a step") {
  test::Gen gen;
  INFO("PG_SEED=" << gen.seed());
  for (int round = 0; round < 2'000; ++round) check_numbers(gen.bytes(gen.number(0, 300)), gen.number(0, 63));
  for (std::size_t size = 0; size < 300; ++size) {
    check_numbers(std::string(size, '7'), size % 64);
    check_numbers("AB" + std::string(size, '7') + " x", 0);
    check_numbers("12 " + std::string(size, ' ') + "34", 0);
    check_numbers("12 3" + std::string(size, ' ') + "4", 0);
  }
}

}  // namespace
}  // namespace pg
