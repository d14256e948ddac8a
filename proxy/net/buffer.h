// A growable byte buffer that never zero-fills: read straight into the free end, consume from the front.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

namespace pg {

class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(std::size_t capacity) { reserve(capacity); }

  std::string_view view() const { return {data_.get() + begin_, end_ - begin_}; }
  std::size_t size() const { return end_ - begin_; }
  bool empty() const { return begin_ == end_; }
  std::size_t capacity() const { return capacity_; }

  char* free_begin() { return data_.get() + end_; }
  std::size_t free_size() const { return capacity_ - end_; }
  void grew(std::size_t bytes) { end_ += bytes; }  // after a read into free_begin()

  void consume(std::size_t bytes) {
    begin_ += bytes;
    if (begin_ == end_) begin_ = end_ = 0;
  }
  void clear() { begin_ = end_ = 0; }
  void release() {
    data_.reset();
    begin_ = end_ = capacity_ = 0;
  }
  void append(std::string_view bytes) {
    if (bytes.empty()) return;
    make_room(bytes.size());
    std::memcpy(free_begin(), bytes.data(), bytes.size());
    end_ += bytes.size();
  }
  /// At least `bytes` free at the end; moves or doubles as needed, so that views taken before are no longer valid.
  void make_room(std::size_t bytes) {
    if (free_size() >= bytes) return;
    if (begin_ > 0 && capacity_ - size() >= bytes) {
      std::memmove(data_.get(), data_.get() + begin_, size());
      end_ -= begin_;
      begin_ = 0;
      return;
    }
    reserve(std::max(capacity_ * 2, size() + bytes));
  }
  void reserve(std::size_t capacity) {
    if (capacity <= capacity_) return;
    std::unique_ptr<char[]> bigger = std::make_unique_for_overwrite<char[]>(capacity);
    if (const std::size_t held = size(); held > 0) std::memcpy(bigger.get(), data_.get() + begin_, held);
    end_ = size();
    begin_ = 0;
    capacity_ = capacity;
    data_ = std::move(bigger);
  }

 private:
  std::unique_ptr<char[]> data_;
  std::size_t begin_ = 0, end_ = 0, capacity_ = 0;
};

}  // namespace pg
