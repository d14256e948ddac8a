// ObjectId, what names a git object, and the sink that takes the blobs which readers of packs and loose objects find.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/encode.h"

namespace pg {

/// SHA-1 (20 bytes, then zeros) or SHA-256; a repository has one or the other.
struct ObjectId {
  std::array<std::uint8_t, 32> bytes{};

  auto operator<=>(const ObjectId&) const = default;
  bool is_null() const { return *this == ObjectId{}; }

  static ObjectId from_bytes(std::string_view raw) {
    ObjectId id;
    std::memcpy(id.bytes.data(), raw.data(), raw.size() < id.bytes.size() ? raw.size() : id.bytes.size());
    return id;
  }
  static std::optional<ObjectId> parse(std::string_view hex, std::size_t size) {
    if (hex.size() != 2 * size) return std::nullopt;
    const auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; };
    ObjectId id;
    for (std::size_t i = 0; i < size; ++i) {
      const int high = digit(hex[2 * i]), low = digit(hex[2 * i + 1]);
      if (high < 0 || low < 0) return std::nullopt;
      id.bytes[i] = static_cast<std::uint8_t>(high * 16 + low);
    }
    return id;
  }
  std::string hex(std::size_t size) const { return to_hex({reinterpret_cast<const char*>(bytes.data()), size}); }
};

/// For hash tables: ids are evenly spread already.
struct ObjectIdHash {
  std::size_t operator()(const ObjectId& id) const noexcept {
    std::size_t hash = 0;
    std::memcpy(&hash, id.bytes.data(), sizeof hash);
    return hash;
  }
};

inline constexpr std::size_t kMaxBlob = std::size_t{64} << 20;  // in memory at once; bigger ones are streamed by git itself

/// Where blobs go. One per thread.
class BlobSink {
 public:
  BlobSink() = default;
  virtual ~BlobSink() = default;
  BlobSink(const BlobSink&) = delete;
  BlobSink& operator=(const BlobSink&) = delete;

  virtual void take(const ObjectId& id, std::string_view text) = 0;
  /// A blob (or, when its type is not known, an object) that was wanted and could not be read here.
  virtual void miss(const ObjectId& id) = 0;
  /// True when the beginning tells enough: then take() gets no more than it, although the blob is longer.
  virtual bool is_enough(std::string_view beginning) const = 0;
  /// So many more objects than was said before are going to come to one of the sinks.
  virtual void expect(std::size_t /*objects*/) {}
};

}  // namespace pg
