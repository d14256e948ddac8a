// "4711\n12\n": the process id, and the calls without a row when there are any. Always kSize bytes, filled up with line feeds, so
// that a later note needs no room on the disk.
#include "core/store/serve_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <charconv>
#include <string_view>

namespace pg {
namespace {

constexpr std::size_t kSize = 64;

struct Notes {
  long pid = 0;
  std::uint64_t lost = 0;
};

Notes read_notes(int fd) {
  char text[kSize] = {};
  const ssize_t size = ::pread(fd, text, sizeof text, 0);
  const std::string_view all(text, size > 0 ? static_cast<std::size_t>(size) : 0);
  const std::size_t line = std::min(all.find('\n'), all.size());
  Notes notes;
  std::from_chars(all.data(), all.data() + line, notes.pid);
  if (line < all.size()) std::from_chars(all.data() + line + 1, all.data() + all.size(), notes.lost);
  return notes;
}

bool write_notes(int fd, const Notes& notes) {
  std::string text = fmt::format("{}\n", notes.pid);
  if (notes.lost > 0) text += fmt::format("{}\n", notes.lost);
  text.resize(kSize, '\n');
  return ::pwrite(fd, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
}

std::string file_of(const std::string& database) {
  return database + ".lock";
}

Notes read_file_of(const std::string& database) {
  const int fd = ::open(file_of(database).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) return {};
  const Notes notes = read_notes(fd);
  ::close(fd);
  return notes;
}

}  // namespace

Result<ServeLock> ServeLock::take(const std::string& database) {
  const std::string path = file_of(database);
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return make_error(Code::io_failed, "cannot open " + path);
  Notes notes = read_notes(fd);
  if (::flock(fd, LOCK_EX | LOCK_NB) == 0) {
    notes.pid = ::getpid();
    if (write_notes(fd, notes)) return ServeLock(fd, notes.lost);
    ::close(fd);
    return make_error(Code::io_failed, "cannot write " + path);
  }
  ::close(fd);
  const std::string pid = notes.pid > 0 ? std::to_string(notes.pid) : "unknown";
  return make_error(Code::conflict, "another pg serve (pid " + pid + ") runs on " + database);
}

ServeLock::~ServeLock() {
  if (fd_ >= 0) ::close(fd_);
}

void ServeLock::forget_lost() {
  lost_ = 0;
  (void)write_notes(fd_, {::getpid(), 0});
}

Status note_lost_calls(const std::string& database, std::uint64_t calls) {
  const std::string path = file_of(database);
  const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) return make_error(Code::io_failed, "cannot open " + path);
  Notes notes = read_notes(fd);
  notes.lost += calls;
  const bool noted = write_notes(fd, notes);
  ::close(fd);
  return noted ? Status{} : Status(make_error(Code::io_failed, "cannot write " + path));
}

std::uint64_t read_lost_calls(const std::string& database) {
  return read_file_of(database).lost;
}

long read_serve_pid(const std::string& database) {
  return read_file_of(database).pid;
}

}  // namespace pg
