// Times, durations, counts and sizes: what is written reads back, and what is malformed is refused.
#include <doctest/doctest.h>

#include <cstdint>
#include <limits>

#include "core/base/text.h"
#include "tests/support/gen.h"

namespace pg {

TEST_CASE("times are written as RFC 3339 in UTC with milliseconds") {
  CHECK(format_rfc3339(0) == "1970-01-01T00:00:00.000Z");
  CHECK(format_rfc3339(1'795'231'962'104) == "2026-11-21T03:32:42.104Z");
  CHECK(format_rfc3339(-1) == "1969-12-31T23:59:59.999Z");
  CHECK(format_rfc3339(951'782'400'000) == "2000-02-29T00:00:00.000Z");
  CHECK(format_rfc3339(std::numeric_limits<std::int64_t>::max()) == "9999-12-31T23:59:59.999Z");
  CHECK(format_rfc3339(std::numeric_limits<std::int64_t>::min()) == "0000-01-01T00:00:00.000Z");
}

TEST_CASE("dates and date-times are read with any offset") {
  CHECK(parse_rfc3339("2026-11-21T03:32:42.104Z") == 1'795'231'962'104);
  CHECK(parse_rfc3339("2026-11-21t05:32:42.1049999+02:00") == 1'795'231'962'104);
  CHECK(parse_rfc3339("2026-11-20 22:32:42.1-05:00") == 1'795'231'962'100);
  CHECK(parse_rfc3339("1970-01-02") == 86'400'000);
  CHECK(parse_rfc3339("2016-12-31T23:59:60Z") == 1'483'228'800'000);
  for (const char* bad : {"", "2026", "2026-13-01", "2026-02-29", "2026-11-21T", "2026-11-21T03:32Z", "2026-11-21T03:32:42",
                          "2026-11-21T24:00:00Z", "2026-11-21T03:60:00Z", "2026-11-21T03:32:42.Z", "2026-11-21T03:32:42Zx",
                          "2026-11-21T03:32:42+2", "26-11-21", "2026/11/21"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_rfc3339(bad));
  }
}

TEST_CASE("property: a written time reads back") {
  PG_GEN(gen);
  for (int i = 0; i < 500; ++i) {
    const auto time = static_cast<UnixMillis>(gen.number(0, 253'402'300'799'999));
    CHECK(parse_rfc3339(format_rfc3339(time)) == time);
  }
}

TEST_CASE("durations are short") {
  CHECK(format_duration(0) == "0ms");
  CHECK(format_duration(410) == "410ms");
  CHECK(format_duration(8'250) == "8.2s");
  CHECK(format_duration(59'999) == "59.9s");
  CHECK(format_duration(192'000) == "3m 12s");
  CHECK(format_duration(3'600'000) == "1h 0m");
  CHECK(format_duration(90'000'000) == "1d 1h");
  CHECK(format_duration(-410) == "-410ms");
  CHECK(format_duration(std::numeric_limits<std::int64_t>::min()) == "-106751991167d 7h");
}

TEST_CASE("counts are short") {
  CHECK(format_count(0) == "0");
  CHECK(format_count(999) == "999");
  CHECK(format_count(1'200) == "1.2k");
  CHECK(format_count(18'249) == "18.2k");
  CHECK(format_count(999'999) == "999.9k");
  CHECK(format_count(3'400'000) == "3.4M");
  CHECK(format_count(7'000'000'000) == "7.0G");
  CHECK(format_count(-1'200) == "-1.2k");
}

TEST_CASE("durations are read with their unit, and bare numbers are refused") {
  CHECK(parse_duration_ms("300ms") == 300);
  CHECK(parse_duration_ms("1.5s") == 1'500);
  CHECK(parse_duration_ms("5m") == 300'000);
  CHECK(parse_duration_ms("2h") == 7'200'000);
  CHECK(parse_duration_ms("7d") == 604'800'000);
  CHECK(parse_duration_ms("0s") == 0);
  for (const char* bad : {"", "5", "s", "5 s", "-5s", "5S", "1.2.3s", ".5s", "5.s", "0.5ms", "5y", "1e3s",
                          "99999999999999999999s", "9223372036854775807d"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_duration_ms(bad));
  }
}

TEST_CASE("sizes are read in thousands and in 1024s") {
  CHECK(parse_bytes("512") == 512);
  CHECK(parse_bytes("512B") == 512);
  CHECK(parse_bytes("10k") == 10'000);
  CHECK(parse_bytes("64MB") == 64'000'000);
  CHECK(parse_bytes("64MiB") == 64 << 20);
  CHECK(parse_bytes("64 mib") == 64 << 20);
  CHECK(parse_bytes("1.5Gi") == 1'610'612'736);
  for (const char* bad : {"", "MiB", "-1", "1.5", "5X", "64Mi B", "1.5.5k", "9999999999999999999G", "0.0000000001G"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_bytes(bad));
  }
}

}  // namespace pg
