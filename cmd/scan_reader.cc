// Reads in one go what fits, and in overlapping pieces what does not.
#include "cmd/scan_reader.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace pg {

void ScanReader::reserve(std::size_t size) {
  if (size <= capacity_) return;
  const std::size_t capacity = std::min(kPiece, std::max<std::size_t>(size, 2 * capacity_));
  auto bigger = std::make_unique_for_overwrite<char[]>(capacity);
  if (size_ > 0) std::memcpy(bigger.get(), buffer_.get(), size_);
  buffer_ = std::move(bigger);
  capacity_ = capacity;
}

/// Reads until the buffer holds `want` bytes or the file ends; false when reading fails.
bool ScanReader::fill(int file, std::size_t want, bool& at_end) {
  reserve(want);
  while (size_ < want) {
    const ssize_t got = ::read(file, buffer_.get() + size_, want - size_);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return false;
    if (got == 0) {
      at_end = true;
      return true;
    }
    size_ += static_cast<std::size_t>(got);
  }
  return true;
}

bool ScanReader::is_binary(std::string_view beginning) {
  return beginning.substr(0, kSniffed).find('\0') != std::string_view::npos;
}

ScanReader::Outcome ScanReader::scan_memory(std::string_view text, const std::string& path, std::vector<ScanFinding>& out,
                                            std::uint64_t& bytes) {
  if (is_binary(text)) return Outcome::binary;
  found_.clear();
  guards_.inspect(text, Scrutiny::all, found_);
  if (!found_.empty()) FindingWriter(guards_, secrets_, path, out).write(text, 0, text.size(), found_);
  bytes += text.size();
  return Outcome::scanned;
}

ScanReader::Outcome ScanReader::scan(int file, std::uint64_t size_hint, const std::string& path, std::vector<ScanFinding>& out,
                                     std::uint64_t& bytes) {
  size_ = 0;
  bool at_end = false;
  // One byte more than the size says, so that the end shows without a second read of a file that did not grow.
  std::size_t want = static_cast<std::size_t>(std::min<std::uint64_t>(kPiece, std::max<std::uint64_t>(size_hint + 1, 32U << 10)));
  if (!fill(file, want, at_end)) return Outcome::failed;
  if (is_binary({buffer_.get(), size_})) return Outcome::binary;
  while (!at_end && want < kPiece) {  // the file grew, or said nothing of its size, as a pipe does
    want = std::min(kPiece, want * 4);
    if (!fill(file, want, at_end)) return Outcome::failed;
  }
  FindingWriter writer(guards_, secrets_, path, out);
  std::size_t from = 0;  // what lies before was written with the piece before
  for (;;) {
    const std::string_view text(buffer_.get(), size_);
    const std::size_t to = at_end ? size_ : size_ - kOverlap;
    found_.clear();
    guards_.inspect(text, Scrutiny::all, found_);
    writer.write(text, from, to, found_);
    bytes += to - from;
    if (at_end) return Outcome::scanned;
    const std::size_t keep = size_ - to + kLookBack;
    std::memmove(buffer_.get(), buffer_.get() + size_ - keep, keep);
    size_ = keep;
    from = kLookBack;
    if (!fill(file, kPiece, at_end)) return Outcome::failed;
  }
}

}  // namespace pg
