// TZif files hold the changes of the past; the rule in their last line goes on from there.
#include "core/base/time_zone.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "core/base/ascii.h"
#include "core/base/text.h"

namespace pg {
namespace {

constexpr std::size_t kHead = 44;          // RFC 8536 §3.1
constexpr std::size_t kMaxFile = 1 << 20;  // the largest real one has 4 KB
constexpr std::int64_t kDaySeconds = 86'400;

struct CivilDate {
  std::int64_t year = 1970;
  int month = 1, day = 1;
};

// Days since 1970-01-01 of a date in the proleptic Gregorian calendar: years counted from March, in eras of 400 years.
std::int64_t days_of(CivilDate date) {
  const std::int64_t year = date.year - (date.month <= 2 ? 1 : 0);
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const std::int64_t of_era = year - era * 400;
  const std::int64_t of_year = (153 * (date.month + (date.month > 2 ? -3 : 9)) + 2) / 5 + date.day - 1;
  return era * 146'097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719'468;
}

CivilDate date_of(std::int64_t days) {
  const std::int64_t shifted = days + 719'468;
  const std::int64_t era = (shifted >= 0 ? shifted : shifted - 146'096) / 146'097;
  const std::int64_t of_era = shifted - era * 146'097;
  const std::int64_t year = (of_era - of_era / 1460 + of_era / 36'524 - of_era / 146'096) / 365;
  const std::int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
  const std::int64_t part = (5 * of_year + 2) / 153;
  const int month = static_cast<int>(part < 10 ? part + 3 : part - 9);
  return {year + era * 400 + (month <= 2 ? 1 : 0), month, static_cast<int>(of_year - (153 * part + 2) / 5 + 1)};
}

std::int64_t floor_div(std::int64_t value, std::int64_t by) {
  return value / by - (value % by < 0 ? 1 : 0);
}

bool is_leap(std::int64_t year) {
  return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

// Local seconds since 1970 at which `day` of that year comes, as a clock without zone would count them.
std::int64_t local_seconds(const ZoneRule::Day& day, std::int64_t year) {
  std::int64_t days = 0;
  if (day.kind == ZoneRule::Day::Kind::month) {
    const std::int64_t first = days_of({year, day.month, 1});
    const std::int64_t weekday = ((first + 4) % 7 + 7) % 7;  // 1970-01-01 was a Thursday
    days = first + (day.weekday - weekday + 7) % 7 + (day.week - 1) * 7;
    const std::int64_t next = day.month == 12 ? days_of({year + 1, 1, 1}) : days_of({year, day.month + 1, 1});
    while (days >= next) days -= 7;  // week 5 is the last one
  } else {
    days = days_of({year, 1, 1}) + day.day;
    // Julian days leave out 29 February.
    if (day.kind == ZoneRule::Day::Kind::julian) days += (is_leap(year) && day.day >= 60 ? 1 : 0) - 1;
  }
  return days * kDaySeconds + day.time;
}

std::int32_t rule_offset(const ZoneRule& rule, std::int64_t seconds) {
  if (!rule.has_summer) return rule.standard;
  const std::int64_t year = date_of(floor_div(seconds + rule.standard, kDaySeconds)).year;
  const std::int64_t begin = local_seconds(rule.begin, year) - rule.standard;
  const std::int64_t end = local_seconds(rule.end, year) - rule.summer;
  const bool summer = begin <= end ? seconds >= begin && seconds < end : seconds >= begin || seconds < end;
  return summer ? rule.summer : rule.standard;
}

/// Reads the pieces of a POSIX TZ text, one after the other.
class RuleReader {
 public:
  explicit RuleReader(std::string_view text) : rest_(text) {}
  bool done() const { return rest_.empty(); }
  bool eat(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool at_comma() const { return !rest_.empty() && rest_.front() == ','; }

  bool name() {
    const bool quoted = eat('<');
    const auto fits = [quoted](char c) { return is_letter(c) || (quoted && (is_digit(c) || c == '+' || c == '-')); };
    std::size_t size = 0;
    while (size < rest_.size() && fits(rest_[size])) ++size;
    rest_.remove_prefix(size);
    return size >= 3 && (!quoted || eat('>'));
  }
  std::optional<int> number(int most) {
    int value = 0;
    std::size_t size = 0;
    while (size < rest_.size() && size < 4 && is_digit(rest_[size])) value = value * 10 + (rest_[size++] - '0');
    rest_.remove_prefix(size);
    if (size == 0 || value > most) return std::nullopt;
    return value;
  }
  // "[+-]hh[:mm[:ss]]" in seconds.
  std::optional<std::int32_t> time() {
    const bool minus = eat('-');
    if (!minus) eat('+');
    const auto hours = number(167);
    if (!hours) return std::nullopt;
    std::int32_t seconds = *hours * 3600;
    for (const std::int32_t unit : {60, 1}) {
      if (!eat(':')) break;
      const auto part = number(59);
      if (!part) return std::nullopt;
      seconds += *part * unit;
    }
    return minus ? -seconds : seconds;
  }
  std::optional<ZoneRule::Day> day() {
    ZoneRule::Day day;
    if (eat('M')) {
      const auto month = number(12);
      const auto week = eat('.') ? number(5) : std::nullopt;
      const auto weekday = eat('.') ? number(6) : std::nullopt;
      if (!month || !week || !weekday || *month < 1 || *week < 1) return std::nullopt;
      day.month = *month;
      day.week = *week;
      day.weekday = *weekday;
    } else {
      day.kind = eat('J') ? ZoneRule::Day::Kind::julian : ZoneRule::Day::Kind::ordinal;
      const auto ordinal = number(365);
      if (!ordinal || (day.kind == ZoneRule::Day::Kind::julian && *ordinal < 1)) return std::nullopt;
      day.day = *ordinal;
    }
    if (!eat('/')) return day;
    const auto when = time();
    if (!when) return std::nullopt;
    day.time = *when;
    return day;
  }

 private:
  std::string_view rest_;
};

std::int64_t big_endian(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = (static_cast<unsigned char>(bytes[at]) & 0x80) != 0 && size == 8 ? ~std::uint64_t{0} : 0;
  for (std::size_t i = 0; i < size; ++i) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return size == 4 ? static_cast<std::int32_t>(static_cast<std::uint32_t>(value)) : static_cast<std::int64_t>(value);
}

struct TzifCounts {
  std::size_t utc = 0, standard = 0, leaps = 0, times = 0, types = 0, chars = 0;
  std::size_t body(std::size_t time_size) const {
    return times * (time_size + 1) + types * 6 + chars + leaps * (time_size + 4) + standard + utc;
  }
};

std::optional<TzifCounts> read_counts(std::string_view bytes, std::size_t at) {
  if (bytes.size() < at + kHead || bytes.substr(at, 4) != "TZif") return std::nullopt;
  std::size_t counts[6];
  for (std::size_t i = 0; i < 6; ++i) {
    const std::int64_t count = big_endian(bytes, at + 20 + i * 4, 4);
    if (count < 0 || count > 100'000) return std::nullopt;
    counts[i] = static_cast<std::size_t>(count);
  }
  return TzifCounts{counts[0], counts[1], counts[2], counts[3], counts[4], counts[5]};
}

std::string zone_directory() {
  const char* named = std::getenv("TZDIR");
  return named != nullptr && *named != '\0' ? named : "/usr/share/zoneinfo";
}

bool is_zone_name(std::string_view name) {
  const auto fits = [](char c) { return is_alnum(c) || std::string_view("/_+-").find(c) != std::string_view::npos; };
  return !name.empty() && name.size() < 64 && name.front() != '/' && name.back() != '/' &&
         std::all_of(name.begin(), name.end(), fits);
}

Error no_such_zone(const std::string& name) {
  const std::string root = zone_directory();
  std::vector<std::string> names{"UTC", "local"};
  std::error_code failed;
  for (std::filesystem::recursive_directory_iterator at(root, failed), end; !failed && at != end; at.increment(failed)) {
    const std::string found = at->path().lexically_relative(root).string();
    if (found == "posix" || found == "right") at.disable_recursion_pending();
    if (is_zone_name(found) && found.find('/') != std::string::npos && at->is_regular_file(failed)) names.push_back(found);
  }
  const std::vector<std::string_view> views(names.begin(), names.end());
  const auto near = find_nearest(name, views);
  std::string message = fmt::format("there is no time zone \"{}\"", escape_controls(std::string_view(name).substr(0, 64)));
  if (near) message += fmt::format(", did you mean \"{}\"?", *near);
  if (names.size() == 2) message += fmt::format(" (no zones in {}: is tzdata installed?)", root);
  return make_error(Code::not_found, std::move(message));
}

}  // namespace

Result<ZoneRule> parse_zone_rule(std::string_view text) {
  const Error bad = make_error(Code::bad_request, "not the rule of a time zone");
  RuleReader reader(text);
  ZoneRule rule;
  if (!reader.name()) return bad;
  const auto west = reader.time();  // POSIX counts westward
  if (!west) return bad;
  rule.standard = rule.summer = -*west;
  if (reader.done()) return rule;
  if (!reader.name()) return bad;
  rule.has_summer = true;
  rule.summer = rule.standard + 3600;
  if (!reader.at_comma()) {
    const auto other = reader.time();
    if (!other) return bad;
    rule.summer = -*other;
  }
  if (!reader.eat(',')) return bad;
  const auto begin = reader.day();
  const auto end = begin && reader.eat(',') ? reader.day() : std::nullopt;
  if (!end || !reader.done()) return bad;
  rule.begin = *begin;
  rule.end = *end;
  return rule;
}

// The second block, with 64-bit times, stands behind the first; a file of version 1 has only that.
Result<TimeZone> TimeZone::read(std::string_view bytes, std::string name) {
  const Error bad = make_error(Code::bad_request, "not a TZif file");
  auto counts = read_counts(bytes, 0);
  if (!counts) return bad;
  std::size_t at = 0, time_size = 4;
  if (bytes[4] >= '2') {
    at = kHead + counts->body(4);
    time_size = 8;
    counts = read_counts(bytes, at);
    if (!counts) return bad;
  }
  at += kHead;
  if (counts->types == 0 || bytes.size() < at + counts->body(time_size)) return bad;
  const std::size_t kinds = at + counts->times * time_size, types = kinds + counts->times;
  const auto type_offset = [&](std::size_t type) { return static_cast<std::int32_t>(big_endian(bytes, types + type * 6, 4)); };
  TimeZone zone;
  zone.name_ = std::move(name);
  zone.first_ = type_offset(0);
  for (std::size_t i = 0; i < counts->times; ++i) {
    const std::size_t type = static_cast<unsigned char>(bytes[kinds + i]);
    const std::int64_t when = big_endian(bytes, at + i * time_size, time_size);
    if (type >= counts->types || (!zone.changes_.empty() && when <= zone.changes_.back().at)) return bad;
    zone.changes_.push_back({when, type_offset(type)});
  }
  if (time_size == 4) return zone;
  std::string_view footer = bytes.substr(at + counts->body(time_size));
  if (footer.size() < 2 || footer.front() != '\n' || footer.find('\n', 1) == std::string_view::npos) return bad;
  footer = footer.substr(1, footer.find('\n', 1) - 1);
  if (footer.empty()) return zone;
  PG_TRY(zone.rule_, parse_zone_rule(footer));
  return zone;
}

Result<std::shared_ptr<const TimeZone>> TimeZone::find(const std::string& name) {
  TimeZone plain;
  plain.name_ = name;
  if (name == "UTC") return std::make_shared<const TimeZone>(std::move(plain));
  if (name == "local") {
    ::tzset();
    plain.local_ = true;
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    if (::localtime_r(&now, &parts) != nullptr && parts.tm_zone != nullptr)
      plain.name_ = fmt::format("local ({})", parts.tm_zone);
    return std::make_shared<const TimeZone>(std::move(plain));
  }
  if (!is_zone_name(name)) return no_such_zone(name);
  std::error_code failed;
  const std::string path = zone_directory() + "/" + name;
  if (!std::filesystem::is_regular_file(path, failed)) return no_such_zone(name);
  std::ifstream file(path, std::ios::binary);
  std::string bytes(kMaxFile, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  auto zone = read(bytes, name);
  if (!zone) return make_error(Code::not_found, fmt::format("{}: {}", path, zone.error().message));
  return std::make_shared<const TimeZone>(std::move(zone).value());
}

std::int32_t TimeZone::offset(UnixMillis time) const {
  const std::int64_t seconds = floor_div(time, 1000);
  if (local_) {
    const auto at = static_cast<std::time_t>(seconds);
    std::tm parts{};
    return ::localtime_r(&at, &parts) == nullptr ? 0 : static_cast<std::int32_t>(parts.tm_gmtoff);
  }
  const auto after = std::upper_bound(changes_.begin(), changes_.end(), seconds,
                                      [](std::int64_t t, const Change& change) { return t < change.at; });
  if (after == changes_.end() && rule_) return rule_offset(*rule_, seconds);
  return after == changes_.begin() ? first_ : std::prev(after)->offset;
}

std::int32_t month_number(const TimeZone& zone, UnixMillis time) {
  const CivilDate date = date_of(floor_div(floor_div(time, 1000) + zone.offset(time), kDaySeconds));
  return static_cast<std::int32_t>(date.year * 100 + date.month);
}

namespace {

// Where a month begins, in a zone whose offset may change that very night.
UnixMillis midnight(const TimeZone& zone, CivilDate date) {
  const std::int64_t local = days_of(date) * kDaySeconds;
  std::int64_t seconds = local - zone.offset(local * 1000);
  seconds = local - zone.offset(seconds * 1000);
  return seconds * 1000;
}

}  // namespace

Month find_month(const TimeZone& zone, UnixMillis time) {
  const std::int32_t number = month_number(zone, time);
  const int year = number / 100, month = number % 100;
  return {number, midnight(zone, {year, month, 1}),
          month == 12 ? midnight(zone, {year + 1, 1, 1}) : midnight(zone, {year, month + 1, 1})};
}

std::string month_text(std::int32_t number) {
  return fmt::format("{:04}-{:02}", number / 100, number % 100);
}

}  // namespace pg
