// Looks into zip, tar and gzip files, and into such files inside them, under caps that hostile ones cannot get around.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "cmd/scan_reader.h"
#include "cmd/scan_sources.h"

namespace pg {

/// What one archive and all inside it may cost.
struct ArchiveCaps {
  UnpackBudget unpacked;                           // bytes in all, and how many for one byte packed
  std::uint64_t entries = 100'000;                 // files in all
  std::uint64_t nested = std::uint64_t{32} << 20;  // bytes of a zip inside an archive or a pipe: it has to be held in memory
  int depth = 4;                                   // a .tar.gz is two
};

/// Scans the members of the archive that `file` is, whose first bytes `reader` has read; findings stand under "a.zip!/member". A
/// pipe is read on from where it stands. What is cut, corrupt, encrypted or over a cap becomes an error of `result` that names
/// the member.
void scan_archive(int file, const std::string& path, ScanReader& reader, ScanResult& result, const ArchiveCaps& caps = {});
/// The same for an archive in memory.
void scan_archive(std::string_view bytes, const std::string& path, ScanReader& reader, ScanResult& result,
                  const ArchiveCaps& caps = {});

}  // namespace pg
