// Idle connections are kept for less long than providers keep theirs, and looked at before they are used again.
#include <algorithm>

#include "proxy/net/upstream_io.h"

namespace pg {
namespace {

constexpr Millis kIdle{50'000};
constexpr Millis kSurelyAlive{200};
constexpr std::size_t kMaxIdlePerPlace = 128;

}  // namespace

std::unique_ptr<UpstreamIo> UpstreamPool::take(const Url& url, const std::string& ca_file, bool public_only) {
  const auto found = std::find_if(buckets_.begin(), buckets_.end(),
                                  [&](const Bucket& bucket) { return bucket.place.is_of(url, ca_file, public_only); });
  if (found == buckets_.end()) return nullptr;
  const SteadyTime now = std::chrono::steady_clock::now();
  while (!found->idle.empty()) {
    std::unique_ptr<UpstreamIo> connection = std::move(found->idle.back().connection);
    const SteadyTime since = found->idle.back().since;
    found->idle.pop_back();
    // Readable while idle means closed, or out of step: neither can be used. One that was busy a moment ago is not asked; should
    // it be dead all the same, the request is sent again.
    if (now - since < kSurelyAlive || !connection->stream().has_input()) {
      connection->mark_reused();
      return connection;
    }
  }
  return nullptr;
}

void UpstreamPool::give_back(std::unique_ptr<UpstreamIo> connection) {
  connection->reset_for_next();
  connection->stream().set_deadline(SteadyTime::max());
  auto bucket =
      std::find_if(buckets_.begin(), buckets_.end(), [&](const Bucket& each) { return each.place == connection->place(); });
  if (bucket == buckets_.end()) bucket = buckets_.insert(bucket, Bucket{connection->place(), {}});
  if (bucket->idle.size() >= kMaxIdlePerPlace) return;
  bucket->idle.push_back(Idle{std::move(connection), std::chrono::steady_clock::now()});
  if (!watching_) loop_.watch(*this);
  watching_ = true;
}

void UpstreamPool::clear() {
  buckets_.clear();
  if (watching_) loop_.unwatch(*this);
  watching_ = false;
}

void UpstreamPool::on_tick(SteadyTime now) {
  bool any = false;
  for (Bucket& bucket : buckets_) {
    std::vector<Idle>& idle = bucket.idle;
    const auto stale = std::find_if(idle.begin(), idle.end(), [now](const Idle& entry) { return now - entry.since < kIdle; });
    idle.erase(idle.begin(), stale);  // the oldest stand first
    any = any || !idle.empty();
  }
  if (!any) clear();
}

}  // namespace pg
