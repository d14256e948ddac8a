// What three vendors' streams have in common: text and thinking come in pieces, and nobody says where a block of them begins.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "core/wire/reply.h"

namespace pg {

/// Opens a block when the first piece of a kind comes and closes it when another begins; also numbers all blocks of its reader.
class Prose {
 public:
  explicit Prose(ReplySink& sink) : sink_(sink) {}

  /// `part` tells apart blocks of one kind that follow each other, where the vendor numbers them.
  void say(BlockStart::Kind kind, const std::string& text, std::int64_t part = 0) {
    if (text.empty()) return;
    if (!is_in(kind, part)) {
      hush();
      BlockStart start;
      start.kind = kind;
      block_ = number();
      sink_.open(block_, std::move(start));
      talking_ = true;
      kind_ = kind;
      part_ = part;
    }
    sink_.piece(block_, text);
  }
  /// A page behind words of the text that is being said; false when none is.
  bool cite(const Citation& citation) {
    if (!talking_ || kind_ != BlockStart::Kind::text) return false;
    sink_.cite(block_, citation);
    return true;
  }
  bool is_in(BlockStart::Kind kind, std::int64_t part = 0) const { return talking_ && kind_ == kind && part_ == part; }
  void hush() {
    if (std::exchange(talking_, false)) sink_.close(block_);
  }
  std::uint32_t number() { return next_++; }

 private:
  ReplySink& sink_;
  std::uint32_t next_ = 0;
  std::uint32_t block_ = 0;
  std::int64_t part_ = 0;
  BlockStart::Kind kind_ = BlockStart::Kind::text;
  bool talking_ = false;
};

}  // namespace pg
