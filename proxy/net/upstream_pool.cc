// Idle connections are kept for less long than providers keep theirs, and looked at before they are used again.
#include <algorithm>

#include "proxy/net/upstream_io.h"

namespace pg {
namespace {

constexpr Millis kIdle{50'000};
constexpr Millis kSurelyAlive{200};
constexpr std::size_t kMaxIdlePerKey = 128;

}  // namespace

std::string UpstreamPool::key_of(const Url& url, const std::string& ca_file) {
  return (url.tls ? "s " : "p ") + url.host + ' ' + std::to_string(url.port) + ' ' + ca_file;
}

std::unique_ptr<UpstreamIo> UpstreamPool::take(const std::string& key) {
  const auto found = idle_.find(key);
  if (found == idle_.end()) return nullptr;
  const SteadyTime now = std::chrono::steady_clock::now();
  while (!found->second.empty()) {
    std::unique_ptr<UpstreamIo> connection = std::move(found->second.back().connection);
    const SteadyTime since = found->second.back().since;
    found->second.pop_back();
    // Readable while idle means closed, or out of step: neither can be used. One that was busy a moment ago is not asked; should
    // it be dead all the same, the request is sent again.
    if (now - since < kSurelyAlive || !peer_has_bytes(connection->stream().fd())) {
      connection->mark_reused();
      return connection;
    }
  }
  return nullptr;
}

void UpstreamPool::give_back(std::unique_ptr<UpstreamIo> connection) {
  connection->reset_for_next();
  connection->stream().set_deadline(SteadyTime::max());
  std::vector<Idle>& idle = idle_[connection->key()];
  if (idle.size() >= kMaxIdlePerKey) return;
  idle.push_back(Idle{std::move(connection), std::chrono::steady_clock::now()});
  if (!watching_) loop_.watch(*this);
  watching_ = true;
}

void UpstreamPool::clear() {
  idle_.clear();
  if (watching_) loop_.unwatch(*this);
  watching_ = false;
}

void UpstreamPool::on_tick(SteadyTime now) {
  bool any = false;
  for (auto& [key, idle] : idle_) {
    const auto stale = std::find_if(idle.begin(), idle.end(), [now](const Idle& entry) { return now - entry.since < kIdle; });
    idle.erase(idle.begin(), stale);  // the oldest stand first
    any = any || !idle.empty();
  }
  if (!any) clear();
}

}  // namespace pg
