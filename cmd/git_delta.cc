// Deltas of pack files: copy this part of the base, insert these bytes.
#include <cstring>

#include "cmd/git_pack.h"

namespace pg {
namespace {

Error bad_delta(std::string_view why) {
  return make_error(Code::bad_request, "corrupt delta: " + std::string(why));
}

/// Seven bits a byte, the lowest first; nullopt when cut or above 63 bits.
std::optional<std::uint64_t> take_size(std::string_view& bytes) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 63; shift += 7) {
    if (bytes.empty()) return std::nullopt;
    const auto byte = static_cast<std::uint8_t>(bytes.front());
    bytes.remove_prefix(1);
    value |= std::uint64_t{byte & 0x7FU} << shift;
    if ((byte & 0x80U) == 0) return value;
  }
  return std::nullopt;
}

struct Copy {
  std::size_t at = 0, size = 0;
};

/// The bits of `order` say which bytes of offset and size follow; the others are zero. False when cut.
bool take_copy(std::uint8_t order, std::string_view& delta, Copy& copy) {
  copy = {};
  for (unsigned i = 0; i < 7; ++i) {
    if ((order >> i & 1U) == 0) continue;
    if (delta.empty()) return false;
    const std::size_t byte = static_cast<std::uint8_t>(delta.front());
    delta.remove_prefix(1);
    if (i < 4) {
      copy.at |= byte << (8 * i);
    } else {
      copy.size |= byte << (8 * (i - 4));
    }
  }
  if (copy.size == 0) copy.size = 0x10000;
  return true;
}

}  // namespace

void Bytes::resize(std::size_t size) {
  if (size > room_) {
    bytes_ = std::make_unique_for_overwrite<char[]>(size);
    room_ = size;
  }
  size_ = size;
}

Result<std::size_t> delta_result_size(std::string_view delta, std::size_t base_size) {
  const std::optional<std::uint64_t> base = take_size(delta);
  if (!base || *base != base_size) return bad_delta("made for another base");
  const std::optional<std::uint64_t> result = take_size(delta);
  if (!result) return bad_delta("no size");
  if (*result > kMaxBlob) return make_error(Code::too_large, "an object is too large");
  return static_cast<std::size_t>(*result);
}

Status apply_delta(std::string_view base, std::string_view delta, char* out) {
  take_size(delta);
  std::size_t left = static_cast<std::size_t>(take_size(delta).value_or(0));
  Copy copy;
  while (!delta.empty()) {
    const auto order = static_cast<std::uint8_t>(delta.front());
    delta.remove_prefix(1);
    if (order == 0) return bad_delta("an unknown order");
    if ((order & 0x80U) != 0) {
      if (!take_copy(order, delta, copy)) return bad_delta("cut short");
      if (copy.at > base.size() || copy.size > base.size() - copy.at) return bad_delta("copies what the base has not");
      if (copy.size > left) return bad_delta("makes too much");
      std::memcpy(out, base.data() + copy.at, copy.size);
    } else {
      copy.size = order;
      if (copy.size > delta.size()) return bad_delta("cut short");
      if (copy.size > left) return bad_delta("makes too much");
      std::memcpy(out, delta.data(), copy.size);
      delta.remove_prefix(copy.size);
    }
    out += copy.size;
    left -= copy.size;
  }
  if (left > 0) return bad_delta("makes too little");
  return {};
}

}  // namespace pg
