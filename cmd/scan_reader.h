// ScanReader: one thread's buffer, through which files of any size are scanned in pieces that overlap.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "cmd/scan_findings.h"

namespace pg {

/// Not thread-safe: each scanning thread has its own.
class ScanReader {
 public:
  static constexpr std::size_t kPiece = 8U << 20;     // bytes in memory at once
  static constexpr std::size_t kOverlap = 64U << 10;  // a value that begins before the last 64 KiB of a piece lies whole in it
  static constexpr std::size_t kLookBack = 1U << 10;  // what edges, marks and labels may need of the piece before
  static constexpr std::size_t kSniffed = 8U << 10;   // a NUL in here makes a file binary

  ScanReader(const Guards& guards, const SecretRules* secrets) : guards_(guards), secrets_(secrets) {}

  enum class Outcome { scanned, binary, failed };
  /// Reads `file` to its end and appends findings under `path`; `bytes` grows by what was scanned. errno tells why it failed.
  Outcome scan(int file, std::uint64_t size_hint, const std::string& path, std::vector<ScanFinding>& out, std::uint64_t& bytes);
  /// The same for a text that is in memory.
  Outcome scan_memory(std::string_view text, const std::string& path, std::vector<ScanFinding>& out, std::uint64_t& bytes);
  /// True when bytes that begin so are binary, whatever follows.
  static bool is_binary(std::string_view beginning);

 private:
  bool fill(int file, std::size_t want, bool& at_end);
  void reserve(std::size_t size);

  const Guards& guards_;
  const SecretRules* secrets_;
  std::unique_ptr<char[]> buffer_;  // uninitialised: reading fills it
  std::size_t capacity_ = 0;
  std::size_t size_ = 0;
  std::vector<Finding> found_;
};

}  // namespace pg
