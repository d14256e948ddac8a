// End record, directory, entries: every length is checked against what is there before it is used.
#include "core/base/zip.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace pg {
namespace {

constexpr std::size_t kEndSize = 22, kEnd64LocatorSize = 20, kEnd64Size = 56, kEntrySize = 46, kLocalSize = 30;
constexpr std::size_t kMaxComment = 65535;
constexpr std::uint64_t kMaxDirectory = std::uint64_t{64} << 20;
constexpr std::uint32_t kFull32 = 0xFFFFFFFF;

Error damaged() {
  return make_error(Code::bad_request, "the zip file is damaged");
}

std::uint64_t little(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = size; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

bool has_sign(std::string_view bytes, std::string_view letters) {
  return bytes.starts_with("PK") && bytes.substr(2, 2) == letters;
}

struct Directory {
  std::uint64_t at = 0, size = 0, entries = 0;
};

/// The zip64 end record, which a locator right before the plain one points at.
Result<Directory> read_end64(RandomBytes& bytes, std::uint64_t end) {
  if (end < kEnd64LocatorSize) return damaged();
  PG_TRY(const std::string locator, bytes.read(end - kEnd64LocatorSize, kEnd64LocatorSize));
  if (!has_sign(locator, "\x06\x07")) return damaged();
  PG_TRY(const std::string record, bytes.read(little(locator, 8, 8), kEnd64Size));
  if (!has_sign(record, "\x06\x06")) return damaged();
  return Directory{little(record, 48, 8), little(record, 40, 8), little(record, 32, 8)};
}

Result<Directory> find_directory(RandomBytes& bytes) {
  if (bytes.size() < kEndSize) return damaged();
  const auto tail_size = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), kEndSize + kMaxComment));
  const std::uint64_t tail_at = bytes.size() - tail_size;
  PG_TRY(const std::string tail, bytes.read(tail_at, tail_size));
  for (std::size_t at = tail_size - kEndSize + 1; at-- > 0;) {
    const std::string_view record = std::string_view(tail).substr(at);
    if (!has_sign(record, "\x05\x06")) continue;
    const Directory plain{little(record, 16, 4), little(record, 12, 4), little(record, 10, 2)};
    if (plain.at != kFull32 && plain.size != kFull32 && plain.entries != 0xFFFF) return plain;
    return read_end64(bytes, tail_at + at);
  }
  return damaged();
}

/// Sizes that do not fit 32 bits stand in the zip64 field, in this order, each only when its plain place is full.
void read_extra(std::string_view extra, ZipEntry& entry) {
  while (extra.size() >= 4) {
    const std::uint64_t id = little(extra, 0, 2), size = little(extra, 2, 2);
    extra.remove_prefix(4);
    if (size > extra.size()) return;
    std::string_view field = extra.substr(0, size);
    extra.remove_prefix(size);
    if (id != 1) continue;
    for (std::uint64_t* value : {&entry.unpacked, &entry.packed, &entry.header}) {
      if (*value != kFull32 || field.size() < 8) continue;
      *value = little(field, 0, 8);
      field.remove_prefix(8);
    }
  }
}

}  // namespace

Result<std::string> FileBytes::read(std::uint64_t at, std::size_t size) {
  if (at > size_ || size > size_ - at) return damaged();
  std::string out(size, '\0');
  for (std::size_t got = 0; got < size;) {
    const ssize_t more = ::pread(file_, out.data() + got, size - got, static_cast<off_t>(at + got));
    if (more < 0 && errno == EINTR) continue;
    if (more < 0) return make_error(Code::io_failed, std::strerror(errno));
    if (more == 0) return damaged();
    got += static_cast<std::size_t>(more);
  }
  return out;
}

Result<std::string> MemoryBytes::read(std::uint64_t at, std::size_t size) {
  if (at > bytes_.size() || size > bytes_.size() - at) return damaged();
  return std::string(bytes_.substr(at, size));
}

Result<std::vector<ZipEntry>> list_zip(RandomBytes& bytes, std::uint64_t most) {
  PG_TRY(const Directory directory, find_directory(bytes));
  if (directory.entries > most) return make_error(Code::too_large, "the zip file has too many entries");
  if (directory.size > kMaxDirectory) return make_error(Code::too_large, "the zip file's directory is too large");
  PG_TRY(const std::string text, bytes.read(directory.at, static_cast<std::size_t>(directory.size)));
  std::vector<ZipEntry> entries;
  std::string_view left = text;
  std::uint64_t met = 0;
  while (left.size() >= kEntrySize && has_sign(left, "\x01\x02")) {
    if (entries.size() == most) return make_error(Code::too_large, "the zip file has too many entries");
    const std::uint64_t name = little(left, 28, 2), extra = little(left, 30, 2), comment = little(left, 32, 2);
    if (kEntrySize + name + extra + comment > left.size()) return damaged();
    ZipEntry entry;
    entry.encrypted = (little(left, 8, 2) & 1) != 0;
    entry.method = static_cast<std::uint16_t>(little(left, 10, 2));
    entry.packed = little(left, 20, 4);
    entry.unpacked = little(left, 24, 4);
    entry.header = little(left, 42, 4);
    entry.name = left.substr(kEntrySize, name);
    read_extra(left.substr(kEntrySize + name, extra), entry);
    ++met;
    if (!entry.name.ends_with('/')) entries.push_back(std::move(entry));
    left.remove_prefix(kEntrySize + name + extra + comment);
  }
  if (met < directory.entries) return damaged();  // an empty list would look clean
  return entries;
}

Result<std::uint64_t> find_zip_data(RandomBytes& bytes, const ZipEntry& entry) {
  PG_TRY(const std::string local, bytes.read(entry.header, kLocalSize));
  if (!has_sign(local, "\x03\x04")) return damaged();
  const std::uint64_t at = entry.header + kLocalSize + little(local, 26, 2) + little(local, 28, 2);
  if (at > bytes.size() || entry.packed > bytes.size() - at) return damaged();
  return at;
}

}  // namespace pg
