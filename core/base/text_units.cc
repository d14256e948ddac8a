// Times, durations, counts and sizes as people write and read them.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "core/base/ascii.h"
#include "core/base/text.h"

namespace pg {
namespace {

/// Exactly `width` digits from the front of `text`, which shrinks; -1 when they are not there.
int take_digits(std::string_view& text, std::size_t width) {
  if (text.size() < width) return -1;
  int value = 0;
  for (const char c : text.substr(0, width)) {
    if (!is_digit(c)) return -1;
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(width);
  return value;
}

bool take_char(std::string_view& text, char wanted) {
  if (text.empty() || text.front() != wanted) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<std::chrono::sys_days> take_date(std::string_view& text) {
  const int year = take_digits(text, 4);
  const bool dash1 = take_char(text, '-');
  const int month = take_digits(text, 2);
  const bool dash2 = take_char(text, '-');
  const int day = take_digits(text, 2);
  if (year < 0 || month < 0 || day < 0 || !dash1 || !dash2) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date);
}

/// `hh:mm`, as milliseconds; hours up to 23.
std::optional<std::int64_t> take_minutes(std::string_view& text) {
  const int hour = take_digits(text, 2);
  const bool colon = take_char(text, ':');
  const int minute = take_digits(text, 2);
  if (hour < 0 || hour > 23 || !colon || minute < 0 || minute > 59) return std::nullopt;
  return (hour * 60 + minute) * std::int64_t{60'000};
}

/// `:ss` with an optional fraction, of which only milliseconds count.
std::optional<std::int64_t> take_seconds(std::string_view& text) {
  if (!take_char(text, ':')) return std::nullopt;
  const int second = take_digits(text, 2);
  if (second < 0 || second > 60) return std::nullopt;  // 60: a leap second
  std::int64_t millis = second * 1000;
  if (!take_char(text, '.')) return millis;
  if (text.empty() || !is_digit(text.front())) return std::nullopt;
  for (int worth = 100; !text.empty() && is_digit(text.front()); worth /= 10) {
    millis += (text.front() - '0') * worth;
    text.remove_prefix(1);
  }
  return millis;
}

std::optional<std::int64_t> take_offset(std::string_view& text) {
  if (take_char(text, 'Z') || take_char(text, 'z')) return 0;
  const bool west = take_char(text, '-');
  if (!west && !take_char(text, '+')) return std::nullopt;
  const auto minutes = take_minutes(text);
  if (!minutes) return std::nullopt;
  return west ? -*minutes : *minutes;
}

struct Unit {
  std::string_view name;
  std::int64_t worth;
};

constexpr Unit kDurationUnits[] = {{"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};

constexpr Unit kSizeUnits[] = {{"", 1},         {"k", 1'000},    {"m", 1'000'000},         {"g", 1'000'000'000}, {"ki", 1 << 10},
                               {"mi", 1 << 20}, {"gi", 1 << 30}, {"t", 1'000'000'000'000}, {"ti", 1ll << 40}};

/// A decimal number times `worth`; nullopt unless it is a whole number that fits.
std::optional<std::int64_t> scale(std::string_view number, std::int64_t worth) {
  const std::size_t dot = number.find('.');
  const std::string_view whole = number.substr(0, dot);
  std::string_view part = dot == std::string_view::npos ? std::string_view("0") : number.substr(dot + 1);
  if (whole.empty() || part.empty() || part.size() > 9) return std::nullopt;
  std::int64_t total = 0;
  std::int64_t below = 1;  // 10 to the number of decimals
  for (const char c : whole) {
    if (!is_digit(c) || __builtin_mul_overflow(total, 10, &total) || __builtin_add_overflow(total, c - '0', &total))
      return std::nullopt;
  }
  std::int64_t decimals = 0;
  for (const char c : part) {
    if (!is_digit(c)) return std::nullopt;
    decimals = decimals * 10 + (c - '0');
    below *= 10;
  }
  std::int64_t product = 0;
  if (__builtin_mul_overflow(total, worth, &total) || __builtin_mul_overflow(decimals, worth, &product)) return std::nullopt;
  if (product % below != 0 || __builtin_add_overflow(total, product / below, &total)) return std::nullopt;
  return total;
}

/// `value` in tenths of `unit`, cut and not rounded, so that 59.99 s never reads as 60.0s.
std::string format_tenths(std::uint64_t value, std::uint64_t unit) {
  return fmt::format("{}.{}", value / unit, value % unit * 10 / unit);
}

std::string format_magnitude(std::uint64_t millis) {
  const std::uint64_t seconds = millis / 1000;
  if (millis < 1000) return fmt::format("{}ms", millis);
  if (seconds < 60) return format_tenths(millis, 1000) + "s";
  if (seconds < 3600) return fmt::format("{}m {}s", seconds / 60, seconds % 60);
  if (seconds < 86'400) return fmt::format("{}h {}m", seconds / 3600, seconds / 60 % 60);
  return fmt::format("{}d {}h", seconds / 86'400, seconds / 3600 % 24);
}

std::uint64_t magnitude(std::int64_t value) {
  return value < 0 ? ~static_cast<std::uint64_t>(value) + 1 : static_cast<std::uint64_t>(value);
}

}  // namespace

std::string format_rfc3339(UnixMillis time) {
  using namespace std::chrono;
  constexpr UnixMillis kFirst = -62'167'219'200'000;  // 0000-01-01
  constexpr UnixMillis kLast = 253'402'300'799'999;   // 9999-12-31T23:59:59.999Z
  const sys_time<milliseconds> instant{milliseconds(std::clamp(time, kFirst, kLast))};
  const sys_days day = floor<days>(instant);
  const year_month_day date(day);
  const hh_mm_ss clock(instant - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
}

std::optional<UnixMillis> parse_rfc3339(std::string_view text) {
  const auto date = take_date(text);
  if (!date) return std::nullopt;
  const UnixMillis midnight = std::chrono::duration_cast<std::chrono::milliseconds>(date->time_since_epoch()).count();
  if (text.empty()) return midnight;
  if (!take_char(text, 'T') && !take_char(text, 't') && !take_char(text, ' ')) return std::nullopt;
  const auto minutes = take_minutes(text);
  if (!minutes) return std::nullopt;
  const auto seconds = take_seconds(text);
  if (!seconds) return std::nullopt;
  const auto offset = take_offset(text);
  if (!offset || !text.empty()) return std::nullopt;
  return midnight + *minutes + *seconds - *offset;
}

std::string format_duration(std::int64_t millis) {
  const std::string text = format_magnitude(magnitude(millis));
  return millis < 0 ? "-" + text : text;
}

std::string format_count(std::int64_t count) {
  const std::uint64_t size = magnitude(count);
  const std::string sign = count < 0 ? "-" : "";
  if (size < 1000) return sign + std::to_string(size);
  if (size < 1'000'000) return sign + format_tenths(size, 1000) + "k";
  if (size < 1'000'000'000) return sign + format_tenths(size, 1'000'000) + "M";
  return sign + format_tenths(size, 1'000'000'000) + "G";
}

std::optional<std::int64_t> parse_duration_ms(std::string_view text) {
  const std::size_t end = text.find_first_not_of("0123456789.");
  if (end == std::string_view::npos) return std::nullopt;
  for (const Unit& unit : kDurationUnits) {
    if (unit.name == text.substr(end)) return scale(text.substr(0, end), unit.worth);
  }
  return std::nullopt;
}

std::optional<std::int64_t> parse_bytes(std::string_view text) {
  const std::size_t end = std::min(text.find_first_not_of("0123456789."), text.size());
  std::string unit_name = to_lower(trim(text.substr(end)));
  if (!unit_name.empty() && unit_name.back() == 'b') unit_name.pop_back();
  for (const Unit& unit : kSizeUnits) {
    if (unit.name == unit_name) return scale(text.substr(0, end), unit.worth);
  }
  return std::nullopt;
}

}  // namespace pg
