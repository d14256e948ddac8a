#include "core/base/retry_after.h"

#include <doctest/doctest.h>

#include <string>

namespace pg::test {
namespace {

constexpr UnixMillis kRfcNow = 784'111'777'000;  // Sun, 06 Nov 1994 08:49:37 GMT

std::int64_t millis(std::string_view value) {
  const auto found = parse_retry_after(value, kRfcNow);
  return found ? found->count() : -1;
}

}  // namespace

TEST_CASE("Retry-After is seconds or a date, and never more than a day") {
  CHECK(millis("0") == 0);
  CHECK(millis(" 30 ") == 30'000);
  CHECK(millis("99999999999999999999999999") == 86'400'000);
  CHECK(millis("86401") == 86'400'000);
  CHECK(millis("Sun, 06 Nov 1994 08:49:57 GMT") == 20'000);
  CHECK(millis("Sun, 06 Nov 1994 08:49:07 GMT") == 0);
  CHECK(millis("Mon, 07 Nov 2094 08:49:07 GMT") == 86'400'000);
}

TEST_CASE("what is neither is no Retry-After") {
  for (const char* bad : {"", "-1", "+5", "1.5", "soon", "0x10", "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
                          "Sun, 06 Nov 1994 08:49:37 EST", "Sun, 06 nov 1994 08:49:37 GMT", "Sun, 6 Nov 1994 08:49:37 GMT"})
    CHECK_MESSAGE(millis(bad) == -1, bad);
}

TEST_CASE("a reply's retry-after-ms stands above its Retry-After") {
  ReplyHead head;
  CHECK_FALSE(find_retry_after(head, kRfcNow));
  head.fields = {{"Retry-After", "7"}};
  CHECK(find_retry_after(head, kRfcNow) == Millis{7'000});
  head.fields.push_back({"Retry-After-Ms", "1500"});
  CHECK(find_retry_after(head, kRfcNow) == Millis{1'500});
  head.fields = {{"Retry-After", "7"}, {"Retry-After-Ms", "none"}};
  CHECK(find_retry_after(head, kRfcNow) == Millis{7'000});
}

}  // namespace pg::test
