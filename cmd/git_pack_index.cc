// Reads .idx files: a table of counts by first byte, the sorted ids, and where each object stands in the pack.
#include <algorithm>

#include "cmd/git_pack.h"

namespace pg {
namespace {

constexpr std::string_view kMagic2("\xFFtOc\0\0\0\x02", 8);
constexpr std::size_t kFanout = 256 * 4;

Error bad_index(std::string_view why) {
  return make_error(Code::bad_request, "corrupt pack index: " + std::string(why));
}

}  // namespace

std::uint32_t PackIndex::number(std::size_t at) const {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<std::uint8_t>(bytes_[at + i]);
  return value;
}

std::string_view PackIndex::raw_id(std::size_t place) const {
  return {bytes_.data() + ids_ + place * stride_, id_size_};
}

Result<PackIndex> PackIndex::parse(std::string bytes, std::size_t id_size) {
  PackIndex index;
  index.bytes_ = std::move(bytes);
  index.id_size_ = id_size;
  const std::size_t all = index.bytes_.size();
  const bool second = std::string_view(index.bytes_).starts_with(kMagic2);
  index.fanout_ = second ? kMagic2.size() : 0;
  const std::size_t head = index.fanout_ + kFanout, tail = 2 * id_size;
  if (all < head + tail) return bad_index("too short");
  for (std::size_t i = 1; i < 256; ++i)
    if (index.number(index.fanout_ + 4 * i) < index.number(index.fanout_ + 4 * (i - 1))) return bad_index("counts fall");
  index.count_ = index.number(index.fanout_ + kFanout - 4);
  const std::size_t each = second ? id_size + 8 : id_size + 4;
  if ((all - head - tail) / each < index.count_) return bad_index("too short for its objects");
  if (second) {
    index.ids_ = head;
    index.stride_ = id_size;
    index.offsets_ = head + index.count_ * (id_size + 4);  // behind the ids and their checksums
    index.far_ = index.offsets_ + index.count_ * 4;
    index.far_count_ = (all - tail - index.far_) / 8;
  } else {
    index.ids_ = head + 4;
    index.stride_ = id_size + 4;
  }
  return index;
}

ObjectId PackIndex::id(std::size_t place) const {
  return ObjectId::from_bytes(raw_id(place));
}

/// An offset that cannot be is given as the largest number, which lies behind the end of every pack.
std::uint64_t PackIndex::offset(std::size_t place) const {
  if (offsets_ == 0) return number(ids_ - 4 + place * stride_);
  const std::uint32_t near = number(offsets_ + 4 * place);
  constexpr std::uint32_t kFar = 0x80000000U;
  if ((near & kFar) == 0) return near;
  const std::size_t at = near & ~kFar;
  if (at >= far_count_) return ~std::uint64_t{0};
  return std::uint64_t{number(far_ + 8 * at)} << 32 | number(far_ + 8 * at + 4);
}

std::optional<std::size_t> PackIndex::find(const ObjectId& id) const {
  const std::string_view wanted(reinterpret_cast<const char*>(id.bytes.data()), id_size_);
  const std::size_t first = id.bytes[0];
  std::size_t low = first == 0 ? 0 : number(fanout_ + 4 * (first - 1));
  std::size_t high = number(fanout_ + 4 * first);
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    const int order = raw_id(middle).compare(wanted);
    if (order == 0) return middle;
    if (order < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return std::nullopt;
}

}  // namespace pg
