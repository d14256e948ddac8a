// Units, exactly: nothing here is a floating-point number.
#include "core/store/log_measure.h"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <string>

#include "core/access/prices.h"
#include "core/base/text.h"

namespace pg {
namespace {

// Moments of before 1970 are as good as its beginning: no row is older.
std::int64_t moment_of(std::tm parts) {
  parts.tm_isdst = -1;
  return std::max<std::int64_t>(static_cast<std::int64_t>(::mktime(&parts)) * 1000, 0);
}

std::tm local_parts(std::int64_t time) {
  const auto seconds = static_cast<std::time_t>(time / 1000);
  std::tm parts{};
  ::localtime_r(&seconds, &parts);
  return parts;
}

std::int64_t local_midnight(std::int64_t time) {
  std::tm parts = local_parts(time);
  parts.tm_hour = parts.tm_min = parts.tm_sec = 0;
  return moment_of(parts);
}

// The midnight that begins the same day of the calendar here as `utc_midnight` does in Greenwich.
std::int64_t as_local(std::int64_t utc_midnight) {
  const auto seconds = static_cast<std::time_t>(utc_midnight / 1000);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  return moment_of(parts);
}

// The same day and time so many months ago; of a shorter month the last day.
std::int64_t months_ago(std::int64_t now, int months) {
  std::tm parts = local_parts(now);
  const int day = parts.tm_mday;
  parts.tm_mon -= months;
  parts.tm_isdst = -1;
  (void)::mktime(&parts);
  if (parts.tm_mday != day) parts.tm_mday = 0;  // of the month it ran over into
  return moment_of(parts);
}

// 15m, 2h, 7d, and what only the calendar knows: 2w, 3mo, 1y.
std::optional<std::int64_t> time_ago(std::string_view text, std::int64_t now) {
  if (const auto millis = parse_duration_ms(text)) return std::max<std::int64_t>(now - *millis, 0);
  constexpr int kMostAgo = 100'000;
  int count = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (failed != std::errc() || count < 0 || count > kMostAgo || text.front() == '-') return std::nullopt;
  const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  if (unit == "w") return std::max<std::int64_t>(now - count * 7 * kDay, 0);
  if (unit == "mo") return months_ago(now, count);
  if (unit == "y") return months_ago(now, count * 12);
  return std::nullopt;
}

bool is_date_of(std::size_t size, std::string_view text) {
  return text.size() == size && text[4] == '-';
}

// 1000, 10k, 1.5k, 2M
std::optional<std::int64_t> parse_number(std::string_view text) {
  std::int64_t unit = 1;
  if (!text.empty() && (text.back() == 'k' || text.back() == 'K')) unit = 1000;
  if (!text.empty() && (text.back() == 'M' || text.back() == 'm')) unit = 1'000'000;
  if (unit > 1) text.remove_suffix(1);
  const auto nanos = text.size() > 18 ? std::nullopt : parse_usd(text);  // decimals, exactly; "$" is not for numbers
  if (nanos && text.front() != '$') {
    const std::int64_t whole = *nanos / 1000 * unit;  // in millionths
    return whole % 1'000'000 == 0 && *nanos % 1000 == 0 ? std::optional(whole / 1'000'000) : std::nullopt;
  }
  std::int64_t number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool good = failed == std::errc() && end == text.data() + text.size() && number >= 0 && number < 1'000'000'000'000;
  return good ? std::optional(number * unit) : std::nullopt;
}

bool is_status_class(std::string_view text) {
  return text.size() == 3 && text[0] >= '1' && text[0] <= '5' && equals_ignore_case(text.substr(1), "xx");
}

}  // namespace

std::optional<LogReach> read_reach(LogKind kind, std::string_view text, std::int64_t now) {
  std::optional<std::int64_t> value;
  switch (kind) {
    case LogKind::status:
      if (is_status_class(text)) return LogReach{(text[0] - '0') * 100, (text[0] - '0') * 100 + 99};
      value = parse_number(text);
      if (value && *value > 999) return std::nullopt;
      break;
    case LogKind::size:
      value = parse_bytes(text);
      break;
    case LogKind::duration:
      value = parse_duration_ms(text);
      if (!value) value = parse_number(text);
      break;
    case LogKind::money:
      value = parse_usd(text);
      break;
    case LogKind::time:
      return read_moments(text, now);
    default:
      value = parse_number(text);
  }
  if (!value || *value < 0) return std::nullopt;
  return LogReach{*value, *value};
}

std::optional<LogReach> read_moments(std::string_view text, std::int64_t now) {
  const auto first = parse_moment(text, now);
  if (!first) return std::nullopt;
  if (is_date_of(10, text) || text == "today" || text == "yesterday")
    return LogReach{*first, local_midnight(*first + kDay * 3 / 2) - 1};
  if (!is_date_of(7, text)) return LogReach{*first, *first};
  std::tm next = local_parts(*first);
  next.tm_mday = 1;
  ++next.tm_mon;
  return LogReach{*first, moment_of(next) - 1};
}

std::optional<std::int64_t> parse_moment(std::string_view text, std::int64_t now) {
  if (text == "now") return now;
  if (text == "today") return local_midnight(now);
  if (text == "yesterday") return local_midnight(local_midnight(now) - kDay / 2);
  if (const auto ago = time_ago(text, now)) return ago;
  if (is_date_of(10, text) || is_date_of(7, text)) {
    const auto day = parse_rfc3339(text.size() == 7 ? std::string(text) + "-01" : std::string(text));
    return day ? std::optional(as_local(*day)) : std::nullopt;
  }
  auto time = parse_rfc3339(text);
  if (!time && text.size() > 16)  // 2026-11-20T10:00Z
    time = parse_rfc3339(std::string(text.substr(0, 16)) + ":00" + std::string(text.substr(16)));
  return time ? std::optional(std::max<std::int64_t>(*time, 0)) : std::nullopt;
}

}  // namespace pg
