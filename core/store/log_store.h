// One row per exchange: insert in batches, read by filter, follow by id.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/access/budget.h"
#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/store/db.h"
#include "core/store/log_names.h"
#include "core/store/log_query.h"
#include "core/store/log_rollup.h"
#include "core/store/spend_store.h"
#include "core/wire/prompt_digest.h"
#include "core/wire/usage.h"

namespace pg {

/// LogRow::price of a call whose price is not known.
inline constexpr std::int64_t kPriceUnknown = -1;

struct LogBody;  // core/store/body_store.h

/// What is kept of one exchange. No bodies, no secrets, no originals. Durations in ms; -1 = did not happen or not known.
struct LogRow {
  std::int64_t seq = 0;  // database order, for following
  std::string id;        // exchange id
  UnixMillis time = 0;   // when the request arrived
  std::string project;   // name
  std::string project_id;
  std::string key;    // key name
  std::string agent;  // "claude-code", "codex", … or ""
  std::string agent_version;
  std::string session;  // the agent's own session id
  std::string dialect;  // "anthropic", … or "" for health and unknown paths
  std::string method;
  std::string path;  // without query and without a key
  std::string provider;
  std::string model;  // asked for
  std::string model_served;
  int status = 0;       // sent to the client; 499 = client left
  std::string route;    // name of the [[route]] rule that was taken; "" = none
  std::string ip;       // the client's address without port, as arrival.h finds it; "" = not known
  std::string ua;       // its User-Agent, as shown_user_agent() cuts it
  std::string outcome;  // ok | error | blocked | canceled
  bool stream = false;
  std::int64_t latency_ms = -1;
  std::int64_t ttft_ms = -1;
  std::int64_t upstream_ms = -1;  // until the upstream's head
  std::int64_t connect_ms = -1;   // until a new connection to it stood; -1 = a kept one was used
  std::int64_t tls_ms = -1;       // until TLS stood on that
  Usage usage;
  std::int64_t cost = -1;  // nano-USD; -1 = nothing to pay for or not known, as `price` says
  std::int64_t price = 0;  // 0 = nothing to pay for; kPriceUnknown; else 2 * version id, + 1 when estimated
  std::int64_t bytes_in = 0;
  std::int64_t bytes_out = 0;
  std::string redactions;  // "EMAIL:2,GITHUB_TOKEN:1": kinds that were replaced
  std::string detected;    // found, left in place
  std::string blocked;     // kinds that blocked it
  std::string places;      // "messages[3].content[0].text: aws-access-key-id; …", at most 1 KB
  // "queue:350ms,openai:429,openai#2:resting": how long it waited for a place, who was asked or passed over before `provider`,
  // and why.
  std::string attempts;
  std::string warnings;  // "drop:top_k,change:temperature": what the provider's dialect could not say
  std::uint32_t restored = 0;
  std::uint32_t unknown_tokens = 0;
  std::string error;  // code name, then ": " and a message without client data
  std::string upstream_request_id;
  // The provider's prompt cache was hit by much less than in the turn before: "messages[12]", "system", "expired", …
  // (core/access/cache_breaks.h). How many tokens had to be read anew for it, and what they cost more than from the cache in
  // nano-USD; -1 = there was no break, or the price is not known.
  std::string cache_break;
  std::int64_t cache_lost = -1;
  std::int64_t cache_lost_cost = -1;
  std::shared_ptr<LogBody> body;  // for a table of its own; nullptr: not kept, and never read with the row

  // Not columns: what the ledger of spending is told with the row, and what its price is looked for by.
  std::int32_t month = 0;      // of `cost`: 202611; 0 = nothing to tell
  std::shared_ptr<Hold> hold;  // what was set aside for it; nullptr = it comes under no budget
  std::string endpoint;        // "project/name" of a gateway's endpoint; "" = none
  PromptDigest prompt;         // empty: nothing to compare with the turn before
  std::string model_sent;      // as the provider that answered, or was asked last, calls it, which has a price; "" = as `model`
};

/// What the provider calls the model, as far as the row tells: the one it served, else what was asked for without "provider:".
std::string_view provider_model(const LogRow& row);

/// As much of a text as the log keeps: no caller may fill the disk with paths, model names and agents. Never half a character.
std::string_view clip_log_text(std::string_view text);
std::string_view clip_log_text(std::string_view text, std::size_t size);

struct LogQuery {
  std::shared_ptr<const LogExpr> where;  // nullptr: every row
  UnixMillis since = 0;
  UnixMillis until = 0;        // 0 = open
  std::int64_t after_seq = 0;  // rows newer than this
  std::int64_t limit = 0;      // the newest N, in time order; 0 = all
};

/// A stretch of rows, both ends inside.
struct LogRange {
  std::int64_t first = 0;
  std::int64_t last = 0;
};

class LogStore {
 public:
  explicit LogStore(Db& db) : db_(db) {}
  /// One transaction for the whole batch, its hours, its sessions and what it adds to the ledger of spending; io_failed leaves
  /// none of it.
  Status insert(std::span<const LogRow> rows);
  /// How many calls more were served without a row, for want of time or space.
  Status note_dropped(std::uint64_t rows);
  /// All of them, since the database was made.
  std::int64_t dropped();
  /// The id of a table of prices, for LogRow::price.
  Result<std::int64_t> price_version(std::string_view name);
  std::string price_name(std::int64_t id);  // "" when there is none
  /// Rows in the order they were written; stops when `each` says false.
  Status select(const LogQuery& query, const std::function<bool(const LogRow&)>& each);
  /// The same with chosen columns of log_rows alone, for sums over many rows (core/store/name_groups.h says what their `names`
  /// are). Without query.limit. Stops at the first failure of `each`, and returns it.
  Status visit(const LogQuery& query, std::string_view columns, const std::function<Status(const Statement&)>& each);
  /// What SQLite will do: the statement, its plan, and which stretches of rows are left by the hours.
  Result<std::string> explain(const LogQuery& query);
  Result<LogRow> find(std::string_view id_or_prefix);  // not_found; bad_request when a prefix fits several
  Result<std::int64_t> last_seq();
  Result<std::int64_t> first_seq();  // 0 when there is none

 private:
  Result<Statement*> insert_of(std::uint64_t shape);
  Status insert_row(const LogRow& row);
  Status insert_all(std::span<const LogRow> rows);
  struct Plan;
  Result<Plan> make_plan(const LogQuery& query);
  Result<std::vector<LogRange>> find_ranges(const LogQuery& query);
  Result<std::vector<LogRange>> find_id_ranges(std::string_view prefix);
  Status find_ids(std::string_view prefix, const std::vector<LogRange>& ranges, std::vector<std::int64_t>& found);
  Result<Statement> prepare(const Plan& plan, std::string_view columns, std::string_view order);
  Status walk(const Plan& plan, std::string_view columns, const std::function<bool(const Statement&)>& each);
  Status select_newest(const Plan& plan, std::int64_t limit, const std::function<bool(const LogRow&)>& each);

  Db& db_;
  LogNames names_;
  LogRollup rollup_;
  SpendLedger ledger_;
  std::vector<std::pair<std::uint64_t, Statement>> inserts_;  // by which of a row's columns say what is usual
};

/// The words of a command line, one after the other, as a query.
Status parse_log_filters(std::span<const std::string> words, UnixMillis now, LogQuery& query);

}  // namespace pg
