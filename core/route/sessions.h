// Sessions of endpoints: what was said in earlier turns, by a name that the client chose. In memory, for as long as the endpoint
// says after the last turn. Shared by all threads: one mutex.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/route/endpoint.h"

namespace pg {

class Sessions {
 public:
  /// No more is kept than `most_bytes` of text, of all sessions together: those whose last turn is longest ago go first.
  explicit Sessions(std::size_t most_bytes) : most_bytes_(most_bytes) {}
  Sessions(const Sessions&) = delete;
  Sessions& operator=(const Sessions&) = delete;

  /// A session while one turn of it is under way; gives it back when it goes.
  class Turn {
   public:
    Turn() = default;
    Turn(Turn&& other) noexcept { *this = std::move(other); }
    Turn& operator=(Turn&& other) noexcept;
    ~Turn() { give_back(); }

    /// What was said before; given once.
    std::vector<SessionTurn> take_earlier() { return std::exchange(earlier_, {}); }
    /// The turn is over: it is part of the session from now on, until `until`.
    void keep(SessionTurn turn, SteadyTime until);

   private:
    friend class Sessions;
    void give_back();
    Sessions* sessions_ = nullptr;
    std::string key_;
    std::vector<SessionTurn> earlier_;
  };

  /// `key` names project, endpoint, caller and session. conflict while another turn of it is under way: two at once would each
  /// lack the other's.
  Result<Turn> begin(const std::string& key, SteadyTime now);

  struct Sizes {
    std::size_t sessions = 0, bytes = 0;
  };
  Sizes sizes() const;

 private:
  struct Row {
    std::vector<SessionTurn> turns;
    std::size_t bytes = 0;
    SteadyTime until{};
    bool busy = false;
  };
  void drop_old(SteadyTime now);
  void shrink();

  const std::size_t most_bytes_;
  mutable std::mutex mutex_;
  std::map<std::string, Row> rows_;
  std::size_t bytes_ = 0;
  SteadyTime next_look_{};
};

}  // namespace pg
