// Which of a provider's credentials a conversation moved to: it stays there, so that the provider's prompt cache keeps hitting.
// Shared by all threads, under one mutex; looked at only while some conversation has moved.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <unordered_map>

#include "core/base/clock.h"

namespace pg {

class StickyCredentials {
 public:
  static constexpr std::size_t kMost = 4096;  // conversations; when more move, all are forgotten: they start at the first again
  static constexpr Millis kIdle{3'600'000};   // no provider keeps a prompt longer

  /// The number of the credential that `conversation` uses of `provider`; 0 is the first, and what is not known.
  std::uint32_t find(std::string_view provider, std::string_view conversation, SteadyTime now);
  void remember(std::string_view provider, std::string_view conversation, std::uint32_t number, SteadyTime now);

 private:
  struct Entry {
    std::uint32_t number = 0;
    SteadyTime used;
  };
  std::atomic<std::size_t> size_{0};
  std::mutex mutex_;  // guards entries_
  std::unordered_map<std::uint64_t, Entry> entries_;
};

}  // namespace pg
