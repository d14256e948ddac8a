// Every way to walk a JSON string says the same as the plain one, whatever stands in it and wherever it begins and ends.
#include "core/wire/wide_strings.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/gen.h"

namespace pg {
namespace {

std::vector<FindStringEnd*> ends() {
  std::vector<FindStringEnd*> out = {find_string_end};
#ifdef PG_AVX2
  if (has_avx2()) out.push_back(find_string_end_256);
#endif
#ifdef PG_AVX512
  if (has_avx512()) out.push_back(find_string_end_512);
#endif
  return out;
}

std::vector<UnescapeSteps*> unescapes() {
  std::vector<UnescapeSteps*> out;
#ifdef PG_AVX2
  if (has_avx2()) out.push_back(unescape_256);
#endif
#ifdef PG_AVX512
  if (has_avx512()) out.push_back(unescape_512);
#endif
  return out;
}

// A text in a block on the heap that ends where it ends, so that ASan sees what is read beyond.
class Tight {
 public:
  Tight(std::string_view text, std::size_t shift) : block_(new char[shift + text.size()]), shift_(shift), size_(text.size()) {
    std::copy(text.begin(), text.end(), block_.get() + shift);
  }
  std::string_view view() const { return {block_.get() + shift_, size_}; }

 private:
  std::unique_ptr<char[]> block_;
  std::size_t shift_, size_;
};

void check_strings(std::string_view text, std::size_t shift, std::size_t from) {
  const Tight tight(text, shift);
  const std::string_view view = tight.view();
  CAPTURE(text);
  CAPTURE(from);
  StringFacts plain;
  std::size_t plain_at = from;
  const bool found = find_string_end_plain(view, plain_at, plain);
  for (FindStringEnd* const find : ends()) {
    StringFacts facts;
    std::size_t at = from;
    REQUIRE(find(view, at, facts) == found);
    REQUIRE(at == plain_at);
    REQUIRE(facts.escaped == plain.escaped);
    const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
    if (facts.ascii) REQUIRE(std::all_of(view.begin() + from, view.begin() + at, is_ascii));
  }
  for (UnescapeSteps* const steps : unescapes())
    for (const bool keeps_halves : {false, true})
      REQUIRE(unescape_by(steps, view, keeps_halves) == unescape_by(nullptr, view, keeps_halves));
}

TEST_CASE("every length, and a backslash at every place of it: alone, before each byte, and in rows") {
  for (std::size_t size = 0; size <= 300; ++size) check_strings(std::string(size, 'x'), size % 64, 0);
  for (std::size_t size = 1; size <= 200; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      std::string text(size, 'n');
      text[at] = '\\';
      check_strings(text, at % 64, 0);
      for (std::size_t row = 1; row <= at % 5; ++row) text[at - row] = '\\';
      check_strings(text, size % 64, 0);
    }
  }
  for (int byte = 0; byte < 256; ++byte)
    for (std::size_t before = 50; before < 70; ++before)
      check_strings(std::string(before, '.') + '\\' + static_cast<char>(byte) + std::string(70, '"'), 0, 0);
}

TEST_CASE("\\u at every place, whole, cut off, and as a pair whose halves lie in two steps") {
  for (const std::string_view escape :
       {"\\u00e9", "\\ud83d\\ude00", "\\ud83d", "\\ude00\\u0041", "\\\\u0041", "\\u12", "\\uD83D\\u"}) {
    for (std::size_t before = 0; before < 140; ++before) {
      const std::string text = std::string(before, 'a').append(escape);
      check_strings(text, before % 64, 0);
      check_strings(text + "\"", 0, 0);
      check_strings(text + std::string(before, '\\') + "b\"", 0, before / 2);
    }
  }
}

TEST_CASE("texts at random of little else than what is special") {
  test::Gen gen;
  INFO("PG_SEED=" << gen.seed());
  for (int round = 0; round < 30'000; ++round) {
    std::string text;
    const std::string_view alphabet = round % 3 == 0   ? "\\\\\\nu0d8\"\x01\xC3"
                                      : round % 3 == 1 ? "\\nnnnnxxxxxxxxtu/"
                                                       : "\\\\\\\\b";
    for (std::size_t i = gen.number(0, 300); i > 0; --i)
      if (round % 5 == 0 && i % 7 == 0)
        text += std::vector<std::string_view>{"\\ud83d", "\\ude00", "\\u0041", "\\n"}[gen.number(0, 3)];
      else
        text += alphabet[gen.number(0, alphabet.size() - 1)];
    check_strings(text, gen.number(0, 63), gen.number(0, std::min<std::size_t>(text.size(), 70)));
  }
}

TEST_CASE("bytes at random") {
  test::Gen gen;
  INFO("PG_SEED=" << gen.seed());
  for (int round = 0; round < 10'000; ++round) check_strings(gen.bytes(gen.number(0, 300)), gen.number(0, 63), 0);
}

}  // namespace
}  // namespace pg
