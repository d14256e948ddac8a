// Reads zip files by their central directory (PKWARE APPNOTE 6.3.10), with the sizes of zip64.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace pg {

/// Bytes that can be read at any place.
class RandomBytes {
 public:
  RandomBytes() = default;
  virtual ~RandomBytes() = default;
  RandomBytes(const RandomBytes&) = delete;
  RandomBytes& operator=(const RandomBytes&) = delete;
  virtual std::uint64_t size() const = 0;
  /// Exactly `size` bytes from `at`; io_failed, or bad_request when there are not as many.
  virtual Result<std::string> read(std::uint64_t at, std::size_t size) = 0;
};

class FileBytes final : public RandomBytes {
 public:
  FileBytes(int file, std::uint64_t size) : file_(file), size_(size) {}
  std::uint64_t size() const override { return size_; }
  Result<std::string> read(std::uint64_t at, std::size_t size) override;

 private:
  int file_;
  std::uint64_t size_;
};

class MemoryBytes final : public RandomBytes {
 public:
  explicit MemoryBytes(std::string_view bytes) : bytes_(bytes) {}
  std::uint64_t size() const override { return bytes_.size(); }
  Result<std::string> read(std::uint64_t at, std::size_t size) override;

 private:
  std::string_view bytes_;
};

struct ZipEntry {
  std::string name;
  std::uint64_t header = 0;    // where its local header is
  std::uint64_t packed = 0;    // bytes in the file
  std::uint64_t unpacked = 0;  // as the directory says; not to be trusted
  std::uint16_t method = 0;    // 0 stored, 8 deflate
  bool encrypted = false;
};

/// The entries of the central directory, directories left out. bad_request for what is no zip file or holds fewer entries than it
/// says, too_large for more than
/// `most` entries or a directory of more than 64 MiB.
Result<std::vector<ZipEntry>> list_zip(RandomBytes& bytes, std::uint64_t most);

/// Where the packed bytes of an entry begin.
Result<std::uint64_t> find_zip_data(RandomBytes& bytes, const ZipEntry& entry);

}  // namespace pg
