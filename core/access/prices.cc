// Finding the row, and adding up.
#include "core/access/prices.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/base/ascii.h"
#include "core/base/text.h"

namespace pg {
namespace {

__extension__ using WideNanos = __int128;  // a billion tokens at a thousand dollars a million overflow 64 bits

constexpr Nanos kDollar = 1'000'000'000;
constexpr Nanos kMostNanos = 1'000'000 * kDollar;

// JSON around the words: four bytes a token in a request; a stream wraps a token or two in an event of its own.
constexpr std::int64_t kBytesPerToken = 4;
constexpr std::int64_t kBytesPerStreamedToken = 64;

Nanos scaled(Nanos rate, Nanos by, Nanos to) {
  if (rate < 0 || by <= 0 || to < 0) return rate;
  return static_cast<Nanos>(static_cast<WideNanos>(rate) * to / by);
}

// The rates of a long call: what has no figure of its own grows as the input's did.
Rates long_rates_of(const Rates& usual, Rates given) {
  if (given.input < 0) given.input = usual.input;
  const auto fill = [&](Nanos& rate, Nanos plain) {
    if (rate < 0) rate = scaled(plain, usual.input, given.input);
  };
  fill(given.output, usual.output);
  fill(given.cache_read, usual.cache_read);
  fill(given.cache_write, usual.cache_write);
  fill(given.cache_write_1h, usual.cache_write_1h);
  return given;
}

Rates rates_for(const Price& price, std::int64_t input_tokens, UnixMillis time) {
  Rates rates = price.rates;
  if (price.next_from > 0 && time >= price.next_from) {
    const auto take = [](Nanos& into, Nanos from) {
      if (from >= 0) into = from;
    };
    take(rates.input, price.next.input);
    take(rates.output, price.next.output);
    take(rates.cache_read, price.next.cache_read);
    take(rates.cache_write, price.next.cache_write);
    take(rates.cache_write_1h, price.next.cache_write_1h);
  }
  if (price.long_over > 0 && input_tokens > price.long_over) rates = long_rates_of(rates, price.long_rates);
  return rates;
}

bool fits(const std::string& pattern, const std::string& lower_model) {
  return pattern == lower_model || matches_glob(pattern, lower_model);
}

}  // namespace

Usage estimate_usage(const Usage& known, std::int64_t bytes_in, std::int64_t bytes_out, bool stream) {
  Usage usage = known;
  if (known.doubtful) {
    usage = {};
    usage.doubtful = true;
  }
  const std::int64_t output = bytes_out / (stream ? kBytesPerStreamedToken : kBytesPerToken);
  if (usage.input_tokens < 0) usage.input_tokens = bytes_in / kBytesPerToken;
  if (usage.output_tokens < 0 || usage.unfinished) usage.output_tokens = std::max(usage.output_tokens, output);
  usage.estimated = true;
  return usage;
}

PriceTable::PriceTable(std::vector<Price> shipped, std::vector<Price> own, std::string version,
                       std::map<std::string, std::string, std::less<>> vendors)
    : shipped_(std::move(shipped)), own_(std::move(own)), version_(std::move(version)), vendors_(std::move(vendors)) {
  for (std::vector<Price>* rows : {&shipped_, &own_})
    for (Price& row : *rows) {
      row.model = to_lower(row.model);
      for (std::string& model : row.models) model = to_lower(model);
    }
}

const Price* PriceTable::find(std::string_view provider, std::string_view model) const {
  const auto vendor = vendors_.find(provider);
  const std::string_view house = vendor == vendors_.end() ? provider : std::string_view(vendor->second);
  const std::string lower = to_lower(model);
  for (const std::vector<Price>* rows : {&own_, &shipped_}) {
    const Price* near = nullptr;
    for (auto row = rows->rbegin(); row != rows->rend(); ++row) {
      if (row->provider != provider && row->provider != house) continue;
      // A row of the model's very name stands above one that only begins like it.
      if (row->model == lower) return &*row;
      const bool also = std::any_of(row->models.begin(), row->models.end(), [&](const std::string& m) { return fits(m, lower); });
      if (near == nullptr && (also || fits(row->model, lower))) near = &*row;
    }
    if (near != nullptr) return near;
  }
  return nullptr;
}

std::optional<Nanos> PriceTable::cost(const Price& price, const Usage& usage, UnixMillis time) {
  const auto count = [](std::int64_t tokens) { return std::clamp<std::int64_t>(tokens, 0, kMaxTokens); };
  const std::int64_t input = count(usage.input_tokens);
  const std::int64_t cached = std::min(input, count(usage.cached_tokens));
  const std::int64_t written = std::min(input - cached, count(usage.cache_write_tokens));
  const std::int64_t written_1h = std::min(written, count(usage.cache_write_1h_tokens));
  const std::int64_t output = count(usage.output_tokens);
  const Rates rates = rates_for(price, input, time);
  if ((rates.input < 0 && input > 0) || (rates.output < 0 && output > 0)) return std::nullopt;
  const Nanos read_rate = rates.cache_read < 0 ? rates.input : rates.cache_read;
  const Nanos write_rate = rates.cache_write < 0 ? rates.input : rates.cache_write;
  const Nanos hour_rate = rates.cache_write_1h < 0 ? write_rate : rates.cache_write_1h;
  const WideNanos sum = WideNanos{input - cached - written} * rates.input + WideNanos{cached} * read_rate +
                        WideNanos{written - written_1h} * write_rate + WideNanos{written_1h} * hour_rate +
                        WideNanos{output} * rates.output;
  return static_cast<Nanos>(std::min<WideNanos>((sum + 500'000) / 1'000'000, kMostNanos));
}

std::optional<Nanos> parse_usd(std::string_view text) {
  if (!text.empty() && text.front() == '$') text.remove_prefix(1);
  const std::size_t point = std::min(text.find('.'), text.size());
  const std::string_view whole = text.substr(0, point);
  const std::string_view rest = text.substr(std::min(point + 1, text.size()));
  const auto is_digits = [](std::string_view part) { return !part.empty() && std::all_of(part.begin(), part.end(), is_digit); };
  if (!is_digits(whole) || whole.size() > 7 || rest.size() > 9 || (point < text.size() && !is_digits(rest))) return std::nullopt;
  Nanos nanos = 0;
  for (const char c : whole) nanos = nanos * 10 + (c - '0') * kDollar;
  Nanos place = kDollar / 10;
  for (const char c : rest) {
    nanos += (c - '0') * place;
    place /= 10;
  }
  return nanos <= kMostNanos ? std::optional(nanos) : std::nullopt;
}

std::optional<Nanos> parse_amount(std::string_view text) {
  text = trim(text);
  if (text.size() > 3 && to_lower(text.substr(text.size() - 3)) == "usd") text = trim(text.substr(0, text.size() - 3));
  return parse_usd(text);
}

std::string format_usd(Nanos nanos) {
  if (nanos < 0) return "-" + format_usd(-nanos);
  if (nanos == 0) return "$0";
  if (nanos >= 100 * kDollar) return fmt::format("${}", (nanos + kDollar / 2) / kDollar);
  if (nanos >= kDollar) return fmt::format("${}.{:02}", (nanos + 5'000'000) / kDollar, (nanos + 5'000'000) / 10'000'000 % 100);
  if (nanos < 50'000) return "<$0.0001";
  const Nanos tenths = (nanos + 50'000) / 100'000;  // of a thousandth
  if (tenths >= 10'000) return "$1.00";
  return fmt::format("$0.{:04}", tenths);
}

std::string spell_usd(Nanos nanos) {
  std::string text = fmt::format("{}{}.{:09}", nanos < 0 ? "-" : "", std::abs(nanos) / kDollar, std::abs(nanos) % kDollar);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

}  // namespace pg
