// Zones and their months: rules by POSIX, files by RFC 8536, and borders to the second.
#include "core/base/time_zone.h"

#include <doctest/doctest.h>

#include <string>

#include "core/base/text.h"
#include "tests/support/result.h"

using namespace pg;

namespace {

UnixMillis at(const char* text) {
  return *parse_rfc3339(text);
}

// A version 2 file without changes, whose rule says everything.
std::string tzif_of(const std::string& rule) {
  const auto block = [](char version) {
    std::string bytes = "TZif";
    bytes += version;
    bytes.append(15, '\0');
    for (const int count : {0, 0, 0, 0, 1, 4}) bytes += std::string("\0\0\0", 3) + static_cast<char>(count);
    return bytes + std::string(6, '\0') + std::string("LMT\0", 4);
  };
  return block('2') + block('2') + "\n" + rule + "\n";
}

}  // namespace

TEST_CASE("a rule is read: names, offsets west, days of three kinds, times beyond a day") {
  const auto berlin = parse_zone_rule("CET-1CEST,M3.5.0,M10.5.0/3");
  REQUIRE(berlin);
  CHECK(berlin->standard == 3600);
  CHECK(berlin->summer == 7200);
  CHECK(berlin->end.time == 3 * 3600);
  CHECK(parse_zone_rule("<+0330>-3:30")->standard == 12'600);
  CHECK(parse_zone_rule("<-02>2<-01>,M3.5.0/-1,M10.5.0/0")->begin.time == -3600);
  CHECK(parse_zone_rule("IST-2IDT,J60,300/26")->begin.kind == ZoneRule::Day::Kind::julian);
  for (const char* bad : {"", "C", "CET", "CET-", "CET-1CEST", "CET-1CEST,", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0",
                          "CET-1CEST,M3.6.0,M10.5.0", "CET-1x", "CET-999", "CET-1CEST,M3.5.0,M10.5.0x", "<CET-1"})
    CHECK_FALSE(parse_zone_rule(bad));
}

TEST_CASE("summer time begins and ends on the second, north and south of the equator") {
  const auto north = TimeZone::read(tzif_of("CET-1CEST,M3.5.0,M10.5.0/3"), "north");
  REQUIRE(north);
  CHECK(north->offset(at("2026-03-29T00:59:59Z")) == 3600);
  CHECK(north->offset(at("2026-03-29T01:00:00Z")) == 7200);
  CHECK(north->offset(at("2026-10-25T00:59:59Z")) == 7200);
  CHECK(north->offset(at("2026-10-25T01:00:00Z")) == 3600);
  const auto south = TimeZone::read(tzif_of("AEST-10AEDT,M10.1.0,M4.1.0/3"), "south");
  REQUIRE(south);
  CHECK(south->offset(at("2026-01-15T00:00:00Z")) == 39'600);
  CHECK(south->offset(at("2026-07-15T00:00:00Z")) == 36'000);
}

TEST_CASE("a month goes from midnight to midnight, where it is") {
  const auto zone = TimeZone::read(tzif_of("NZST-12NZDT,M9.5.0,M4.1.0/3"), "far");
  REQUIRE(zone);
  CHECK(month_number(*zone, at("2026-11-30T10:59:59Z")) == 202611);
  CHECK(month_number(*zone, at("2026-11-30T11:00:00Z")) == 202612);
  const Month month = find_month(*zone, at("2026-12-31T10:00:00Z"));
  CHECK(month.number == 202612);
  CHECK(month.begin == at("2026-11-30T11:00:00Z"));
  CHECK(month.end == at("2026-12-31T11:00:00Z"));
  const auto utc = TimeZone::find("UTC");
  REQUIRE(utc);
  CHECK(month_number(**utc, at("2026-02-28T23:59:59Z")) == 202602);
  CHECK(month_number(**utc, at("2028-02-29T23:59:59Z")) == 202802);
  CHECK(month_number(**utc, -1) == 196912);
  CHECK(month_text(202601) == "2026-01");
}

TEST_CASE("zones of this machine are found by name, and others are not") {
  CHECK(TimeZone::find("local"));
  CHECK_FALSE(TimeZone::find("../etc/passwd"));
  CHECK_FALSE(TimeZone::find(""));
  const auto none = TimeZone::find("Europe/Berln");
  REQUIRE_FALSE(none);
  CHECK(none.error().message.find("there is no time zone \"Europe/Berln\"") == 0);
  CHECK_FALSE(TimeZone::read("TZif", "short"));
  CHECK_FALSE(TimeZone::read(tzif_of("what?"), "bad rule"));
}
