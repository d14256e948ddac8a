// Gateway: the long-lived parts of a running pg, built and destroyed in order; LoopParts: what each thread has for itself.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/settings.h"
#include "core/guard/known_parts.h"
#include "core/guard/remembered_vaults.h"
#include "core/guard/verdict_cache.h"
#include "core/policy.h"
#include "core/route/sessions.h"
#include "core/route/sticky.h"
#include "proxy/access_tokens.h"
#include "proxy/idle_list.h"
#include "proxy/journal.h"
#include "proxy/mcp_run.h"
#include "proxy/mcp_servers.h"
#include "proxy/net/loop.h"
#include "proxy/net/tls.h"
#include "proxy/net/upstream_io.h"
#include "proxy/scan_pool.h"

namespace pg {

struct LoopParts;

/// Of all sessions of endpoints together.
inline constexpr std::size_t kSessionBytes = 64u << 20;

struct Gateway {
  Gateway(ServeSettings settings, std::shared_ptr<const Policy> first, Db log_db,
          std::function<void(const std::string&)> on_problem, std::function<void(const LogRow&)> on_row,
          OnAlert on_alert = nullptr)
      : serve(std::move(settings)),
        journal(std::move(log_db), std::move(on_problem), std::move(on_row), std::move(on_alert)),
        policy_(std::move(first)) {
    if (const auto now = policy(); now != nullptr) policy_version = now->version;
    tell_journal();
  }

  std::shared_ptr<const Policy> policy() const { return policy_.load(std::memory_order_acquire); }
  void reload(std::shared_ptr<const Policy> fresh) {
    const std::uint64_t number = fresh->version;
    mcp.retain(*fresh);
    policy_.store(std::move(fresh), std::memory_order_release);
    policy_version.store(number, std::memory_order_release);
    tell_journal();
  }

  ServeSettings serve;
  std::uint16_t port = 0;  // as bound
  SystemClock clock;
  TlsContexts tls;
  AccessTokens tokens;
  McpServers mcp;
  McpCancels mcp_cancels;
  RememberedVaults vaults;
  Sessions sessions{kSessionBytes};
  StickyCredentials sticky;
  Journal journal;
  ScanPool scans;
  std::vector<LoopParts*> loops;                 // one per thread; not changed once they run
  std::atomic<std::uint64_t> policy_version{0};  // of policy(): cheap to look at while a reply runs
  std::atomic<std::uint32_t> connections{0};
  std::atomic<std::uint32_t> exchanges{0};        // under way
  std::atomic<std::uint64_t> exchanges_begun{0};  // since the start: one that came and went between two looks is seen, too
  std::atomic<bool> settings_good{true};          // the files say what is in force
  std::atomic<bool> draining{false};              // no new exchanges; connections close after their answer
  std::atomic<bool> cutting{false};               // the drain took too long: running streams end with an error now
  std::atomic<bool> stopped{false};               // the loops run no more: nobody is to be woken

 private:
  void tell_journal() {
    const auto now = policy();
    if (now != nullptr) journal.use(now->prices, now->logs, now->budgets.zone, now->alerts);
  }

  std::atomic<std::shared_ptr<const Policy>> policy_;
};

struct LoopParts {
  explicit LoopParts(Gateway& gateway) : gw(gateway), pool(loop) {}
  Gateway& gw;
  IdleList idle;  // outlives loop, whose end closes what is in it
  Loop loop;
  UpstreamPool pool;
  VerdictCache verdicts;
  KnownParts known;
};

}  // namespace pg
