// Groups are gathered in memory, so that a batch costs one statement per group and not one per row.
#include "core/store/log_rollup.h"

#include <algorithm>
#include <limits>
#include <string_view>
#include <utility>

#include "core/store/log_store.h"

namespace pg {
namespace {

// Callers choose model names, agents and sessions: beyond so many in one period they share a row, so that no caller fills the
// disk.
constexpr std::size_t kMaxHourGroups = 1'000;
constexpr std::size_t kMaxDayGroups = 10'000;
constexpr std::size_t kMaxGroupName = 200;
constexpr std::size_t kNoGroup = std::numeric_limits<std::size_t>::max();

constexpr std::string_view kAddHour =
    "INSERT INTO log_hours VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, "
    "?21, "
    "?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31) ON CONFLICT DO UPDATE SET requests = requests + ?11, cost = cost + ?12, "
    "unpriced = unpriced + ?13, estimated = estimated + ?14, input_tokens = input_tokens + ?15, "
    "output_tokens = output_tokens + ?16, cached_tokens = cached_tokens + ?17, cache_write_tokens = cache_write_tokens + ?18, "
    "reasoning_tokens = reasoning_tokens + ?19, redacted = redacted + ?20, blocked = blocked + ?21, "
    "most_latency_ms = max(most_latency_ms, ?22), most_ttft_ms = max(most_ttft_ms, ?23), "
    "most_input_tokens = max(most_input_tokens, ?24), most_output_tokens = max(most_output_tokens, ?25), "
    "most_cost = max(most_cost, ?26), first_seq = min(first_seq, ?27), last_seq = max(last_seq, ?28), "
    "cache_breaks = cache_breaks + ?29, cache_lost = cache_lost + ?30, cache_lost_cost = cache_lost_cost + ?31";

constexpr std::string_view kAddDay =
    "INSERT INTO log_sessions VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, "
    "?21, ?22, ?23, ?24, ?25) ON CONFLICT DO UPDATE SET first_time = min(first_time, ?7), last_time = max(last_time, ?8), "
    "requests = requests + ?9, cost = cost + ?10, unpriced = unpriced + ?11, estimated = estimated + ?12, "
    "input_tokens = input_tokens + ?13, output_tokens = output_tokens + ?14, cached_tokens = cached_tokens + ?15, "
    "cache_write_tokens = cache_write_tokens + ?16, reasoning_tokens = reasoning_tokens + ?17, redacted = redacted + ?18, "
    "blocked = blocked + ?19, errors = errors + ?20, first_seq = min(first_seq, ?21), last_seq = max(last_seq, ?22), "
    "cache_breaks = cache_breaks + ?23, cache_lost = cache_lost + ?24, cache_lost_cost = cache_lost_cost + ?25";

void bind_sums(Statement& to, int& at, const LogSums& sums) {
  for (const std::int64_t value :
       {sums.requests, sums.cost, sums.unpriced, sums.estimated, sums.input_tokens, sums.output_tokens, sums.cached_tokens,
        sums.cache_write_tokens, sums.reasoning_tokens, sums.redacted, sums.blocked})
    to.bind(++at, value);
}

void bind_cache(Statement& to, int& at, const LogSums& sums) {
  for (const std::int64_t value : {sums.cache_breaks, sums.cache_lost, sums.cache_lost_cost}) to.bind(++at, value);
}

}  // namespace

void LogSums::add(const LogRow& row) {
  ++requests;
  cost += zero_if_unknown(row.cost);
  unpriced += row.price == kPriceUnknown ? 1 : 0;
  estimated += row.price > 0 && row.price % 2 == 1 ? 1 : 0;
  input_tokens += zero_if_unknown(row.usage.input_tokens);
  output_tokens += zero_if_unknown(row.usage.output_tokens);
  cached_tokens += zero_if_unknown(row.usage.cached_tokens);
  cache_write_tokens += zero_if_unknown(row.usage.cache_write_tokens);
  reasoning_tokens += zero_if_unknown(row.usage.reasoning_tokens);
  redacted += row.redactions.empty() ? 0 : 1;
  blocked += row.blocked.empty() ? 0 : 1;
  errors += row.outcome == "error" ? 1 : 0;
  cache_breaks += row.cache_break.empty() ? 0 : 1;
  cache_lost += zero_if_unknown(row.cache_lost);
  cache_lost_cost += zero_if_unknown(row.cache_lost_cost);
}

void LogSums::add(const LogSums& other) {
  requests += other.requests;
  cost += other.cost;
  unpriced += other.unpriced;
  estimated += other.estimated;
  input_tokens += other.input_tokens;
  output_tokens += other.output_tokens;
  cached_tokens += other.cached_tokens;
  cache_write_tokens += other.cache_write_tokens;
  reasoning_tokens += other.reasoning_tokens;
  redacted += other.redacted;
  blocked += other.blocked;
  errors += other.errors;
  cache_breaks += other.cache_breaks;
  cache_lost += other.cache_lost;
  cache_lost_cost += other.cache_lost_cost;
}

// names[first_open, end_open) are the caller's own words.
std::size_t LogRollup::find_group(Groups& groups, std::int64_t period, std::int64_t status, std::vector<std::string>& names,
                                  std::size_t first_open, std::size_t end_open, std::size_t limit) {
  const auto spell = [&] {
    key_ = std::to_string(period) + '\n' + std::to_string(status);
    for (const std::string& name : names) (key_ += '\n') += name;
  };
  for (std::size_t i = first_open; i < end_open; ++i)
    if (names[i].size() > kMaxGroupName || names[i] == "*") names[i] = "*";
  spell();
  if (const auto found = groups.by_key.find(key_); found != groups.by_key.end()) return found->second;
  if (period > groups.newest) {
    groups.newest = period;
    groups.known.clear();
  }
  if (!groups.known.contains(key_)) {
    if (groups.known.size() < limit) {
      groups.known.insert(key_);
    } else {
      for (std::size_t i = first_open; i < end_open; ++i) names[i] = "*";
      spell();
    }
  }
  const auto [place, fresh] = groups.by_key.try_emplace(key_, groups.list.size());
  if (fresh) {
    Group group;
    group.period = period;
    group.names = names;
    group.status = status;
    groups.list.push_back(std::move(group));
  }
  return place->second;
}

std::size_t LogRollup::hour_group(const LogRow& row) {
  names_.assign({row.project, row.key, row.dialect, row.provider, row.outcome, row.agent, row.model, row.model_served});
  return find_group(hours_, row.time / kHour, row.status, names_, 5, 8, kMaxHourGroups);
}

std::size_t LogRollup::day_group(const LogRow& row) {
  names_.assign({row.project, row.key, row.agent, row.session, row.agent_version});
  return find_group(days_, row.time / kDay, 0, names_, 2, 5, kMaxDayGroups);
}

LogRollup::Place LogRollup::place_of(const LogRow& row) {
  Place place;
  place.hour = row.time / kHour;
  place.hour_group = hour_group(row);
  place.day_group = row.agent.empty() && row.session.empty() ? kNoGroup : day_group(row);
  return place;
}

void LogRollup::add(const LogRow& row, std::int64_t seq, std::int64_t names) {
  Place& place = places_[names];
  if (place.hour != row.time / kHour) place = place_of(row);
  const auto widen = [seq](Group& group) {
    group.first_seq = group.first_seq == 0 ? seq : std::min(group.first_seq, seq);
    group.last_seq = std::max(group.last_seq, seq);
  };
  Group& hour = hours_.list[place.hour_group];
  hour.sums.add(row);
  const std::int64_t values[] = {row.latency_ms, row.ttft_ms, row.usage.input_tokens, row.usage.output_tokens, row.cost};
  for (std::size_t i = 0; i < std::size(values); ++i) hour.most[i] = std::max(hour.most[i], values[i]);
  widen(hour);
  if (place.day_group == kNoGroup) return;
  Group& day = days_.list[place.day_group];
  day.first_time = day.first_time == 0 ? row.time : std::min(day.first_time, row.time);
  day.last_time = std::max(day.last_time, row.time);
  day.sums.add(row);
  widen(day);
}

Status LogRollup::write_hours(Db& db) {
  if (!add_hour_) {
    PG_TRY(Statement made, db.prepare(kAddHour));
    add_hour_.emplace(std::move(made));
  }
  constexpr std::size_t kOrder[] = {0, 1, 5, 2, 3, 6, 7};  // as the table's columns come
  for (const Group& group : hours_.list) {
    int at = 0;
    add_hour_->bind(++at, group.period);
    for (const std::size_t i : kOrder) add_hour_->bind_view(++at, group.names[i]);
    add_hour_->bind(++at, group.status);
    add_hour_->bind_view(++at, group.names[4]);
    bind_sums(*add_hour_, at, group.sums);
    for (const std::int64_t most : group.most) add_hour_->bind(++at, most);
    add_hour_->bind(at + 1, group.first_seq).bind(at + 2, group.last_seq);
    at += 2;
    bind_cache(*add_hour_, at, group.sums);
    if (auto done = add_hour_->run(); !done) return done;
  }
  return {};
}

Status LogRollup::write_days(Db& db) {
  if (days_.list.empty()) return {};
  if (!add_day_) {
    PG_TRY(Statement made, db.prepare(kAddDay));
    add_day_.emplace(std::move(made));
  }
  constexpr std::size_t kOrder[] = {3, 0, 1, 2, 4};
  for (const Group& group : days_.list) {
    int at = 0;
    add_day_->bind(++at, group.period);
    for (const std::size_t i : kOrder) add_day_->bind_view(++at, group.names[i]);
    add_day_->bind(at + 1, group.first_time).bind(at + 2, group.last_time);
    at += 2;
    bind_sums(*add_day_, at, group.sums);
    add_day_->bind(at + 1, group.sums.errors).bind(at + 2, group.first_seq).bind(at + 3, group.last_seq);
    at += 3;
    bind_cache(*add_day_, at, group.sums);
    if (auto done = add_day_->run(); !done) return done;
  }
  return {};
}

Status LogRollup::write(Db& db) {
  if (auto done = write_hours(db); !done) return done;
  if (auto done = write_days(db); !done) return done;
  discard();
  return {};
}

void LogRollup::discard() {
  places_.clear();
  for (Groups* groups : {&hours_, &days_}) {
    groups->list.clear();
    groups->by_key.clear();
  }
}

}  // namespace pg
