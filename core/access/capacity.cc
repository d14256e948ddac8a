// A place that is given back goes to the first in line under the same lock, so that nobody can slip in between and no wake-up is
// lost: who is no longer in the queue has a place.
#include "core/access/capacity.h"

#include <algorithm>

namespace pg {

bool Capacity::try_enter() {
  const std::scoped_lock lock(mutex_);
  if (busy_ >= rules_.places || !queue_.empty()) return false;
  ++busy_;
  return true;
}

Capacity::Joined Capacity::join(std::shared_ptr<Waiter> waiter) {
  const std::scoped_lock lock(mutex_);
  if (busy_ < rules_.places && queue_.empty()) {
    ++busy_;
    return Joined::entered;
  }
  if (queue_.size() >= rules_.queue) return Joined::full;
  queue_.push_back(std::move(waiter));
  return Joined::waiting;
}

bool Capacity::leave(const Waiter& waiter) {
  const std::scoped_lock lock(mutex_);
  const auto found = std::find_if(queue_.begin(), queue_.end(), [&](const auto& entry) { return entry.get() == &waiter; });
  if (found == queue_.end()) return false;
  queue_.erase(found);
  return true;
}

// The first in line, who has the place from here on; nullptr when there is nobody or no place.
std::shared_ptr<Capacity::Waiter> Capacity::next_in_line() {
  const std::scoped_lock lock(mutex_);
  if (busy_ >= rules_.places || queue_.empty()) return nullptr;
  ++busy_;
  std::shared_ptr<Waiter> first = std::move(queue_.front());
  queue_.pop_front();
  return first;
}

void Capacity::give_back() {
  std::shared_ptr<Waiter> first;
  {
    const std::scoped_lock lock(mutex_);
    --busy_;
    if (busy_ < rules_.places && !queue_.empty()) {
      ++busy_;
      first = std::move(queue_.front());
      queue_.pop_front();
    }
  }
  if (first) first->wake();
}

void Capacity::change(CapacityRules rules) {
  {
    const std::scoped_lock lock(mutex_);
    rules_ = rules;
  }
  while (const std::shared_ptr<Waiter> first = next_in_line()) first->wake();
}

CapacityRules Capacity::rules() const {
  const std::scoped_lock lock(mutex_);
  return rules_;
}

std::uint32_t Capacity::busy() const {
  const std::scoped_lock lock(mutex_);
  return busy_;
}

std::size_t Capacity::waiting() const {
  const std::scoped_lock lock(mutex_);
  return queue_.size();
}

}  // namespace pg
