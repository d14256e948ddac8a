// Each source reads what it needs of the one below it and keeps no more than a small buffer.
#include "core/base/byte_source.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/base/text.h"
#include "core/base/utf16.h"

namespace pg {
namespace {

constexpr std::size_t kUnitsStep = 16 << 10;
constexpr std::size_t kPackedStep = 4 << 10;  // a few bytes can stand for a thousand times as many
constexpr std::uint64_t kFreeOfRatio = 1 << 20;
constexpr std::uint32_t kReplacement = 0xFFFD;

std::size_t copy_some(std::string_view from, std::size_t& at, char* into, std::size_t size) {
  const std::size_t count = std::min(size, from.size() - at);
  if (count > 0) std::memcpy(into, from.data() + at, count);
  at += count;
  return count;
}

}  // namespace

Result<std::size_t> read_fully(ByteSource& source, char* into, std::size_t size) {
  std::size_t got = 0;
  while (got < size) {
    PG_TRY(const std::size_t more, source.read(into + got, size - got));
    if (more == 0) break;
    got += more;
  }
  return got;
}

Result<std::size_t> FileSource::read(char* into, std::size_t size) {
  if (ended_) return std::size_t{0};
  for (;;) {
    const ssize_t got = ::read(file_, into, size);
    if (got >= 0) {
      at_ += static_cast<std::uint64_t>(got);
      ended_ = at_ == size_ && static_cast<std::size_t>(got) < size;
      return static_cast<std::size_t>(got);
    }
    if (errno != EINTR) return make_error(Code::io_failed, std::strerror(errno));
  }
}

Result<std::size_t> MemorySource::read(char* into, std::size_t size) {
  std::size_t at = 0;
  const std::size_t got = copy_some(bytes_, at, into, size);
  bytes_.remove_prefix(got);
  return got;
}

Result<std::size_t> PrefixedSource::read(char* into, std::size_t size) {
  if (at_ < head_.size()) return copy_some(head_, at_, into, size);
  return rest_.read(into, size);
}

Result<std::size_t> PartSource::read(char* into, std::size_t size) {
  if (left_ == 0) return std::size_t{0};
  PG_TRY(const std::size_t got, whole_.read(into, static_cast<std::size_t>(std::min<std::uint64_t>(size, left_))));
  if (got == 0) return make_error(Code::bad_request, "cut short");
  left_ -= got;
  return got;
}

void Utf16Source::append(std::uint16_t unit) {
  if (is_low_surrogate(unit) && high_ != 0) {
    append_utf8(ready_, join_surrogates(high_, unit));
    high_ = 0;
    return;
  }
  if (high_ != 0) append_utf8(ready_, kReplacement);
  high_ = 0;
  if (is_high_surrogate(unit))
    high_ = unit;
  else
    append_utf8(ready_, is_low_surrogate(unit) ? kReplacement : unit);
}

Result<std::size_t> Utf16Source::read(char* into, std::size_t size) {
  while (at_ == ready_.size()) {
    if (ended_) return std::size_t{0};
    ready_.clear();
    at_ = 0;
    std::array<char, kUnitsStep> units;
    std::copy(odd_.begin(), odd_.end(), units.begin());
    PG_TRY(std::size_t got, source_.read(units.data() + odd_.size(), units.size() - odd_.size()));
    ended_ = got == 0;
    got += odd_.size();
    for (std::size_t i = 0; i + 1 < got; i += 2) {
      const auto first = static_cast<unsigned char>(units[i]), second = static_cast<unsigned char>(units[i + 1]);
      append(static_cast<std::uint16_t>(big_endian_ ? first << 8 | second : second << 8 | first));
    }
    odd_.assign(units.data() + got / 2 * 2, got % 2);
    if (ended_ && (high_ != 0 || !odd_.empty())) append_utf8(ready_, kReplacement);
  }
  return copy_some(ready_, at_, into, size);
}

Status UnpackedSource::unpack_more() {
  std::array<char, kPackedStep> packed;
  PG_TRY(const std::size_t got, packed_.read(packed.data(), packed.size()));
  if (got == 0) {
    ended_ = true;
    if (!decompressor_.finished()) return make_error(Code::bad_request, "the compressed data is cut short");
    return {};
  }
  in_ += got;
  // Never below what came out already: each push was held to it.
  const std::uint64_t by_ratio = kFreeOfRatio + in_ * budget_.ratio - out_;
  const std::uint64_t most = std::min(budget_.left, by_ratio);
  const Status status = decompressor_.push({packed.data(), got}, ready_, static_cast<std::size_t>(most));
  if (!status && status.error().code == Code::too_large)
    return make_error(Code::too_large, budget_.left <= by_ratio
                                           ? "unpacks to more than is allowed in all"
                                           : fmt::format("unpacks to more than {} times its size", budget_.ratio));
  if (!status) return make_error(Code::bad_request, "the compressed data is corrupt");
  out_ += ready_.size();
  budget_.left -= ready_.size();
  return {};
}

Result<std::size_t> UnpackedSource::read(char* into, std::size_t size) {
  while (at_ == ready_.size()) {
    if (ended_) return std::size_t{0};
    ready_.clear();
    at_ = 0;
    if (Status status = unpack_more(); !status) return std::move(status).error();
  }
  return copy_some(ready_, at_, into, size);
}

}  // namespace pg
