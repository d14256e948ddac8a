// Reads in one go what fits, and in overlapping pieces what does not.
#include "cmd/scan_reader.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <optional>

#include "core/base/utf16.h"

namespace pg {

bool is_archive(std::string_view head) {
  using namespace std::string_view_literals;
  if (head.starts_with("PK\x03\x04"sv) || head.starts_with("PK\x05\x06"sv) || head.starts_with("\x1f\x8b\x08"sv)) return true;
  return head.size() >= 512 && head.substr(257, 5) == "ustar"sv;
}

void ScanReader::reserve(std::size_t size) {
  if (size <= capacity_) return;
  const std::size_t capacity = std::min(kPiece, std::max<std::size_t>(size, 2 * capacity_));
  auto bigger = std::make_unique_for_overwrite<char[]>(capacity);
  if (size_ > 0) std::memcpy(bigger.get(), buffer_.get(), size_);
  buffer_ = std::move(bigger);
  capacity_ = capacity;
}

/// Reads until the buffer holds `want` bytes or the source ends. One that breaks ends, too: what came before is scanned.
void ScanReader::fill(ByteSource& source, std::size_t want, bool& at_end) {
  reserve(want);
  while (size_ < want && !at_end) {
    const auto got = source.read(buffer_.get() + size_, want - size_);
    broken_ = !got;
    if (broken_) error_ = got.error().message;
    at_end = broken_ || *got == 0;
    if (!at_end) size_ += *got;
  }
}

bool ScanReader::is_binary(std::string_view beginning) {
  bool marked = false;
  if (utf16_order(beginning, marked)) return false;
  return beginning.substr(0, kSniffed).find('\0') != std::string_view::npos;
}

ScanReader::Outcome ScanReader::scan_memory(std::string_view text, const std::string& path, std::vector<ScanFinding>& out,
                                            std::uint64_t& bytes) {
  MemorySource source(text);
  return scan(source, text.size(), path, out, bytes);
}

ScanReader::Outcome ScanReader::scan(int file, std::uint64_t size_hint, const std::string& path, std::vector<ScanFinding>& out,
                                     std::uint64_t& bytes) {
  FileSource source(file, size_hint);
  return scan(source, size_hint, path, out, bytes);
}

ScanReader::Outcome ScanReader::scan(ByteSource& source, std::uint64_t size_hint, const std::string& path,
                                     std::vector<ScanFinding>& out, std::uint64_t& bytes) {
  size_ = 0;
  broken_ = false;
  bool at_end = false;
  // One byte more than the size says, so that the end of a file that did not grow shows at once.
  std::size_t want = static_cast<std::size_t>(std::min<std::uint64_t>(kPiece, std::max<std::uint64_t>(size_hint + 1, 32U << 10)));
  fill(source, want, at_end);
  if (broken_ && size_ == 0) return Outcome::failed;
  if (is_archive(head())) return Outcome::archive;
  bool marked = false;
  if (const auto big_endian = utf16_order(head(), marked)) {
    PrefixedSource whole(std::string(head().substr(marked ? 2 : 0)), source);
    Utf16Source text(whole, *big_endian);
    size_ = 0;
    at_end = false;
    fill(text, kSniffed, at_end);
    return scan_text(text, at_end, path, out, bytes);
  }
  const bool is_binary = std::memchr(buffer_.get(), '\0', std::min(size_, kSniffed)) != nullptr;
  if (!is_binary || binary_ == Binary::whole) return scan_text(source, at_end, path, out, bytes);
  if (binary_ == Binary::skip) return broken_ ? Outcome::failed : Outcome::binary;
  // Of arbitrary bytes only what has a prefix of its own is sure to be what it looks like.
  std::vector<ScanFinding> all;
  const Outcome outcome = scan_text(source, at_end, path, all, bytes);
  std::copy_if(std::make_move_iterator(all.begin()), std::make_move_iterator(all.end()), std::back_inserter(out),
               [](const ScanFinding& one) { return one.has_prefix && !one.weak; });
  return outcome == Outcome::failed ? outcome : Outcome::binary;
}

ScanReader::Outcome ScanReader::scan_text(ByteSource& source, bool at_end, const std::string& path, std::vector<ScanFinding>& out,
                                          std::uint64_t& bytes) {
  // It grew, or said nothing of its size, as a pipe does.
  for (std::size_t want = std::max(size_, kSniffed); !at_end && want < kPiece;) {
    want = std::min(kPiece, want * 4);
    fill(source, want, at_end);
  }
  FindingWriter writer(guards_, secrets_, path, out);
  std::size_t from = 0;  // what lies before was written with the piece before
  for (;;) {
    const std::string_view text(buffer_.get(), size_);
    const std::size_t to = at_end ? size_ : size_ - kOverlap;
    found_.clear();
    encoded_found_.clear();
    guards_.inspect(text, Scrutiny::all, found_);
    encoded_.find(text, Scrutiny::all, found_, encoded_found_);
    writer.write(text, from, to, found_, encoded_found_);
    bytes += to - from;
    if (progress_ != nullptr) progress_->bytes.fetch_add(to - from, std::memory_order_relaxed);
    if (at_end) return broken_ ? Outcome::failed : Outcome::scanned;
    writer.leave(text, to);
    const std::size_t keep = size_ - to + kLookBack;
    std::memmove(buffer_.get(), buffer_.get() + size_ - keep, keep);
    size_ = keep;
    from = kLookBack;
    fill(source, kPiece, at_end);
  }
}

}  // namespace pg
