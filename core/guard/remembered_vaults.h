// Vaults of conversations whose history the provider keeps: in memory only, bounded in bytes, forgotten after a while.
// Shared by all threads; locked inside.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/base/clock.h"
#include "core/guard/vault.h"

namespace pg {

class RememberedVaults {
 public:
  /// Keeps `vault` under the project and an id of the provider's (response, message or conversation) until `until`. The least
  /// recently used go when `max_bytes` of originals (with a fixed charge per vault) are held.
  void put(std::string_view project_id, std::string_view reply_id, std::shared_ptr<const Vault> vault, SteadyTime until,
           std::size_t max_bytes);
  /// The vault of that reply, or nullptr.
  std::shared_ptr<const Vault> find(std::string_view project_id, std::string_view reply_id, SteadyTime now);
  std::size_t bytes() const;

 private:
  struct Entry {
    std::string key;
    std::shared_ptr<const Vault> vault;
    SteadyTime until;
    std::size_t charge;
  };
  using List = std::list<Entry>;
  void erase(List::iterator entry);

  mutable std::mutex mutex_;
  List entries_;  // most recently used first
  std::unordered_map<std::string, List::iterator> by_key_;
  std::size_t bytes_ = 0;
};

}  // namespace pg
