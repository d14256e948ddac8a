// ByteSource: bytes in order, wherever they come from: a descriptor, memory, a part of another source, UTF-16 turned into UTF-8,
// or what a compressed stream unpacks to.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/compress.h"

namespace pg {

class ByteSource {
 public:
  ByteSource() = default;
  virtual ~ByteSource() = default;
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;

  /// Up to `size` (at least 1) bytes into `into`; 0 at the end. io_failed or bad_request when no more can be read.
  virtual Result<std::size_t> read(char* into, std::size_t size) = 0;
};

/// Reads until `size` bytes are there or the source ends, and says how many it got.
Result<std::size_t> read_fully(ByteSource& source, char* into, std::size_t size);

/// An open file, from where it stands. Does not close it. With the size of a regular file its end is seen without another read;
/// 0 stands for a size that is not known.
class FileSource final : public ByteSource {
 public:
  explicit FileSource(int file, std::uint64_t size = 0) : file_(file), size_(size) {}
  Result<std::size_t> read(char* into, std::size_t size) override;

 private:
  int file_;
  std::uint64_t size_;
  std::uint64_t at_ = 0;
  bool ended_ = false;
};

class MemorySource final : public ByteSource {
 public:
  explicit MemorySource(std::string_view bytes) : bytes_(bytes) {}
  Result<std::size_t> read(char* into, std::size_t size) override;

 private:
  std::string_view bytes_;
};

/// `head`, then the source.
class PrefixedSource final : public ByteSource {
 public:
  PrefixedSource(std::string head, ByteSource& rest) : head_(std::move(head)), rest_(rest) {}
  Result<std::size_t> read(char* into, std::size_t size) override;

 private:
  std::string head_;
  std::size_t at_ = 0;
  ByteSource& rest_;
};

/// The next `left` bytes of a source; bad_request when it ends before.
class PartSource final : public ByteSource {
 public:
  PartSource(ByteSource& whole, std::uint64_t left) : whole_(whole), left_(left) {}
  Result<std::size_t> read(char* into, std::size_t size) override;
  std::uint64_t left() const { return left_; }

 private:
  ByteSource& whole_;
  std::uint64_t left_;
};

/// UTF-16 to UTF-8; what is no character becomes U+FFFD. Lines and code points stay what they are.
class Utf16Source final : public ByteSource {
 public:
  Utf16Source(ByteSource& source, bool big_endian) : source_(source), big_endian_(big_endian) {}
  Result<std::size_t> read(char* into, std::size_t size) override;

 private:
  void append(std::uint16_t unit);

  ByteSource& source_;
  bool big_endian_;
  std::string ready_;
  std::size_t at_ = 0;
  std::string odd_;         // the first byte of a unit that was cut
  std::uint16_t high_ = 0;  // a high surrogate that waits for its low one
  bool ended_ = false;
};

/// What unpacking may cost. The counter is shared by all that comes out of one file.
struct UnpackBudget {
  std::uint64_t left = std::uint64_t{1} << 30;  // bytes that may still come out
  std::uint64_t ratio = 250;                    // most bytes out for one byte in, beyond the first MiB
};

/// A compressed stream. too_large when it outgrows the budget, bad_request when it is corrupt.
class UnpackedSource final : public ByteSource {
 public:
  UnpackedSource(ByteSource& packed, Coding coding, UnpackBudget& budget)
      : packed_(packed), decompressor_(Decompressor::make(coding)), budget_(budget) {}
  Result<std::size_t> read(char* into, std::size_t size) override;

 private:
  Status unpack_more();

  ByteSource& packed_;
  Decompressor decompressor_;
  UnpackBudget& budget_;
  std::string ready_;
  std::size_t at_ = 0;
  std::uint64_t in_ = 0, out_ = 0;
  bool ended_ = false;
};

}  // namespace pg
