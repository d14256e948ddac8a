// Capacity: how many may be at work at once, and who waits for a place, first come first served. Shared by all threads: a mutex
// of its own guards everything.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <utility>

#include "core/base/clock.h"

namespace pg {

struct CapacityRules {
  std::uint32_t places = 0;  // at work at once
  std::uint32_t queue = 0;   // waiting for a place; more are refused
  Millis patience{30'000};   // how long one may wait
};

class Capacity {
 public:
  /// One who waits.
  class Waiter {
   public:
    virtual ~Waiter() = default;
    /// It has a place now. Called once, on any thread, never under a lock.
    virtual void wake() noexcept = 0;
  };
  enum class Joined : std::uint8_t { entered, waiting, full };

  explicit Capacity(CapacityRules rules) : rules_(rules) {}
  Capacity(const Capacity&) = delete;
  Capacity& operator=(const Capacity&) = delete;

  /// Takes a place when one is free and nobody waits for it.
  bool try_enter();
  /// The same, or joins the queue; when that is full, nothing has happened.
  Joined join(std::shared_ptr<Waiter> waiter);
  /// Leaves the queue. False when `waiter` was not in it any more: it has a place, and must give it back.
  bool leave(const Waiter& waiter);
  void give_back();

  /// In force at once: more places wake those who wait; fewer take effect as places are given back.
  void change(CapacityRules rules);
  CapacityRules rules() const;
  std::uint32_t busy() const;
  std::size_t waiting() const;

 private:
  std::shared_ptr<Waiter> next_in_line();

  mutable std::mutex mutex_;
  CapacityRules rules_;
  std::uint32_t busy_ = 0;
  std::deque<std::shared_ptr<Waiter>> queue_;
};

/// A place that is taken, given back by the destructor. The Capacity outlives it.
class Permit {
 public:
  Permit() = default;
  explicit Permit(Capacity& capacity) : capacity_(&capacity) {}
  Permit(Permit&& other) noexcept : capacity_(std::exchange(other.capacity_, nullptr)) {}
  Permit& operator=(Permit&& other) noexcept {
    if (this != &other) {
      release();
      capacity_ = std::exchange(other.capacity_, nullptr);
    }
    return *this;
  }
  ~Permit() { release(); }
  void release() {
    if (Capacity* capacity = std::exchange(capacity_, nullptr)) capacity->give_back();
  }
  bool held() const { return capacity_ != nullptr; }

 private:
  Capacity* capacity_ = nullptr;
};

}  // namespace pg
