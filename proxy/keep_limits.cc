// Messages say which limit it was, whose, and when it opens again: they are what people see in their agents.
#include "proxy/keep_limits.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "core/route/routes.h"
#include "core/wire/call_size.h"

namespace pg {
namespace {

constexpr std::string_view kOverRate = "over-rate";
// Bodies up to that size are taken at two bytes a token, about twice what they cost; larger ones are read.
constexpr std::size_t kSmallBody = 64u << 10;

/// The key's, the project's, and the project's for this path or endpoint; each may be nullptr.
std::array<const CallLimits*, 3> limits_of(const Exchange& x) {
  const CallLimits* key = x.caller == nullptr ? nullptr : x.caller->limits.get();
  if (x.endpoint != nullptr) return {key, x.project->limits.get(), x.endpoint->is.limits.get()};
  const auto& endpoints = x.project->endpoint_limits;
  const bool counts = x.surface.operation == Operation::count_tokens;
  const auto own = endpoints.empty() ? endpoints.end() : endpoints.find(route_path(x.surface.dialect, counts));
  return {key, x.project->limits.get(), own == endpoints.end() ? nullptr : &own->second};
}

Error over_rate(Exchange& x, const OverRate& over, std::string_view whose) {
  const auto seconds = std::max<std::int64_t>(std::chrono::ceil<std::chrono::seconds>(over.wait).count(), 1);
  x.retry_after = static_cast<std::uint32_t>(seconds);
  return make_error(Code::rate_limited,
                    fmt::format("{} is limited to {} call{} {}; try again in {} s", whose, over.limit, over.limit == 1 ? "" : "s",
                                over.hourly ? "an hour" : "a minute", seconds),
                    std::string(kOverRate));
}

Status check_rates(Exchange& x) {
  const SteadyTime now = x.gw.clock.steady();
  std::array<Rate*, 3> counted{};
  std::size_t count = 0;
  for (const CallLimits* limits : limits_of(x)) {
    if (limits == nullptr || limits->rate == nullptr) continue;
    const auto over = limits->rate->take(now, limits->rules.rate);
    if (!over) {
      counted[count++] = limits->rate.get();
      continue;
    }
    while (count > 0) counted[--count]->give_back(now);
    return over_rate(x, *over, limits->whose);
  }
  return {};
}

Status check_tokens(const Exchange& x) {
  const CallLimits* tightest = nullptr;
  for (const CallLimits* limits : limits_of(x)) {
    if (limits == nullptr || limits->rules.max_tokens == 0) continue;
    if (tightest == nullptr || limits->rules.max_tokens < tightest->rules.max_tokens) tightest = limits;
  }
  if (tightest == nullptr) return {};
  const std::int64_t cap = tightest->rules.max_tokens;
  if (input_tokens_at_most(x.body) <= cap) return {};
  const std::int64_t tokens = estimate_call_tokens(x.surface.dialect, x.body);
  if (tokens <= cap) return {};
  return make_error(Code::too_many_tokens, fmt::format("this request has about {} tokens of input; {} may send {} in one request",
                                                       tokens, tightest->whose, cap));
}

const Price* find_price(const Exchange& x) {
  if (x.policy->prices == nullptr) return nullptr;
  const Price* price = x.policy->prices->find(x.to.provider->name, x.to.model);
  return price != nullptr ? price : x.policy->prices->find(x.to.provider->name, x.view.model);
}

// What the call may cost: all of its input at the dearest input rate, and the output it asks for, as far as that is set aside.
std::optional<Nanos> most_it_costs(const Exchange& x) {
  const Price* price = find_price(x);
  if (price == nullptr) return std::nullopt;
  const std::int64_t cap = x.policy->budgets.reserve_output;
  std::int64_t output = output_tokens_asked(x.surface.dialect, x.body);
  output = output < 0 ? cap : std::min(output, cap);
  if (x.to.provider->max_output_tokens != 0) output = std::min<std::int64_t>(output, x.to.provider->max_output_tokens);
  Usage usage;
  usage.input_tokens = x.body.size() <= kSmallBody ? static_cast<std::int64_t>(x.body.size() / 2)
                                                   : estimate_call_tokens(x.surface.dialect, x.body);
  usage.output_tokens = x.surface.dialect == DialectId::embeddings ? 0 : output;
  const auto plain = PriceTable::cost(*price, usage, x.row.time);
  usage.cache_write_tokens = usage.input_tokens;
  const auto cached = PriceTable::cost(*price, usage, x.row.time);
  if (!plain || !cached) return std::nullopt;
  return std::max(*plain, *cached);
}

Error unknown_price(const Exchange& x, const CallLimits& limits) {
  return make_error(Code::budget_exceeded,
                    fmt::format("{} has a budget, and what {} costs at {} is not known; a [prices] row or unknown_prices = "
                                "\"allow\" in pg.toml lets it through",
                                limits.whose, x.to.model.substr(0, 100), x.to.provider->name));
}

Error over_budget(const CallLimits& limits, std::int32_t month, Nanos wanted) {
  const Budget::State now = limits.budget->state(month);
  std::string held;
  if (now.held > 0) held = fmt::format(", {} is set aside for calls under way", format_usd(now.held));
  return make_error(Code::budget_exceeded,
                    fmt::format("{} has spent {} of its {} for {}{}; this call may cost {}", limits.whose, format_usd(now.spent),
                                format_usd(limits.rules.budget), month_text(month), held, format_usd(wanted)));
}

// What became of a key that may not be used any more.
std::string_view how_it_ended(const Key& now, const Key& then) {
  if (now.revoked != 0) return "was revoked";
  if (now.digest != then.digest) return "was rotated";
  return now.enabled ? "has expired" : "was disabled";
}

void note_budgets(Exchange& x, std::int32_t month) {
  x.budget_note.clear();
  for (const CallLimits* limits : limits_of(x)) {
    if (limits == nullptr || limits->budget == nullptr) continue;
    const Nanos spent = limits->budget->state(month).spent;
    const std::int64_t percent = spent * 100 / limits->rules.budget;
    if (percent < x.policy->budgets.warn_at) continue;
    x.budget_note += fmt::format("{}{}: {}% of {} USD spent in {}", x.budget_note.empty() ? "" : ", ", limits->whose, percent,
                                 spell_usd(limits->rules.budget), month_text(month));
  }
}

}  // namespace

Status check_limits(Exchange& x) {
  PG_TRY_STATUS(check_rates(x));
  return check_tokens(x);
}

Status set_aside(Exchange& x) {
  const CallLimits* budgeted = nullptr;
  for (const CallLimits* limits : limits_of(x))
    if (budgeted == nullptr && limits != nullptr && limits->budget != nullptr) budgeted = limits;
  if (budgeted == nullptr || x.to.provider->echo || x.surface.operation == Operation::count_tokens) return {};
  const std::int32_t month = month_number(*x.policy->budgets.zone, x.row.time);
  note_budgets(x, month);
  const std::optional<Nanos> most = most_it_costs(x);
  if (!most && !x.policy->budgets.unknown_prices) return unknown_price(x, *budgeted);
  if (!most) x.budget_note += fmt::format("{}price not known, not counted", x.budget_note.empty() ? "" : ", ");
  if (x.row.hold == nullptr) {
    x.row.hold = std::make_shared<Hold>(month);
    for (const CallLimits* limits : limits_of(x))
      if (limits != nullptr && limits->budget != nullptr) x.row.hold->add({limits->budget, limits->rules.budget});
  }
  const Hold::Part* refused = x.row.hold->try_resize(most.value_or(0));
  if (refused == nullptr) return {};
  for (const CallLimits* limits : limits_of(x))
    if (limits != nullptr && limits->budget == refused->budget) return over_budget(*limits, month, *most);
  return over_budget(*budgeted, month, *most);
}

Status count_provider_call(Exchange& x) {
  const Provider& provider = *x.to.provider;
  if (provider.rate == nullptr) return {};
  const auto over = provider.rate->take(x.gw.clock.steady(), provider.rate_rules);
  return over ? Status(over_rate(x, *over, "provider " + provider.name)) : Status{};
}

bool is_over_rate(const Error& error) {
  return error.code == Code::rate_limited && error.detail == kOverRate;
}

// The key as the newest policy has it: a time of expiry may have been put off since the call began, or set.
bool is_revoked(Exchange& x) {
  if (x.caller == nullptr || x.revoked) return x.revoked;
  const std::uint64_t number = x.gw.policy_version.load(std::memory_order_relaxed);
  if (number == x.keys_seen) return false;
  if (number == x.policy->version) {
    if (x.caller->expires == 0 || !x.policy->revoke_streams) return false;
    x.revoked_how = "has expired";
    return x.revoked = x.gw.clock.wall() >= x.caller->expires;
  }
  const std::shared_ptr<const Policy> now = x.gw.policy();
  const auto& keys = now->keys->keys();
  const auto same = std::find_if(keys.begin(), keys.end(), [&](const Key& key) { return key.id == x.caller->id; });
  // A key whose text was replaced is another one.
  if (same != keys.end()) x.revoked_how = how_it_ended(*same, *x.caller);
  const bool usable =
      same != keys.end() && same->digest == x.caller->digest && now->keys->check_usable(*same, x.gw.clock.wall()).has_value();
  if (!now->revoke_streams || (usable && same->expires == 0)) x.keys_seen = number;  // nothing can happen until the next change
  return x.revoked = now->revoke_streams && !usable;
}

Error revoked_error(const Exchange& x) {
  return make_error(Code::unauthenticated, fmt::format("the API key {} while the call was under way", x.revoked_how));
}

}  // namespace pg
