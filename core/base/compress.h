// The door to zlib and zstd: content codings undone, for whole bodies under a cap and for reply streams chunk by chunk; zlib
// streams into memory of a known size, for object stores.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace pg {

/// HTTP content codings (RFC 9110 §8.4.1, RFC 8878). `deflate` is zlib-wrapped by the standard, raw by some servers: both are
/// read.
enum class Coding : std::uint8_t { identity, gzip, deflate, zstd };

/// The coding of that name in any case ("gzip", "x-gzip", "deflate", "zstd", "identity"); nullopt for all others, such as "br".
std::optional<Coding> find_coding(std::string_view name);

/// Undoes one coding as the bytes arrive. Several gzip members or zstd frames after one another are one body. Not thread-safe.
class Decompressor {
 public:
  static constexpr std::size_t kMaxPush = std::size_t{64} << 20;

  static Decompressor make(Coding coding);
  Decompressor(Decompressor&&) noexcept;
  Decompressor& operator=(Decompressor&&) noexcept;
  ~Decompressor();

  /// Appends to `out` all that the sender has flushed. bad_request when the bytes are corrupt, too_large when `out` would grow
  /// above `max_output` bytes (a few bytes of zstd can stand for gigabytes); after either the object is of no more use.
  Status push(std::string_view in, std::string& out, std::size_t max_output = kMaxPush);

  /// True at the end of a member or frame, where a body may end; identity always may. False before the first byte.
  bool finished() const;

  class Codec;  // one per library; defined in compress.cc

 private:
  explicit Decompressor(std::unique_ptr<Codec> codec);
  std::unique_ptr<Codec> codec_;
};

/// Inflates zlib streams (RFC 1950), one after another, into memory that the caller has. Not thread-safe.
class Inflater {
 public:
  Inflater();
  Inflater(Inflater&&) noexcept;
  Inflater& operator=(Inflater&&) noexcept;
  ~Inflater();

  /// Forgets the stream before; the next push() begins one.
  void begin();
  struct Progress {
    std::size_t taken = 0;  // of the input
    std::size_t made = 0;   // of the room
    bool ended = false;     // the stream is complete and its checksum right
  };
  /// Takes what it can of `in` and fills [out, out + room). bad_request when the stream is corrupt.
  Result<Progress> push(std::string_view in, char* out, std::size_t room);
  /// Undoes the stream that `in` begins with when all of it is there and gives exactly `size` bytes: how much of `in` it took. In
  /// half the time that push() needs. nullopt in all other cases, [out, out + size) is undefined then; push() says what is wrong.
  std::optional<std::size_t> whole(std::string_view in, char* out, std::size_t size);

 private:
  struct Stream;
  std::unique_ptr<Stream> stream_;
};

/// One zstd frame, for keeping.
std::string compress_zstd(std::string_view bytes);

/// The whole body undone. too_large above `max_output` bytes; bad_request when corrupt or cut short.
Result<std::string> decompress(std::string_view bytes, Coding coding, std::size_t max_output);

}  // namespace pg
