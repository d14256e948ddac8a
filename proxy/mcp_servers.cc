// A dead server neither blinds nor slows the others: it is asked beside them, its failure is remembered for a moment, and what it
// had before is shown meanwhile.
#include "proxy/mcp_servers.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <set>

#include "core/policy.h"

namespace pg {
namespace {

constexpr Millis kListOfPlace{60'000};     // how long a list is believed that nobody tells us a change of
constexpr Millis kListOfProgram{600'000};  // a program says so itself
constexpr Millis kTroubleOfList{5'000};
constexpr std::size_t kMostItems = 10'000, kMostPages = 200;

/// Tells whoever waits that one more is done, however that came.
class DoneGuard {
 public:
  DoneGuard(std::size_t& left, Timer& bell) : left_(left), bell_(bell) {}
  ~DoneGuard() {
    --left_;
    bell_.cancel();
  }
  DoneGuard(const DoneGuard&) = delete;
  DoneGuard& operator=(const DoneGuard&) = delete;

 private:
  std::size_t& left_;
  Timer& bell_;
};

/// One page: its items, and the cursor of the next one, raw; "" = it was the last.
struct Page {
  std::vector<McpItem> items;
  std::string next;
};

Task<Result<Page>> fetch_page(McpLive& live, McpErrand errand, McpList list, std::string cursor, SteadyTime deadline) {
  McpAsk ask;
  ask.method = words_of(list).method;
  if (!cursor.empty()) ask.params.emplace_back("cursor", std::move(cursor));
  Result<std::unique_ptr<McpAnswer>> asked = co_await live.link().ask(errand, std::move(ask));
  if (!asked) co_return asked.error();
  for (;;) {
    McpEvent event = co_await asked.value()->next(deadline);
    if (event.kind == McpEvent::Kind::ended) co_return event.error;
    if (event.kind == McpEvent::Kind::quiet)
      co_return make_error(Code::upstream_timeout,
                           fmt::format("the server {} did not say what it has in time", live.server().name));
    RpcMessage message;
    if (message.read(event.text) || message.kind == RpcKind::notification) continue;
    Page page;
    if (message.kind == RpcKind::error) {
      const std::int64_t code = message.error["code"].number(0);
      if (code == kRpcNoMethod) co_return page;  // it has nothing of the kind
      co_return make_error(Code::upstream_failed,
                           fmt::format("the server {} did not say what it has (error {})", live.server().name, code));
    }
    read_list(list, message.result, page.items);
    const StreamMask mask(live.server().credentials);
    if (!mask.empty())
      for (McpItem& item : page.items) {
        item.json = with_plain_ascii(item.json);
        mask.mask(item.json);
        mask.mask(item.name);
      }
    const JsonView next = message.result["nextCursor"];
    if (next.is_string() && next.raw().size() <= 4096) page.next = std::string(next.raw());
    co_return page;
  }
}

Task<Result<McpItems>> fetch_pages(McpLive& live, McpErrand errand, McpList list, SteadyTime deadline) {
  auto items = std::make_shared<std::vector<McpItem>>();
  std::set<std::string> cursors;
  std::string cursor;
  do {
    Result<Page> page = co_await fetch_page(live, errand, list, cursor, deadline);
    if (!page) co_return page.error();
    for (McpItem& item : page.value().items)
      if (items->size() < kMostItems) items->push_back(std::move(item));
    cursor = std::move(page.value().next);
  } while (!cursor.empty() && items->size() < kMostItems && cursors.size() < kMostPages && cursors.insert(cursor).second);
  co_return McpItems(std::move(items));
}

}  // namespace

std::optional<Result<McpItems>> McpLive::recent(McpList list, SteadyTime now) {
  const std::uint64_t changes = link_->changes();
  const std::lock_guard lock(mutex_);
  const Kept& kept = lists_[static_cast<std::size_t>(list)];
  if (now >= kept.until) return std::nullopt;
  if (kept.error) return Result<McpItems>(*kept.error);
  if (kept.items == nullptr || kept.changes != changes) return std::nullopt;
  return Result<McpItems>(kept.items);
}

McpItems McpLive::last(McpList list) {
  const std::lock_guard lock(mutex_);
  return lists_[static_cast<std::size_t>(list)].items;
}

void McpLive::put(McpList list, Result<McpItems> fetched, SteadyTime now) {
  const std::uint64_t changes = link_->changes();
  const std::lock_guard lock(mutex_);
  Kept& kept = lists_[static_cast<std::size_t>(list)];
  if (!fetched) {
    kept.error = fetched.error();
    kept.until = now + kTroubleOfList;
    return;
  }
  kept = {std::move(fetched).value(), std::nullopt, now + (server_->service == nullptr ? kListOfProgram : kListOfPlace), changes};
}

std::shared_ptr<McpLive> McpServers::find(const std::shared_ptr<const McpServer>& server) {
  const std::lock_guard lock(mutex_);
  std::shared_ptr<McpLive>& live = live_[server->id];
  if (live == nullptr) live = std::make_shared<McpLive>(server);
  return live;
}

void McpServers::retain(const Policy& policy) {
  std::set<std::string_view> wanted;
  for (const auto& [name, project] : policy.projects)
    for (const auto& [server, is] : project->mcp_servers) wanted.insert(is->id);
  const std::lock_guard lock(mutex_);
  std::erase_if(ending_, [](const auto& live) { return live.use_count() == 1 && live->link().has_ended(); });
  for (auto at = live_.begin(); at != live_.end();) {
    if (wanted.contains(at->first)) {
      ++at;
      continue;
    }
    at->second->link().begin_stop();
    ending_.push_back(std::move(at->second));
    at = live_.erase(at);
  }
}

void McpServers::stop() {
  const std::lock_guard lock(mutex_);
  for (const auto& [id, live] : live_) live->link().begin_stop();
  for (const auto& [id, live] : live_) live->link().stop();
  live_.clear();
  ending_.clear();
}

Task<Result<McpItems>> fetch_list(std::shared_ptr<McpLive> live, McpErrand errand, McpList list, SteadyTime deadline) {
  if (auto recent = live->recent(list, errand.clock.steady())) co_return std::move(*recent);
  Result<McpItems> fetched = co_await fetch_pages(*live, errand, list, deadline);
  live->put(list, fetched, errand.clock.steady());
  co_return fetched;
}

void McpGather::begin(std::vector<std::shared_ptr<McpLive>> lives, McpList list, SteadyTime deadline) {
  items.resize(lives.size());
  errors.resize(lives.size());
  left_ = lives.size();
  for (std::size_t i = 0; i < lives.size(); ++i)
    asio::co_spawn(errand_.loop.io(), fetch_one(std::move(lives[i]), i, list, deadline), asio::detached);
}

Task<void> McpGather::fetch_one(std::shared_ptr<McpLive> live, std::size_t index, McpList list, SteadyTime deadline) {
  const std::shared_ptr<McpGather> alive = shared_from_this();
  const DoneGuard done(left_, bell_);
  errors[index] = make_error(Code::internal, "the list was not read");  // until it is known better
  Result<McpItems> fetched = co_await fetch_list(live, errand_, list, deadline);
  errors[index].reset();
  if (fetched) {
    items[index] = std::move(fetched).value();
  } else {
    items[index] = live->last(list);
    errors[index] = fetched.error();
  }
}

Task<void> McpGather::wait(SteadyTime deadline) {
  while (left_ > 0 && !aborted_) {
    bell_.expires_at(deadline);
    const auto rung = co_await bell_.async_wait(kAwait);
    if (!std::get<0>(rung)) co_return;
  }
}

}  // namespace pg
