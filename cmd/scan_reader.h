// ScanReader: one thread's buffer, through which sources of any size are scanned in pieces that overlap.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "cmd/scan_findings.h"
#include "core/base/byte_source.h"
#include "core/base/utf16.h"

namespace pg {

/// How far a scan has come, for who watches it from another thread.
struct ScanProgress {
  std::atomic<std::uint64_t> files{0};  // or objects of a repository
  std::atomic<std::uint64_t> bytes{0};
  std::atomic<std::uint64_t> objects{0};  // of a repository: how many there will be, as far as is known; 0 for files
};

/// Not thread-safe: each scanning thread has its own.
class ScanReader {
 public:
  static constexpr std::size_t kPiece = 8U << 20;     // bytes in memory at once
  static constexpr std::size_t kOverlap = 64U << 10;  // a value that begins before the last 64 KiB of a piece lies whole in it
  static constexpr std::size_t kLookBack = 1U << 10;  // what edges, marks and labels may need of the piece before
  static constexpr std::size_t kSniffed = kUtf16Sniffed;  // a NUL in here makes a file binary

  ScanReader(const Guards& guards, const SecretRules* secrets, ScanProgress* progress = nullptr)
      : guards_(guards), secrets_(secrets), progress_(progress), encoded_(guards) {}

  /// What becomes of binary sources: left alone; searched for tokens that begin with what their rule makes public; or read as
  /// text.
  enum class Binary : std::uint8_t { skip, tokens, whole };
  void set_binary(Binary binary) { binary_ = binary; }

  enum class Outcome { scanned, binary, archive, failed };
  /// Reads the source to its end and appends findings under `path`; `bytes` grows by what was scanned. UTF-16 with a byte order
  /// mark is read as text, and so is what can only be UTF-16 without one. An archive (zip, tar, gzip by its first bytes) is left
  /// alone. A source that fails is scanned as far as it came; error() tells why it failed.
  Outcome scan(ByteSource& source, std::uint64_t size_hint, const std::string& path, std::vector<ScanFinding>& out,
               std::uint64_t& bytes);
  /// The same for an open file.
  Outcome scan(int file, std::uint64_t size_hint, const std::string& path, std::vector<ScanFinding>& out, std::uint64_t& bytes);
  /// The same for a text that is in memory.
  Outcome scan_memory(std::string_view text, const std::string& path, std::vector<ScanFinding>& out, std::uint64_t& bytes);
  /// True when bytes that begin so are binary, whatever follows.
  static bool is_binary(std::string_view beginning);

  const std::string& error() const { return error_; }
  /// What was read of the source that was scanned last, from its beginning: at least kSniffed bytes when it has as many.
  std::string_view head() const { return {buffer_.get(), size_}; }

 private:
  void fill(ByteSource& source, std::size_t want, bool& at_end);
  void reserve(std::size_t size);
  Outcome scan_text(ByteSource& source, bool at_end, const std::string& path, std::vector<ScanFinding>& out,
                    std::uint64_t& bytes);

  const Guards& guards_;
  const SecretRules* secrets_;
  ScanProgress* progress_;
  std::unique_ptr<char[]> buffer_;  // uninitialised: reading fills it
  std::size_t capacity_ = 0;
  std::size_t size_ = 0;
  std::vector<Finding> found_;
  EncodedFinder encoded_;
  std::vector<EncodedFinding> encoded_found_;
  std::string error_;
  Binary binary_ = Binary::skip;
  bool broken_ = false;  // the source failed before its end
};

/// True when bytes begin as zip, tar or gzip files do.
bool is_archive(std::string_view head);

}  // namespace pg
