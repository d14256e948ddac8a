// The filter: every 4-byte window of the text against a hashed bitmap of the anchors' rarest windows; few survive to be compared.
#include "core/guard/anchors.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace pg {
namespace {

std::uint32_t load32(const char* p) {
  std::uint32_t value;
  std::memcpy(&value, p, sizeof value);
  return value;
}

std::uint64_t load64(const char* p) {
  std::uint64_t value;
  std::memcpy(&value, p, sizeof value);
  return value;
}

/// How common a byte is in code and prose, roughly in thousandths: rare windows make a quiet filter.
unsigned commonness(char byte) {
  static constexpr std::string_view kFrequent = " etaoinsrhldcu";
  if (kFrequent.find(byte) != std::string_view::npos) return 60;
  if (kLower.has(byte)) return 20;
  if (kDigits.has(byte) || std::string_view("\n\"'.,/-_=:()").find(byte) != std::string_view::npos) return 10;
  return kUpper.has(byte) ? 4 : 2;
}

double window_cost(const Anchor& anchor, std::size_t offset) {
  double cost = 1;
  for (std::size_t i = offset; i < offset + AnchorTable::kWindow; ++i) {
    double sum = 0;
    for (unsigned b = 0; b < 256; ++b)
      if (anchor[i].has(static_cast<char>(b))) sum += commonness(static_cast<char>(b));
    cost *= sum / 1000;
  }
  return cost;
}

std::size_t window_variants(const Anchor& anchor, std::size_t offset) {
  std::size_t n = 1;
  for (std::size_t i = offset; i < offset + AnchorTable::kWindow; ++i) n *= anchor[i].size();
  return n;
}

constexpr std::size_t kMaxVariants = 4096;

}  // namespace

bool AnchorTable::add(const Anchor& anchor, std::uint16_t owner) {
  if (anchor.size() < kWindow || anchor.size() > 255) return false;
  std::size_t best = anchor.size();
  double best_cost = 0;
  for (std::size_t offset = 0; offset + kWindow <= anchor.size(); ++offset) {
    const std::size_t variants = window_variants(anchor, offset);
    if (variants == 0 || variants > kMaxVariants) continue;
    // Each variant takes a place in the bitmap, so many of them are paid for everywhere.
    const double cost = window_cost(anchor, offset) + static_cast<double>(variants) * 1e-6;
    if (best == anchor.size() || cost < best_cost) {
      best = offset;
      best_cost = cost;
    }
  }
  if (best == anchor.size()) return false;
  anchors_.push_back({anchor, owner, static_cast<std::uint8_t>(best)});
  add_windows(anchors_.size() - 1, best);
  return true;
}

void AnchorTable::add_windows(std::size_t anchor, std::size_t offset) {
  std::vector<std::array<char, kWindow>> spelled{{}};
  for (std::size_t i = 0; i < kWindow; ++i) {
    std::vector<std::array<char, kWindow>> longer;
    for (const auto& start : spelled) {
      for (unsigned b = 0; b < 256; ++b) {
        if (!anchors_[anchor].bytes[offset + i].has(static_cast<char>(b))) continue;
        longer.push_back(start);
        longer.back()[i] = static_cast<char>(b);
      }
    }
    spelled = std::move(longer);
  }
  for (const auto& window : spelled) windows_.push_back({load32(window.data()), static_cast<std::uint32_t>(anchor)});
}

void AnchorTable::build() {
  const auto bucket = [](const Window& w) { return hash(w.bytes) >> (32 - kBucketBits); };
  std::stable_sort(windows_.begin(), windows_.end(), [&](const Window& a, const Window& b) { return bucket(a) < bucket(b); });
  entries_.clear();
  std::size_t at = 0;
  for (std::uint32_t b = 0; b < (1U << kBucketBits); ++b) {
    buckets_[b] = static_cast<std::uint32_t>(entries_.size());
    for (; at < windows_.size() && bucket(windows_[at]) == b; ++at) {
      entries_.push_back(windows_[at].bytes);
      entries_.push_back(windows_[at].anchor);
      const std::uint32_t place = hash(windows_[at].bytes) >> (32 - kBits);
      bitmap_[place >> 6] |= std::uint64_t{1} << (place & 63);
    }
  }
  buckets_[1U << kBucketBits] = static_cast<std::uint32_t>(entries_.size());
}

bool AnchorTable::stands_at(const Anchor& anchor, std::string_view text, std::size_t begin) const {
  if (begin + anchor.size() > text.size()) return false;
  for (std::size_t i = 0; i < anchor.size(); ++i)
    if (!anchor[i].has(text[begin + i])) return false;
  return true;
}

bool AnchorTable::Scan::refill() {
  const char* data = text_.data();
  // Sixteen windows a step; the last of them reads up to 20 bytes on.
  while (at_ + 20 <= text_.size()) {
    std::uint64_t found = 0;
    for (unsigned half = 0; half < 16; half += 4) {
      const std::uint64_t bytes = load64(data + at_ + half);
      found |= table_.bit(static_cast<std::uint32_t>(bytes)) << half;
      found |= table_.bit(static_cast<std::uint32_t>(bytes >> 8)) << (half + 1);
      found |= table_.bit(static_cast<std::uint32_t>(bytes >> 16)) << (half + 2);
      found |= table_.bit(static_cast<std::uint32_t>(bytes >> 24)) << (half + 3);
    }
    at_ += 16;
    if (found != 0) {
      block_ = at_ - 16;
      pending_ = found;
      return true;
    }
  }
  for (; at_ + kWindow <= text_.size(); ++at_) {
    if (table_.bit(load32(data + at_)) == 0) continue;
    block_ = at_++;
    pending_ = 1;
    return true;
  }
  return false;
}

bool AnchorTable::Scan::advance() {
  if (pending_ == 0 && !refill()) return false;
  window_ = block_ + static_cast<std::size_t>(std::countr_zero(pending_));
  pending_ &= pending_ - 1;
  const std::uint32_t bucket = hash(load32(text_.data() + window_)) >> (32 - kBucketBits);
  entry_ = table_.entries_.data() + table_.buckets_[bucket];
  entries_end_ = table_.entries_.data() + table_.buckets_[bucket + 1];
  return true;
}

bool AnchorTable::Scan::next(Hit& hit) {
  for (;;) {
    while (entry_ != entries_end_) {
      const std::uint32_t* entry = entry_;
      entry_ += 2;
      if (entry[0] != load32(text_.data() + window_)) continue;
      const Listed& anchor = table_.anchors_[entry[1]];
      if (window_ < anchor.offset || !table_.stands_at(anchor.bytes, text_, window_ - anchor.offset)) continue;
      hit = {window_ - anchor.offset, anchor.owner};
      return true;
    }
    if (!advance()) return false;
  }
}

}  // namespace pg
