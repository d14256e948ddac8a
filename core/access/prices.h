// What a call cost: price rows by provider and model, and the sum for one reply's usage. Whole nano-USD all the way.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/wire/usage.h"

namespace pg {

/// 0.000000001 USD.
using Nanos = std::int64_t;

/// Nano-USD for a million tokens; -1 = there is no such price.
struct Rates {
  Nanos input = -1;
  Nanos output = -1;
  Nanos cache_read = -1;      // -1: as input
  Nanos cache_write = -1;     // -1: as input
  Nanos cache_write_1h = -1;  // -1: as cache_write
};

struct Price {
  std::string provider;             // name or vendor of the provider
  std::string model;                // a glob, in any case
  std::vector<std::string> models;  // further globs of the same price
  Rates rates;
  std::int64_t long_over = 0;  // input tokens above which `long_rates` hold for the whole call; 0 = never
  Rates long_rates;            // -1: grows as the input does
  UnixMillis next_from = 0;    // `next` holds from then on; 0 = none announced
  Rates next;
  std::int64_t context = 0;  // tokens a call may hold; 0 = not known
  std::string checked;       // "2026-08-02": when the figures were looked up
};

struct Cost {
  Nanos nanos = 0;
  bool estimated = false;  // the provider did not say what was used
};

/// `known` with rough numbers, from the sizes of a call's body and of its answer, where the provider sent none: all of them when
/// those it sent are doubtful, and the output of a stream that ended before it was counted.
Usage estimate_usage(const Usage& known, std::int64_t bytes_in, std::int64_t bytes_out, bool stream);

/// Immutable, so that threads may share it.
class PriceTable {
 public:
  /// `own` rows stand above the shipped ones, and among both later ones above earlier ones. `version` names the figures, for old
  /// rows of the log; `vendors` says whose prices a provider of the user's own has.
  PriceTable(std::vector<Price> shipped, std::vector<Price> own, std::string version,
             std::map<std::string, std::string, std::less<>> vendors = {});

  /// The row for that provider and model, or nullptr: a price that is not known is not zero.
  const Price* find(std::string_view provider, std::string_view model) const;
  /// nullopt when a price is not known. Numbers of `usage` that are -1 count as nothing.
  static std::optional<Nanos> cost(const Price& price, const Usage& usage, UnixMillis time);

  const std::string& version() const { return version_; }

 private:
  std::vector<Price> shipped_;
  std::vector<Price> own_;
  std::string version_;
  std::map<std::string, std::string, std::less<>> vendors_;
};

/// "2.50", "0.003625" or "$5" in nano-USD; nullopt for anything else, for more than nine decimals and for over a million.
std::optional<Nanos> parse_usd(std::string_view text);
/// What people write for an amount: "50 USD", "$50" or "50".
std::optional<Nanos> parse_amount(std::string_view text);
/// "$0.0231", "$1.93", "$214": few digits, for people; never "$0.00" for something.
std::string format_usd(Nanos nanos);
/// "0.0231": exact, as short as it can be, for programs.
std::string spell_usd(Nanos nanos);

}  // namespace pg
