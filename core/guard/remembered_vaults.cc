// A least-recently-used list with an index; expired entries go when they are met.
#include "core/guard/remembered_vaults.h"

namespace pg {
namespace {

constexpr std::size_t kChargePerVault = 512;
constexpr std::size_t kChargePerEntry = 160;

std::string vault_key_of(std::string_view project_id, std::string_view reply_id) {
  return std::string(project_id).append(1, '\n').append(reply_id);
}

}  // namespace

void RememberedVaults::erase(List::iterator entry) {
  bytes_ -= entry->charge;
  by_key_.erase(entry->key);
  entries_.erase(entry);
}

void RememberedVaults::put(std::string_view project_id, std::string_view reply_id, std::shared_ptr<const Vault> vault,
                           SteadyTime until, std::size_t max_bytes) {
  std::string key = vault_key_of(project_id, reply_id);
  const std::size_t charge = kChargePerVault + key.size() + vault->bytes() + vault->size() * kChargePerEntry;
  const std::lock_guard lock(mutex_);
  if (const auto known = by_key_.find(key); known != by_key_.end()) erase(known->second);
  entries_.push_front(Entry{key, std::move(vault), until, charge});
  by_key_.emplace(std::move(key), entries_.begin());
  bytes_ += charge;
  while (bytes_ > max_bytes && !entries_.empty()) erase(std::prev(entries_.end()));
}

std::shared_ptr<const Vault> RememberedVaults::find(std::string_view project_id, std::string_view reply_id, SteadyTime now) {
  const std::lock_guard lock(mutex_);
  const auto known = by_key_.find(vault_key_of(project_id, reply_id));
  if (known == by_key_.end()) return nullptr;
  if (known->second->until <= now) {
    erase(known->second);
    return nullptr;
  }
  entries_.splice(entries_.begin(), entries_, known->second);
  return known->second->vault;
}

std::size_t RememberedVaults::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

}  // namespace pg
