// Prices come from the table that was in force when the row was written; what a cache break cost is the difference of two such
// sums.
#include "proxy/price_row.h"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>

#include "core/wire/dialect.h"

namespace pg {
namespace {

bool is_model_call(const LogRow& row) {
  return !row.provider.empty() && !row.model.empty() && !row.path.ends_with("/count_tokens");
}

bool is_paid_for(const LogRow& row) {
  if (!is_model_call(row)) return false;
  const bool has_usage = row.usage.input_tokens >= 0 || row.usage.output_tokens >= 0;
  // A refusal costs nothing, and neither does what never came to an answer.
  const bool answered = row.status < 400 || row.status == 499;
  return has_usage || (row.outcome != "blocked" && answered && row.bytes_out > 0);
}

// Those who speak: another key is another customer of the provider's, as far as pg knows.
std::uint64_t owner_of(const LogRow& row) {
  const std::hash<std::string> hash;
  std::uint64_t owner = 0;
  for (const std::string* name : {&row.project_id, &row.key, &row.agent, &row.session})
    owner = (owner ^ hash(*name)) * 0x9E3779B97F4A7C15u;
  return owner;
}

CacheTurn turn_of(LogRow& row) {
  const std::hash<std::string> hash;
  CacheTurn turn;
  turn.owner = owner_of(row);
  turn.has_session = !row.session.empty();
  turn.provider = hash(row.provider);
  turn.model = hash(row.model_served.empty() ? row.model : row.model_served);
  turn.begun = row.time;
  turn.answered = row.time + std::max<std::int64_t>(row.upstream_ms, 0);
  turn.usage = row.usage;
  turn.prompt = std::move(row.prompt);
  return turn;
}

}  // namespace

const Price* PriceFinder::find(const LogRow& row) {
  if (last_ == nullptr || last_->provider != row.provider || last_->model != row.model ||
      last_->model_served != row.model_served || last_->model_sent != row.model_sent) {
    last_ = &row;
    price_ = row.model_served.empty() ? nullptr : prices_.find(row.provider, row.model_served);
    if (price_ == nullptr && !row.model_sent.empty()) price_ = prices_.find(row.provider, row.model_sent);
    if (price_ == nullptr && row.model_served.empty()) price_ = prices_.find(row.provider, provider_model(row));
    if (price_ == nullptr) price_ = prices_.find(row.provider, row.model);
  }
  return price_;
}

void settle_usage(LogRow& row, bool sent_in_vain) {
  if (row.usage.doubtful || row.usage.unfinished) {
    row.usage = estimate_usage(row.usage, row.bytes_in, row.bytes_out, row.stream);
  } else if (sent_in_vain && row.usage.input_tokens < 0 && is_model_call(row)) {
    row.usage = estimate_usage(row.usage, row.bytes_in, 0, row.stream);
  }
}

void price_row(LogRow& row, PriceFinder& finder, std::int64_t version) {
  row.cost = -1;
  row.price = 0;
  if (!is_paid_for(row)) return;
  row.price = kPriceUnknown;
  const Price* price = finder.find(row);
  if (price == nullptr) return;
  const Usage& said = row.usage;
  // Embeddings have no output, whatever their price says of it.
  const bool embeds = row.dialect == dialect(DialectId::embeddings).name;
  const bool estimated =
      said.estimated || said.doubtful || said.unfinished || said.input_tokens < 0 || (said.output_tokens < 0 && !embeds);
  // A provider that says a thousand million tokens must not spend a project's budget with that.
  Usage usage = estimated ? estimate_usage(said, row.bytes_in, row.bytes_out, row.stream) : said;
  if (embeds) usage.output_tokens = 0;
  // An output that nobody counted has no price where the row has none for it.
  if (price->rates.output < 0 && !embeds && said.output_tokens < 0) return;
  const auto cost = PriceTable::cost(*price, usage, row.time);
  if (!cost) return;
  row.cost = *cost;
  row.price = 2 * version + (estimated ? 1 : 0);
}

void mark_cache_break(LogRow& row, CacheBreaks& breaks, PriceFinder& finder) {
  // So small a prompt loses nothing worth a word, and leaves nothing behind that a later turn could miss.
  if (row.prompt.empty() || row.usage.doubtful || row.usage.input_tokens < CacheBreaks::kLeastTokens) return;
  auto found = breaks.note(turn_of(row));
  if (!found) return;
  row.cache_break = std::move(found->place);
  row.cache_lost = found->tokens;
  const Price* price = finder.find(row);
  if (price == nullptr) return;
  Usage whole = row.usage;
  whole.cached_tokens = std::max<std::int64_t>(whole.cached_tokens, 0) + found->tokens;
  if (whole.cache_write_tokens > 0) whole.cache_write_tokens -= std::min(whole.cache_write_tokens, found->tokens);
  whole.cache_write_1h_tokens = std::min(whole.cache_write_1h_tokens, whole.cache_write_tokens);
  const auto with = PriceTable::cost(*price, row.usage, row.time);
  const auto without = PriceTable::cost(*price, whole, row.time);
  if (with && without) row.cache_lost_cost = std::max<Nanos>(*with - *without, 0);
}

}  // namespace pg
