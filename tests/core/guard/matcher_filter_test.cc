// What the filter leaves out cannot match; most of what cannot match is left out.
#include "core/guard/matcher_filter.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "core/guard/matcher.h"
#include "tests/support/gen.h"

namespace pg::test {
namespace {

const std::vector<std::string>& expressions() {
  static const std::vector<std::string> kAll = {
      "ticket-[0-9]{4}",
      "(?i)ticket-[0-9]{4}",
      "(?i)kiosk|mask",
      "(?:alpha|beta|gamma)[0-9]+",
      "\\bEMP[0-9]{3}\\b",
      "[Pp]roject (?:Nimbus|Cumulus)",
      "(?P<id>inv)oice no\\. \\d+",
      "[0-9]{3}-[0-9]{3}",  // no word at all
      "ab?c",               // words too short
      "caf\xC3\xA9 royal",  // beyond ASCII
      "tic\\x{212A}et",     // a Kelvin sign, by its number
      "(?i)stra\xC3\x9F"
      "e",
      "\\Qa.b(c)\\E[0-9]",
      "\\pLong[a-z]{2}",
      "(?s)begin.{0,20}end",
      "^#internal",
      "x{4}yyyy",
      "(?i:secret)\\s+\\w+",
      "one(?:two|three)?four",
      "[kK]ey=(?:[a-f0-9]{4}|none)",
  };
  return kAll;
}

const std::vector<std::string>& pieces() {
  static const std::vector<std::string> kAll = {
      "ticket-",
      "TICKET-",
      "tic\xE2\x84\xAA"
      "et-",
      "1234",
      "123-456",
      "kiosk",
      "KIOSK",
      "\xE2\x84\xAA"
      "iosk",
      "mask",
      "ma\xC5\xBF"
      "k",
      "alpha7",
      "beta",
      "gamma00",
      "EMP123",
      " EMP999 ",
      "project Nimbus",
      "Project Cumulus",
      "invoice no. 12",
      "abc",
      "ac",
      "caf\xC3\xA9 royal",
      "CAF\xC3\x89 ROYAL",
      "tic\xE2\x84\xAA"
      "et",
      "stra\xC3\x9F"
      "e",
      "STRA\xC3\x9F"
      "E",
      "a.b(c)7",
      "\xC3\x89"
      "ongab",
      "Aongxy",
      "begin",
      "end",
      " ",
      "\n",
      "#internal",
      "xxxxyyyy",
      "secret  word",
      "SeCrEt x",
      "onefour",
      "onetwofour",
      "key=ab12",
      "Key=none",
      "\xE2\x84\xAA"
      "ey=none",
      "\xFF",
      "\xE2\x84",
      "-",
      "se\xC5\xBF"
      "cret",
      "\xC5\xBF"
      "ecret y",
      "hello world ",
      "0",
  };
  return kAll;
}

}  // namespace

TEST_CASE("filter: an expression that is left out matches nowhere in the text") {
  MatcherFilter filter;
  std::vector<std::unique_ptr<Pattern>> patterns;
  for (const std::string& regex : expressions()) {
    patterns.push_back(std::make_unique<Pattern>(regex, Charset::utf8));
    REQUIRE_MESSAGE(patterns.back()->check().has_value(), regex);
    filter.add(regex);
  }
  filter.build();
  Gen gen;
  CAPTURE(gen.seed());
  std::size_t matched = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (std::size_t i = gen.number(0, 7); i-- > 0;) text += pieces()[gen.number(0, pieces().size() - 1)];
    const std::vector<int> named = filter.candidates(text);
    CHECK(std::is_sorted(named.begin(), named.end()));
    CHECK(std::adjacent_find(named.begin(), named.end()) == named.end());
    for (std::size_t i = 0; i < patterns.size(); ++i) {
      if (!patterns[i]->find(text, 0)) continue;
      ++matched;
      REQUIRE_MESSAGE(std::binary_search(named.begin(), named.end(), static_cast<int>(i)), expressions()[i] << " in " << text);
    }
  }
  CHECK(matched > 10'000);
}

TEST_CASE("filter: of many expressions those are tried whose words are there, and no others") {
  MatcherFilter filter;
  for (int i = 0; i < 400; ++i) filter.add("number" + std::to_string(1'000 + i) + "-[0-9]{8}");
  filter.build();
  CHECK(filter.candidates("nothing of the kind").empty());
  CHECK(filter.candidates("").empty());
  CHECK(filter.candidates("a number1007- and a NUMBER1399-12345678") == std::vector<int>{7, 399});
}

TEST_CASE("filter: without expressions, or with none that needs a word") {
  MatcherFilter none;
  none.build();
  CHECK(none.candidates("text").empty());
  MatcherFilter wordless;
  wordless.add("[0-9]{4}");
  wordless.add("\\x41+");
  wordless.build();
  CHECK(wordless.candidates("") == std::vector<int>{0, 1});
}

}  // namespace pg::test
