// AnchorTable: every place where one of many short literals stands in a text, in one pass at memory speed. Immutable after
// build().
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/guard/anchor_sieve.h"
#include "core/guard/byte_set.h"
#include "core/guard/wide_places.h"

namespace pg {

/// A literal whose positions may each allow several bytes: `AC` and two lower-case hex digits, or a word in either case.
using Anchor = std::vector<ByteSet>;

class AnchorTable {
 public:
  static constexpr std::size_t kWindow = 4;

  /// `anchor` has at least four positions, some four neighbours of which spell at most 4096 windows; false when it has not.
  bool add(const Anchor& anchor, std::uint16_t owner);
  /// Whether add() would take it.
  static bool can_hold(const Anchor& anchor) { return choose_window(anchor).has_value(); }
  void build();

  struct Hit {
    std::size_t begin = 0;  // where the anchor stands
    std::uint16_t owner = 0;
  };

  /// One pass over a text; hits come in the order of their windows.
  class Scan {
   public:
    /// `may_sieve`: tests alone say no.
    Scan(const AnchorTable& table, std::string_view text, bool may_sieve = true)
        : table_(table), text_(text), sieves_(may_sieve && table.sieves_) {}
    /// False at the end of the text.
    bool next(Hit& hit);

   private:
    static constexpr std::size_t kChunk = 1024;  // bytes of text at a time

    std::size_t list_places(std::size_t size);
    void list_window(std::size_t window, const char* at);
    void list_windows(std::size_t places);
    void sieve_windows(std::size_t size);
    bool refill();
    bool advance();

    const AnchorTable& table_;
    std::string_view text_;
    bool sieves_;
    std::size_t at_ = 0;                  // first byte not looked at yet; even
    std::size_t chunk_ = 0;               // where the chunk begins whose windows are listed
    std::size_t listed_ = 0, taken_ = 0;  // windows
    std::size_t window_ = 0;              // the window whose entries are being compared
    std::uint32_t bytes_ = 0;
    const std::uint32_t* entry_ = nullptr;
    const std::uint32_t* entries_end_ = nullptr;
    // Not initialised, for many texts are short. Places in the chunk; windows by where they begin, from one byte before it.
    std::array<std::uint16_t, kChunk + kMostPlaces> places_;
    std::array<std::uint16_t, kChunk + 2> windows_;
  };

 private:
  static constexpr unsigned kBits = 17;  // 16 KiB of bitmap: half of a first-level cache
  static constexpr unsigned kBucketBits = 13;
  static constexpr unsigned kWindowBits = 16;
  static constexpr std::size_t kMostSieved = 1000;
  // Of some thousand odd numbers the one under which the shipped anchors share fewest places with what is common in source files.
  static constexpr std::uint32_t kFactor = 0x7F4BC827U;
  static std::uint32_t hash(std::uint32_t window) { return window * kFactor; }
  /// Of the first three bytes in the order of memory; the fourth is pushed out.
  static std::uint32_t place_of(std::uint32_t bytes) {
    if constexpr (std::endian::native == std::endian::big) return hash(bytes >> 8) >> (32 - kBits);
    return (bytes * (kFactor << 8)) >> (32 - kBits);
  }
  /// Bit 0 tells whether these three bytes are among ours.
  std::uint32_t bits_from(std::uint32_t bytes) const {
    const std::uint32_t at = place_of(bytes);
    return bitmap_[at >> 5] >> (at & 31);
  }
  /// 1 when a window of this hash may be among ours. Three bytes alone let twenty times as many through.
  std::uint32_t may_have(std::uint32_t hash) const {
    const std::uint32_t at = hash >> (32 - kWindowBits);
    return window_bitmap_[at >> 5] >> (at & 31) & 1;
  }
  /// Where its rarest window begins.
  static std::optional<std::size_t> choose_window(const Anchor& anchor);
  bool stands_at(const Anchor& anchor, std::string_view text, std::size_t begin) const;
  void make_sieve();
  void add_windows(std::size_t anchor, std::size_t offset);

  struct Listed {
    Anchor bytes;
    std::uint16_t owner = 0;
    std::uint8_t offset = 0;  // of its window
  };
  struct Window {
    std::uint32_t bytes = 0;
    std::uint32_t anchor = 0;
  };
  std::vector<Listed> anchors_;
  std::vector<Window> windows_;
  std::vector<std::uint32_t> entries_;                            // pairs (window bytes, anchor), by bucket
  std::array<std::uint32_t, (1U << kBucketBits) + 1> buckets_{};  // begin of each bucket in entries_
  std::array<std::uint32_t, (1U << kBits) / 32> bitmap_{};
  std::array<std::uint32_t, (1U << kWindowBits) / 32> window_bitmap_{};
  AnchorSieve sieve_;
  bool sieves_ = false;
};

}  // namespace pg
