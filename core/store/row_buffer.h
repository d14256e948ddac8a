// Rows on their way to another thread, as bytes: their texts need no memory of their own for it, which one thread would have to
// get and the other to give back.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/store/log_store.h"

namespace pg {

class RowBuffer {
 public:
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  /// Takes a row; its texts stay with the caller.
  void add(const LogRow& row);
  /// Takes at most `most` rows off the front, into `room`, where the memory of the rows before them is used again.
  std::span<LogRow> take(std::vector<LogRow>& room, std::size_t most);

 private:
  /// What of a row is shared, of those that have any of it.
  struct Shared {
    std::size_t row;  // counted from the first there was
    std::shared_ptr<LogBody> body;
    std::shared_ptr<Hold> hold;
  };

  std::size_t size_ = 0;   // of those that were not taken yet
  std::size_t taken_ = 0;  // before them
  std::size_t at_ = 0;     // where they begin in bytes_
  std::string bytes_;
  std::deque<Shared> shared_;
};

}  // namespace pg
