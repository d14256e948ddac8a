// Ids sort by time, never repeat, and read back as what they claim to be.
#include "core/base/ids.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace pg {

TEST_CASE("an exchange id holds its time in the first ten characters (ULID)") {
  // The ULID specification's own example: 01ARZ3NDEK is 1469922850259 ms.
  const std::string id = make_exchange_id(1'469'922'850'259);
  CHECK(id.size() == 26);
  CHECK(id.substr(0, 10) == "01ARZ3NDEK");
  CHECK(id.find_first_not_of("0123456789ABCDEFGHJKMNPQRSTVWXYZ") == std::string::npos);
}

TEST_CASE("exchange ids of one thread rise strictly, even within a millisecond and when the clock is set back") {
  std::vector<std::string> ids;
  for (int i = 0; i < 5000; ++i) ids.push_back(make_exchange_id(1'800'000'000'000));
  ids.push_back(make_exchange_id(1'800'000'000'001));
  ids.push_back(make_exchange_id(1'799'999'999'000));
  CHECK(std::is_sorted(ids.begin(), ids.end()));
  CHECK(std::adjacent_find(ids.begin(), ids.end()) == ids.end());
  CHECK(ids.front().substr(0, 10) == ids[4999].substr(0, 10));
  CHECK(ids[5000].substr(0, 10) > ids[4999].substr(0, 10));
}

TEST_CASE("two threads make different ids for the same millisecond") {
  std::string there;
  std::thread other([&] { there = make_exchange_id(1'900'000'000'000); });
  other.join();
  const std::string here = make_exchange_id(1'900'000'000'000);
  CHECK(here.substr(0, 10) == there.substr(0, 10));
  CHECK(here.substr(10) != there.substr(10));
}

TEST_CASE("uuids are version 4, variant 1, lower case, and differ") {
  std::set<std::string> seen;
  for (int i = 0; i < 200; ++i) {
    const std::string uuid = make_uuid();
    CHECK(is_uuid(uuid));
    CHECK(uuid[14] == '4');
    CHECK(std::string("89ab").find(uuid[19]) != std::string::npos);
    CHECK(uuid.find_first_of("ABCDEF") == std::string::npos);
    CHECK(seen.insert(uuid).second);
  }
}

TEST_CASE("is_uuid takes the dashed form of any version in either case and nothing else") {
  CHECK(is_uuid("01890A5D-AC96-774B-BCCE-B302099A8057"));
  CHECK(is_uuid("00000000-0000-0000-0000-000000000000"));
  CHECK_FALSE(is_uuid(""));
  CHECK_FALSE(is_uuid("01890a5dac96774bbcceb302099a8057"));
  CHECK_FALSE(is_uuid("01890a5d-ac96-774b-bcce-b302099a805"));
  CHECK_FALSE(is_uuid("01890a5d-ac96-774b-bcce-b302099a80577"));
  CHECK_FALSE(is_uuid("01890a5d-ac96-774b-bcce-b302099a805g"));
  CHECK_FALSE(is_uuid("01890a5dc-ac9-774b-bcce-b302099a8057"));
  CHECK_FALSE(is_uuid("{1890a5d-ac96-774b-bcce-b302099a8057"));
}

TEST_CASE("an id or its beginning says when it was made") {
  const UnixMillis now = 4'000'000'000'000;  // later than any other test's, since ids of a thread only rise
  const std::string id = make_exchange_id(now);
  CHECK(times_of_id(id) == std::pair<UnixMillis, UnixMillis>(now, now + 1));
  CHECK(times_of_id(std::string_view(id).substr(0, 10)) == std::pair<UnixMillis, UnixMillis>(now, now + 1));
  for (std::size_t said = 1; said < 10; ++said) {
    const auto [first, end] = times_of_id(std::string_view(id).substr(0, said));
    CHECK(first <= now);
    CHECK(now < end);
    CHECK(end - first == UnixMillis{1} << (50 - 5 * said));
    CHECK(make_exchange_id(now).substr(0, said) == id.substr(0, said));
  }
  CHECK(times_of_id("01U") == std::pair<UnixMillis, UnixMillis>(0, 0));  // no such digit: at any time
}

}  // namespace pg
