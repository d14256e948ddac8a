// A hash stands for provider and conversation: a collision costs a cache miss, nothing more.
#include "core/route/sticky.h"

#include <functional>

namespace pg {
namespace {

std::uint64_t sticky_key_of(std::string_view provider, std::string_view conversation) {
  const std::hash<std::string_view> hash;
  return hash(conversation) ^ (hash(provider) * 0x9e3779b97f4a7c15u);
}

}  // namespace

std::uint32_t StickyCredentials::find(std::string_view provider, std::string_view conversation, SteadyTime now) {
  if (conversation.empty() || size_.load(std::memory_order_acquire) == 0) return 0;
  const std::scoped_lock lock(mutex_);
  const auto found = entries_.find(sticky_key_of(provider, conversation));
  if (found == entries_.end()) return 0;
  if (now - found->second.used > kIdle) {
    entries_.erase(found);
    size_.store(entries_.size(), std::memory_order_release);
    return 0;
  }
  found->second.used = now;
  return found->second.number;
}

void StickyCredentials::remember(std::string_view provider, std::string_view conversation, std::uint32_t number, SteadyTime now) {
  if (conversation.empty()) return;
  const std::scoped_lock lock(mutex_);
  const std::uint64_t key = sticky_key_of(provider, conversation);
  if (number == 0) {
    entries_.erase(key);
  } else {
    if (entries_.size() >= kMost) entries_.clear();
    entries_.insert_or_assign(key, Entry{number, now});
  }
  size_.store(entries_.size(), std::memory_order_release);
}

}  // namespace pg
