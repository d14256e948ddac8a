// Files read and written with care: no planted links, no half-written settings, nothing private left readable by others.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace pg {

/// How far a file is trusted. `shared`: any regular file that not everybody may write, and a symbolic link when we or root own
/// the link (dotfile managers). `secret`: our own regular file, not a link, one name only, no access for others.
enum class FileTrust : std::uint8_t { shared, secret };

/// Reads a whole file of at most `max_bytes`. not_found when there is none; too_large; forbidden where permissions are in the
/// way, and with FileTrust::secret a foreign owner or any permission for others; io_failed with a hint for anything else: links,
/// pipes, devices.
Result<std::string> read_file(const std::string& path, std::uint64_t max_bytes, FileTrust trust);

/// Writes through a temporary file in the same directory and a rename, 0600, synced. A link at `path` is refused, not followed.
Status write_file(const std::string& path, std::string_view bytes);

/// As write_file, but only where nothing is: true when it was made, false when something of that name exists.
Result<bool> create_file(const std::string& path, std::string_view bytes);

/// Makes a directory (0700) and its parents where missing; io_failed when others may write into an existing one.
Status make_private_directory(const std::string& path);

/// forbidden with a chmod or chown hint, io_failed for what is no plain file, unless `path` is our own regular file that others
/// cannot read; not_found when missing.
Status check_private_file(const std::string& path);

/// Why a file cannot be used for reading and writing, nor others made beside it: forbidden when that is a matter of permissions,
/// io_failed otherwise.
Code code_of_denial(const std::string& path);

/// What tells one state of a file from the next; all zero when there is none.
struct FileStamp {
  std::int64_t modified_ns = 0;
  std::int64_t changed_ns = 0;
  std::uint64_t size = 0;
  std::uint64_t inode = 0;
  bool operator==(const FileStamp&) const = default;
};
FileStamp stamp_file(const std::string& path);

/// The name of a file system between machines, by what statfs(2) calls it; "" for those of one machine alone, and for FUSE, which
/// does not say what is behind it. A database there is damaged sooner or later: its processes share memory, and locks that hold.
std::string_view network_file_system(std::uint64_t type);
/// The same for the one that `path` is on; "" where nothing is.
std::string_view network_file_system_of(const std::string& path);

/// The directory part ("." when there is none).
std::string directory_of(std::string_view path);

}  // namespace pg
