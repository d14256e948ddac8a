// Reading /proc/locks.
#include "core/store/lock_holder.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <fstream>
#include <limits>
#include <sstream>

namespace pg {
namespace {

constexpr unsigned long long kWalWriteLock = 120;        // SQLite WAL-index: byte of WAL_WRITE_LOCK in the -shm file
constexpr unsigned long long kPendingByte = 0x40000000;  // SQLite file format 2.x: PENDING_BYTE of a rollback-mode database

std::string device_inode(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return {};
  return fmt::format("{:02x}:{:02x}:{}", major(info.st_dev), minor(info.st_dev), info.st_ino);
}

std::string read_locks() {
  std::ifstream file("/proc/locks");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

std::optional<long> find_lock_holder_in(std::string_view proc_locks, std::string_view device_inode, unsigned long long offset) {
  std::istringstream lines{std::string(proc_locks)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string number, kind, advice, mode, place, end_text;
    long pid = 0;
    unsigned long long begin = 0;
    if (!(words >> number >> kind >> advice >> mode >> pid >> place >> begin >> end_text)) continue;
    if (kind != "POSIX" || mode != "WRITE" || place != device_inode) continue;
    const unsigned long long end =
        end_text == "EOF" ? std::numeric_limits<unsigned long long>::max() : std::strtoull(end_text.c_str(), nullptr, 10);
    if (begin <= offset && offset <= end) return pid;
  }
  return std::nullopt;
}

std::optional<long> find_lock_holder(const std::string& path) {
  const std::string locks = read_locks();
  if (const std::string shm = device_inode(path + "-shm"); !shm.empty())
    if (auto pid = find_lock_holder_in(locks, shm, kWalWriteLock)) return pid;
  const std::string main = device_inode(path);
  return main.empty() ? std::nullopt : find_lock_holder_in(locks, main, kPendingByte);
}

}  // namespace pg
