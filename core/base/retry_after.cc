// Only the one date form that servers may write is read: IMF-fixdate (RFC 9110 §5.6.7).
#include "core/base/retry_after.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <limits>

#include "core/base/ascii.h"
#include "core/base/text.h"

namespace pg {
namespace {

constexpr Millis kLongestWait{kDay};

// All digits, or nothing; what does not fit is the most there is.
std::optional<std::int64_t> read_digits(std::string_view text) {
  if (text.empty() || !std::all_of(text.begin(), text.end(), is_digit)) return std::nullopt;
  std::int64_t value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  return failed == std::errc() ? value : std::numeric_limits<std::int64_t>::max();
}

Millis at_most(std::int64_t count, Millis unit) {
  return count >= kLongestWait / unit ? kLongestWait : count * unit;
}

// "Sun, 06 Nov 1994 08:49:37 GMT"
std::optional<UnixMillis> read_date(std::string_view text) {
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (text.size() != 29 || text.substr(3, 2) != ", " || text.substr(25) != " GMT") return std::nullopt;
  const auto day = read_digits(text.substr(5, 2)), year = read_digits(text.substr(12, 4));
  const auto hour = read_digits(text.substr(17, 2)), minute = read_digits(text.substr(20, 2)),
             second = read_digits(text.substr(23, 2));
  const auto* month = std::find(kMonths.begin(), kMonths.end(), text.substr(8, 3));
  const bool marks = text[7] == ' ' && text[11] == ' ' && text[16] == ' ' && text[19] == ':' && text[22] == ':';
  if (!day || !year || !hour || !minute || !second || month == kMonths.end() || !marks) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)),
                                         std::chrono::month(static_cast<unsigned>(month - kMonths.begin() + 1)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  const auto days = std::chrono::sys_days(date).time_since_epoch();
  return std::chrono::duration_cast<Millis>(days).count() + ((*hour * 60 + *minute) * 60 + *second) * 1000;
}

}  // namespace

std::optional<Millis> parse_retry_after(std::string_view value, UnixMillis now) {
  value = trim(value);
  if (const auto seconds = read_digits(value)) return at_most(*seconds, Millis{1'000});
  const auto date = read_date(value);
  if (!date) return std::nullopt;
  return std::clamp(Millis{*date - now}, Millis{0}, kLongestWait);
}

std::optional<Millis> find_retry_after(const ReplyHead& head, UnixMillis now) {
  if (const auto field = head.find("retry-after-ms"))
    if (const auto millis = read_digits(trim(*field))) return at_most(*millis, Millis{1});
  if (const auto field = head.find("retry-after")) return parse_retry_after(*field, now);
  return std::nullopt;
}

}  // namespace pg
