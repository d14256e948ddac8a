// Chunk sizes are bare hex digits: no sign, no blanks, no "0x", at most 15 of them.
#include "proxy/net/chunks.h"

#include <algorithm>
#include <charconv>

#include "core/base/ascii.h"

namespace pg {
namespace {

constexpr std::uint32_t kMaxExtension = 4 * 1024;
constexpr std::uint32_t kMaxTrailer = 8 * 1024;

Error bad_chunk(const char* what) {
  return make_error(Code::bad_request, std::string("the chunked body is malformed: ") + what);
}

}  // namespace

Status ChunkDecoder::take_size(char c) {
  if (c == '\r') {
    if (digits_ == 0) return bad_chunk("no size");
    if (in_extension_ && extension_is_bare_) return bad_chunk("an empty extension");
    state_ = State::size_lf;
    return {};
  }
  if (in_extension_) {
    if (++extension_ > kMaxExtension) return bad_chunk("too many extensions");
    if (c == '\n' || static_cast<unsigned char>(c) < 0x20) return bad_chunk("a control character in an extension");
    if (c != ' ') extension_is_bare_ = c == ';';
    return {};
  }
  if (c == ';' && digits_ > 0) {
    in_extension_ = extension_is_bare_ = true;
    return {};
  }
  const int digit = hex_value(c);
  if (digit < 0) return bad_chunk("the size is not hexadecimal");
  if (++digits_ > 15) return bad_chunk("the size is too large");
  left_ = left_ << 4 | static_cast<std::uint64_t>(digit);
  return {};
}

Status ChunkDecoder::take_trailer(char c) {
  if (++trailer_ > kMaxTrailer) return make_error(Code::headers_too_large, "trailers of more than 8 KiB");
  if (c == '\n') {
    if (!trailer_cr_) return bad_chunk("a bare LF in the trailers");
    if (trailer_line_ == 0) state_ = State::done;
    trailer_line_ = 0;
    trailer_cr_ = false;
    return {};
  }
  if (trailer_cr_ || c == '\0') return bad_chunk("a control character in the trailers");
  if (c == '\r') {
    trailer_cr_ = true;
  } else {
    ++trailer_line_;
  }
  return {};
}

Result<std::size_t> ChunkDecoder::push(std::string_view bytes, std::string& out) {
  std::size_t at = 0;
  while (at < bytes.size() && state_ != State::done) {
    if (state_ == State::data) {
      const std::size_t take = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size() - at));
      out.append(bytes.substr(at, take));
      at += take;
      left_ -= take;
      if (left_ == 0) state_ = State::data_cr;
      continue;
    }
    const char c = bytes[at++];
    switch (state_) {
      case State::size:
        PG_TRY_STATUS(take_size(c));
        break;
      case State::size_lf:
        if (c != '\n') return bad_chunk("a bare CR after the size");
        state_ = left_ == 0 ? State::trailer : State::data;
        digits_ = 0;
        in_extension_ = false;
        break;
      case State::data_cr:
        if (c != '\r') return bad_chunk("a chunk is longer than its size");
        state_ = State::data_lf;
        break;
      case State::data_lf:
        if (c != '\n') return bad_chunk("a chunk is longer than its size");
        state_ = State::size;
        break;
      case State::trailer:
        PG_TRY_STATUS(take_trailer(c));
        break;
      case State::data:
      case State::done:
        break;
    }
  }
  return at;
}

void append_chunk(std::string& out, std::string_view data) {
  if (data.empty()) return;
  char size[20];
  const auto end = std::to_chars(size, size + 16, data.size(), 16).ptr;
  out.append(size, static_cast<std::size_t>(end - size)).append("\r\n").append(data).append("\r\n");
}

}  // namespace pg
