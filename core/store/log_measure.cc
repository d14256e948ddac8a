// Units, exactly: nothing here is a floating-point number.
#include "core/store/log_measure.h"

#include <charconv>
#include <ctime>
#include <string>

#include "core/access/prices.h"
#include "core/base/text.h"

namespace pg {
namespace {

std::int64_t local_midnight(std::int64_t time) {
  auto seconds = static_cast<std::time_t>(time / 1000);
  std::tm parts{};
  ::localtime_r(&seconds, &parts);
  parts.tm_hour = parts.tm_min = parts.tm_sec = 0;
  parts.tm_isdst = -1;
  return static_cast<std::int64_t>(::mktime(&parts)) * 1000;
}

// The midnight that begins the same day of the calendar here as `utc_midnight` does in Greenwich.
std::int64_t as_local(std::int64_t utc_midnight) {
  const auto seconds = static_cast<std::time_t>(utc_midnight / 1000);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  parts.tm_isdst = -1;
  return static_cast<std::int64_t>(::mktime(&parts)) * 1000;
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
      value = parse_moment(text, now);
      if (value && ((text.size() == 10 && text[4] == '-') || text == "today" || text == "yesterday"))
        return LogReach{*value, local_midnight(*value + kDay * 3 / 2) - 1};
      break;
    default:
      value = parse_number(text);
  }
  if (!value || *value < 0) return std::nullopt;
  return LogReach{*value, *value};
}

std::optional<std::int64_t> parse_moment(std::string_view text, std::int64_t now) {
  if (text == "now") return now;
  if (text == "today") return local_midnight(now);
  if (text == "yesterday") return local_midnight(local_midnight(now) - kDay / 2);
  if (const auto millis = parse_duration_ms(text)) return now - *millis;
  if (text.size() == 10 && text[4] == '-') {
    const auto day = parse_rfc3339(text);
    return day ? std::optional(as_local(*day)) : std::nullopt;
  }
  if (const auto time = parse_rfc3339(text)) return time;
  if (text.size() <= 16) return std::nullopt;
  return parse_rfc3339(std::string(text.substr(0, 16)) + ":00" + std::string(text.substr(16)));  // 2026-11-20T10:00Z
}

}  // namespace pg
