// Time zones by their IANA names, and the calendar months of a zone. Immutable, so that threads may share one.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"

namespace pg {

/// What a zone does after its last listed change, every year again: "CET-1CEST,M3.5.0,M10.5.0/3" (POSIX.1-2017 §8.3, TZ).
struct ZoneRule {
  struct Day {
    enum class Kind : std::uint8_t { month, julian, ordinal };  // "M3.5.0", "J60", "60"
    Kind kind = Kind::month;
    int month = 1, week = 1, weekday = 0;
    int day = 0;
    std::int32_t time = 7'200;  // seconds of that day, local; may be negative or beyond a day (RFC 8536 §3.3.1)
  };
  std::int32_t standard = 0;  // seconds east of UTC
  std::int32_t summer = 0;
  bool has_summer = false;
  Day begin, end;  // of summer time
};
/// bad_request when it is none.
Result<ZoneRule> parse_zone_rule(std::string_view text);

class TimeZone {
 public:
  /// "UTC", "local" (this machine's), or an IANA name such as "Europe/Berlin". not_found, with the nearest name when there is
  /// one.
  static Result<std::shared_ptr<const TimeZone>> find(const std::string& name);
  /// A zone from the bytes of a TZif file (RFC 8536). bad_request when they are none.
  static Result<TimeZone> read(std::string_view bytes, std::string name);

  /// Seconds east of UTC at that time.
  std::int32_t offset(UnixMillis time) const;
  /// As it was asked for; "local (CET)" says what this machine calls its own.
  const std::string& name() const { return name_; }

 private:
  struct Change {
    std::int64_t at = 0;  // seconds
    std::int32_t offset = 0;
  };
  std::string name_;
  bool local_ = false;
  std::int32_t first_ = 0;       // before the first change
  std::vector<Change> changes_;  // rising
  std::optional<ZoneRule> rule_;
};

/// A calendar month: 202611, from its first midnight to the next month's.
struct Month {
  std::int32_t number = 0;
  UnixMillis begin = 0;
  UnixMillis end = 0;
};
std::int32_t month_number(const TimeZone& zone, UnixMillis time);
Month find_month(const TimeZone& zone, UnixMillis time);
/// "2026-11".
std::string month_text(std::int32_t number);

}  // namespace pg
