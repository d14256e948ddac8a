// Members are streamed through the reader; only a zip inside another archive is held in memory, since its directory is at its
// end.
#include "cmd/scan_archive.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "core/base/tar.h"
#include "core/base/zip.h"

namespace pg {
namespace {

/// Packed bytes of a zip entry, read where they are.
class RandomPart final : public ByteSource {
 public:
  RandomPart(RandomBytes& bytes, std::uint64_t at, std::uint64_t size) : bytes_(bytes), at_(at), end_(at + size) {}
  Result<std::size_t> read(char* into, std::size_t size) override {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(size, end_ - at_));
    PG_TRY(const std::string piece, bytes_.read(at_, count));
    std::copy(piece.begin(), piece.end(), into);
    at_ += count;
    return count;
  }

 private:
  RandomBytes& bytes_;
  std::uint64_t at_, end_;
};

class ArchiveScan {
 public:
  ArchiveScan(ScanReader& reader, ScanResult& result, const ArchiveCaps& caps)
      : reader_(reader), result_(result), caps_(caps), entries_left_(caps.entries) {}

  void scan_zip(RandomBytes& bytes, const std::string& path, int depth);
  void scan_stream(ByteSource& source, std::string_view head, const std::string& path, int depth);

 private:
  void scan_tar(ByteSource& source, const std::string& path, int depth);
  /// False when it could not be read to its end.
  bool scan_member(ByteSource& source, std::uint64_t size, const std::string& path, int depth);
  void scan_entry(RandomBytes& bytes, const ZipEntry& entry, const std::string& path, int depth);
  void scan_nested_zip(ByteSource& source, const std::string& path, int depth);
  /// False, after saying so, when there were too many members or too little may still be unpacked.
  bool may_go_on(const std::string& path);
  void complain(const std::string& path, std::string_view why) { result_.errors.push_back(fmt::format("{}: {}", path, why)); }

  ScanReader& reader_;
  ScanResult& result_;
  ArchiveCaps caps_;
  std::uint64_t entries_left_;
};

bool ArchiveScan::may_go_on(const std::string& path) {
  if (entries_left_ == 0 || caps_.unpacked.left == 0) {
    complain(path, entries_left_ == 0 ? "too many members, the rest was not read" : "unpacks to too much, the rest was not read");
    return false;
  }
  --entries_left_;
  return true;
}

bool ArchiveScan::scan_member(ByteSource& source, std::uint64_t size, const std::string& path, int depth) {
  switch (reader_.scan(source, size, path, result_.findings, result_.totals.bytes)) {
    case ScanReader::Outcome::scanned:
      ++result_.totals.files;
      break;
    case ScanReader::Outcome::binary:
      ++result_.totals.binary;
      break;
    case ScanReader::Outcome::failed:
      complain(path, reader_.error());
      return false;
    case ScanReader::Outcome::archive: {
      if (depth >= caps_.depth) {
        complain(path, "an archive too deep inside others, not read");
        break;
      }
      std::string head(reader_.head());
      PrefixedSource whole(head, source);
      scan_stream(whole, head, path, depth + 1);
      break;
    }
  }
  return true;
}

void ArchiveScan::scan_stream(ByteSource& source, std::string_view head, const std::string& path, int depth) {
  if (head.starts_with("PK")) return scan_nested_zip(source, path, depth);
  if (!head.starts_with("\x1f\x8b")) return scan_tar(source, path, depth);
  UnpackedSource unpacked(source, Coding::gzip, caps_.unpacked);
  std::string inside = path;
  if (inside.ends_with(".gz")) inside.resize(inside.size() - 3);
  if (inside.ends_with(".tgz")) inside.replace(inside.size() - 3, 3, "tar");
  inside = path + "!/" + inside.substr(inside.rfind('/') + 1);
  if (may_go_on(path)) scan_member(unpacked, 0, inside, depth);
}

void ArchiveScan::scan_tar(ByteSource& source, const std::string& path, int depth) {
  TarReader tar(source);
  for (bool whole = true;;) {
    const auto member = tar.next();
    if (!member && whole) complain(path, member.error().message);
    if (!member) return;
    if (!*member) return;
    if (!(*member)->regular) continue;
    if (!may_go_on(path)) return;
    whole = scan_member(tar.content(), (*member)->size, path + "!/" + (*member)->name, depth);
  }
}

void ArchiveScan::scan_nested_zip(ByteSource& source, const std::string& path, int depth) {
  std::string bytes;
  for (constexpr std::size_t kStep = 256 << 10;;) {
    const std::size_t had = bytes.size();
    if (had >= caps_.nested) return complain(path, "a zip file that is too large to be read as a stream, not read");
    bytes.resize(had + kStep);
    const auto got = read_fully(source, bytes.data() + had, kStep);
    if (!got) return complain(path, got.error().message);
    bytes.resize(had + *got);
    if (*got < kStep) break;
  }
  MemoryBytes memory(bytes);
  scan_zip(memory, path, depth);
}

void ArchiveScan::scan_zip(RandomBytes& bytes, const std::string& path, int depth) {
  const auto entries = list_zip(bytes, caps_.entries);
  if (!entries) return complain(path, entries.error().message);
  for (const ZipEntry& entry : *entries) {
    if (!may_go_on(path)) return;
    scan_entry(bytes, entry, path + "!/" + entry.name, depth);
  }
}

void ArchiveScan::scan_entry(RandomBytes& bytes, const ZipEntry& entry, const std::string& path, int depth) {
  if (entry.encrypted) return complain(path, "encrypted, not read");
  if (entry.method != 0 && entry.method != 8) return complain(path, fmt::format("packed with method {}, not read", entry.method));
  const auto at = find_zip_data(bytes, entry);
  if (!at) return complain(path, at.error().message);
  RandomPart packed(bytes, *at, entry.packed);
  if (entry.method == 0) {
    // Overlapping entries can repeat the same bytes without end, so what is stored counts, too.
    if (entry.packed > caps_.unpacked.left) return complain(path, "unpacks to more than is allowed in all");
    caps_.unpacked.left -= entry.packed;
    scan_member(packed, entry.packed, path, depth);
    return;
  }
  UnpackedSource unpacked(packed, Coding::deflate, caps_.unpacked);
  scan_member(unpacked, std::min<std::uint64_t>(entry.unpacked, ScanReader::kPiece - 1), path, depth);
}

}  // namespace

void scan_archive(int file, const std::string& path, ScanReader& reader, ScanResult& result, const ArchiveCaps& caps) {
  const std::string read(reader.head());
  ArchiveScan scan(reader, result, caps);
  struct stat info {};
  if (::fstat(file, &info) != 0 || !S_ISREG(info.st_mode) || ::lseek(file, 0, SEEK_SET) != 0) {
    FileSource rest(file);
    PrefixedSource whole(read, rest);
    return scan.scan_stream(whole, read, path, 1);
  }
  if (read.starts_with("PK")) {
    FileBytes bytes(file, static_cast<std::uint64_t>(info.st_size));
    return scan.scan_zip(bytes, path, 1);
  }
  FileSource source(file);
  scan.scan_stream(source, read, path, 1);
}

void scan_archive(std::string_view bytes, const std::string& path, ScanReader& reader, ScanResult& result,
                  const ArchiveCaps& caps) {
  ArchiveScan scan(reader, result, caps);
  if (bytes.starts_with("PK")) {
    MemoryBytes memory(bytes);
    return scan.scan_zip(memory, path, 1);
  }
  MemorySource source(bytes);
  scan.scan_stream(source, bytes.substr(0, 512), path, 1);
}

}  // namespace pg
