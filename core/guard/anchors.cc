// The filter: the three bytes at every second place of the text against a hashed bitmap of those inside the anchors' rarest
// windows, then the four bytes of both windows around such a place against another. Places and windows that survive are listed
// without a branch, for which they are cannot be foreseen; few are left to be compared. Where a processor can look up 64 bytes in
// a register, and the anchors are few, a sieve finds those windows instead.
#include "core/guard/anchors.h"

#include <algorithm>
#include <cstring>

namespace pg {
namespace {

std::uint32_t load32(const char* p) {
  std::uint32_t value;
  std::memcpy(&value, p, sizeof value);
  return value;
}

/// What a position costs and allows, worked out once for all windows it is part of.
struct Position {
  double cost = 0;
  std::size_t variants = 0;
};

Position weigh_position(const ByteSet& bytes) {
  Position position;
  bytes.for_each([&](char byte) {
    position.cost += commonness(byte) / 1000.0;
    ++position.variants;
  });
  return position;
}

constexpr std::size_t kMaxVariants = 4096;

}  // namespace

std::optional<std::size_t> AnchorTable::choose_window(const Anchor& anchor) {
  if (anchor.size() < kWindow || anchor.size() > 255) return std::nullopt;
  std::vector<Position> positions;
  for (const ByteSet& bytes : anchor) positions.push_back(weigh_position(bytes));
  std::optional<std::size_t> best;
  double best_cost = 0;
  for (std::size_t offset = 0; offset + kWindow <= anchor.size(); ++offset) {
    double cost = 1;
    std::size_t variants = 1;
    for (std::size_t i = offset; i < offset + kWindow; ++i) {
      cost *= positions[i].cost;
      variants *= positions[i].variants;
    }
    if (variants == 0 || variants > kMaxVariants) continue;
    // Each variant takes a place in the bitmap, so many of them are paid for everywhere.
    cost += static_cast<double>(variants) * 1e-6;
    if (!best || cost < best_cost) {
      best = offset;
      best_cost = cost;
    }
  }
  return best;
}

bool AnchorTable::add(const Anchor& anchor, std::uint16_t owner) {
  const auto offset = choose_window(anchor);
  if (!offset) return false;
  anchors_.push_back({anchor, owner, static_cast<std::uint8_t>(*offset)});
  add_windows(anchors_.size() - 1, *offset);
  return true;
}

void AnchorTable::add_windows(std::size_t anchor, std::size_t offset) {
  std::vector<std::uint32_t> spelled{0};
  for (std::size_t i = 0; i < kWindow; ++i) {
    const ByteSet& allowed = anchors_[anchor].bytes[offset + i];
    std::vector<std::uint32_t> longer;
    allowed.for_each([&](char byte) {
      for (std::uint32_t window : spelled) {
        std::memcpy(reinterpret_cast<char*>(&window) + i, &byte, 1);
        longer.push_back(window);
      }
    });
    spelled = std::move(longer);
  }
  for (const std::uint32_t window : spelled) windows_.push_back({window, static_cast<std::uint32_t>(anchor)});
}

void AnchorTable::build() {
  const auto bucket = [](const Window& w) { return hash(w.bytes) >> (32 - kBucketBits); };
  std::stable_sort(windows_.begin(), windows_.end(), [&](const Window& a, const Window& b) { return bucket(a) < bucket(b); });
  entries_.clear();
  std::size_t at = 0;
  for (std::uint32_t b = 0; b < (1U << kBucketBits); ++b) {
    buckets_[b] = static_cast<std::uint32_t>(entries_.size());
    for (; at < windows_.size() && bucket(windows_[at]) == b; ++at) {
      const std::uint32_t filtered = hash(windows_[at].bytes) >> (32 - kWindowBits);
      window_bitmap_[filtered >> 5] |= 1U << (filtered & 31);
      entries_.push_back(windows_[at].bytes);
      entries_.push_back(windows_[at].anchor);
      // Of a window that begins at an even place its first three bytes are looked at, of one at an odd place its last three.
      for (const char* p :
           {reinterpret_cast<const char*>(&windows_[at].bytes), reinterpret_cast<const char*>(&windows_[at].bytes) + 1}) {
        std::array<char, 4> three{};
        std::copy_n(p, 3, three.begin());
        const std::uint32_t place = place_of(load32(three.data()));
        bitmap_[place >> 5] |= 1U << (place & 31);
      }
    }
  }
  buckets_[1U << kBucketBits] = static_cast<std::uint32_t>(entries_.size());
#ifdef PG_AVX512
  if (has_avx512() && anchors_.size() <= kMostSieved) make_sieve();
#endif
}

void AnchorTable::make_sieve() {
  std::vector<AnchorSieve::Window> windows;
  for (const Listed& anchor : anchors_)
    std::copy_n(anchor.bytes.begin() + anchor.offset, kWindow, windows.emplace_back().begin());
  sieve_ = AnchorSieve(windows);
  sieves_ = sieve_.is_quiet();
}

bool AnchorTable::stands_at(const Anchor& anchor, std::string_view text, std::size_t begin) const {
  if (begin + anchor.size() > text.size()) return false;
  for (std::size_t i = 0; i < anchor.size(); ++i)
    if (!anchor[i].has(text[begin + i])) return false;
  return true;
}

/// Windows by where they begin from one byte before the chunk on; those whose four bytes may be ours.
inline void AnchorTable::Scan::list_window(std::size_t window, const char* at) {
  windows_[listed_] = static_cast<std::uint16_t>(window);
  listed_ += table_.may_have(hash(load32(at)));
}

#ifdef PG_AVX512
/// The windows that pass the sieve and begin in the chunk of `size` bytes at `at_`.
void AnchorTable::Scan::sieve_windows(std::size_t size) {
  const char* const data = text_.data() + at_;
  const std::size_t rest = text_.size() - at_;
  const std::size_t steps = rest < AnchorSieve::kReads ? 0 : std::min(size, rest - AnchorSieve::kReads) / AnchorSieve::kStep;
  const std::size_t count = table_.sieve_.find(data, steps, places_.data());
  for (std::size_t i = 0; i < count; ++i) list_window(places_[i] + 1U, data + places_[i]);
  const std::size_t looked_at = steps * AnchorSieve::kStep;
  if (looked_at == size) return;
  // Less than a step and what it reads beyond are left of the text.
  std::array<char, 2 * AnchorSieve::kStep + AnchorSieve::kReads> last{};
  std::memcpy(last.data(), data + looked_at, rest - looked_at);
  const std::size_t left = table_.sieve_.find(last.data(), 2, places_.data());
  for (std::size_t i = 0; i < left && looked_at + places_[i] + kWindow <= rest; ++i)
    list_window(looked_at + places_[i] + 1, last.data() + places_[i]);
}
#endif

/// The even places in the chunk of `size` bytes at `at_` whose three bytes are among ours; how many.
std::size_t AnchorTable::Scan::list_places(std::size_t size) {
  static FindPlaces* const find_places = quickest_find_places();
  const char* const data = text_.data() + at_;
  const std::size_t rest = text_.size() - at_;
  std::size_t at = 0, count = 0;
  if (find_places != nullptr && rest > kPlaceReads) {
    const std::size_t steps = std::min(size, rest - kPlaceReads) / kPlaceStep;
    count = find_places(data, steps, {table_.bitmap_.data(), kFactor << 8, 32 - kBits}, places_.data());
    at = steps * kPlaceStep;
  }
  for (; at < size && at + 4 <= rest; at += 2) {
    places_[count] = static_cast<std::uint16_t>(at);
    count += table_.bits_from(load32(data + at)) & 1;
  }
  // Three last bytes are only looked at with the one before them.
  if (at < size && at + 3 == rest) places_[count++] = static_cast<std::uint16_t>(at);
  return count;
}

/// Of the two windows that hold the three bytes of a place: those whose four bytes may be ours.
void AnchorTable::Scan::list_windows(std::size_t places) {
  for (std::size_t i = 0; i < places; ++i) {
    const std::size_t place = places_[i], at = at_ + place;
    if (at > 0) list_window(place, text_.data() + at - 1);
    if (at + kWindow <= text_.size()) list_window(place + 1, text_.data() + at);
  }
}

/// On to the next chunk that has a window of ours, or something very like it.
bool AnchorTable::Scan::refill() {
  while (at_ < text_.size()) {
    const std::size_t size = std::min(kChunk, text_.size() - at_);
    chunk_ = at_;
    listed_ = taken_ = 0;
#ifdef PG_AVX512
    if (sieves_)
      sieve_windows(size);
    else
#endif
      list_windows(list_places(size));
    at_ += size;
    if (listed_ > 0) return true;
  }
  return false;
}

/// On to the next window that shares its bucket with one of ours.
bool AnchorTable::Scan::advance() {
  if (taken_ == listed_ && !refill()) return false;
  window_ = chunk_ + windows_[taken_++] - 1;
  bytes_ = load32(text_.data() + window_);
  const std::uint32_t* bucket = table_.buckets_.data() + (hash(bytes_) >> (32 - kBucketBits));
  entry_ = table_.entries_.data() + bucket[0];
  entries_end_ = table_.entries_.data() + bucket[1];
  return true;
}

bool AnchorTable::Scan::next(Hit& hit) {
  for (;;) {
    while (entry_ != entries_end_) {
      const std::uint32_t* entry = entry_;
      entry_ += 2;
      if (entry[0] != bytes_) continue;
      const Listed& anchor = table_.anchors_[entry[1]];
      if (window_ < anchor.offset || !table_.stands_at(anchor.bytes, text_, window_ - anchor.offset)) continue;
      hit = {window_ - anchor.offset, anchor.owner};
      return true;
    }
    if (!advance()) return false;
  }
}

}  // namespace pg
