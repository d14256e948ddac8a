// What a row of the log cost, and what it lost with the provider's prompt cache. Belongs to one thread.
#pragma once

#include <cstdint>

#include "core/access/cache_breaks.h"
#include "core/access/prices.h"
#include "core/store/log_store.h"

namespace pg {

/// Rows that follow each other mostly ask for the same price. Lives no longer than its table and the rows it was asked for.
class PriceFinder {
 public:
  explicit PriceFinder(const PriceTable& prices) : prices_(prices) {}
  /// The price of what the provider says it served, else of what it was sent, else of what was asked for; nullptr when there is
  /// none.
  const Price* find(const LogRow& row);

 private:
  const PriceTable& prices_;
  const LogRow* last_ = nullptr;
  const Price* price_ = nullptr;
};

/// Puts an estimate in the place of counts that cannot be paid by: doubtful ones, what a stream began with, and the input of a
/// call that was `sent_in_vain`: whole, and then given up by its client or with its key before a byte of the answer had come.
void settle_usage(LogRow& row, bool sent_in_vain);

/// Sets row.cost and row.price; `version` is the id of the table's figures.
void price_row(LogRow& row, PriceFinder& finder, std::int64_t version);

/// Sets row.cache_break and what goes with it. The loss is what the call cost more than had those tokens come from the cache, the
/// price of writing them there anew included.
void mark_cache_break(LogRow& row, CacheBreaks& breaks, PriceFinder& finder);

}  // namespace pg
