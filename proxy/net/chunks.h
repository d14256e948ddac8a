// The chunked transfer coding (RFC 9112 §7.1): a strict decoder that keeps its place between reads, and the one line of encoding.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace pg {

class ChunkDecoder {
 public:
  /// Appends the data in `bytes` to `out`; gives how many bytes it took (fewer than given only when the body ended there).
  /// bad_request for anything but plain chunks; headers_too_large for more than 8 KiB of trailers. Trailers are dropped.
  Result<std::size_t> push(std::string_view bytes, std::string& out);
  bool done() const { return state_ == State::done; }

 private:
  enum class State : std::uint8_t { size, size_lf, data, data_cr, data_lf, trailer, done };
  Status take_size(char c);
  Status take_trailer(char c);

  State state_ = State::size;
  std::uint64_t left_ = 0;  // of the current chunk
  std::uint32_t digits_ = 0;
  std::uint32_t extension_ = 0;  // bytes of chunk extensions so far, over all chunks
  bool in_extension_ = false;
  bool extension_is_bare_ = false;
  std::uint32_t trailer_ = 0;
  std::uint32_t trailer_line_ = 0;
  bool trailer_cr_ = false;
};

/// Appends `data` as one chunk; nothing for empty data, which would end the body.
void append_chunk(std::string& out, std::string_view data);
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

}  // namespace pg
