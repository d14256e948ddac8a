// "4711\n12\nhttp://127.0.0.1:8787\n3\n2049 131\n": the process id, the calls without a row, the URL, the version of the keys in
// force, and device and inode of the database; what is not known is an empty line. Always kSize bytes, filled up with line feeds,
// so that a later note needs no room on the disk.
#include "core/store/serve_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <string_view>

#include "core/base/text.h"

namespace pg {
namespace {

constexpr std::size_t kSize = 512;
constexpr std::size_t kLongestOrigin = 400;

struct Notes {
  long pid = 0;
  std::uint64_t lost = 0;
  std::string origin;
  std::int64_t policy_version = 0;
  FileIdentity database;
};

FileIdentity identify(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return {};
  return {info.st_dev, info.st_ino};
}

template <class Number>
void read_number(std::string_view text, Number& number) {
  std::from_chars(text.data(), text.data() + text.size(), number);
}

Notes read_notes(int fd) {
  char text[kSize] = {};
  const ssize_t size = ::pread(fd, text, sizeof text, 0);
  const auto lines = split(std::string_view(text, size > 0 ? static_cast<std::size_t>(size) : 0), '\n');
  Notes notes;
  read_number(lines[0], notes.pid);
  if (lines.size() > 1) read_number(lines[1], notes.lost);
  if (lines.size() > 2 && lines[2].starts_with("http://")) notes.origin = lines[2];
  if (lines.size() > 3) read_number(lines[3], notes.policy_version);
  if (lines.size() > 4) {
    const auto numbers = split(lines[4], ' ');
    read_number(numbers[0], notes.database.device);
    if (numbers.size() > 1) read_number(numbers[1], notes.database.inode);
  }
  return notes;
}

bool write_notes(int fd, const Notes& notes) {
  const bool fits = notes.origin.size() <= kLongestOrigin;
  const FileIdentity& file = notes.database;
  const std::string database = file.inode != 0 ? fmt::format("{} {}", file.device, file.inode) : "";
  std::string text = fmt::format("{}\n{}\n{}\n{}\n{}\n", notes.pid, notes.lost > 0 ? std::to_string(notes.lost) : "",
                                 fits ? notes.origin : "", notes.policy_version, database);
  text.resize(kSize, '\n');
  return ::pwrite(fd, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
}

// Commands that look whether somebody serves have it for a moment.
bool lock_patiently(int fd, int kind) {
  constexpr int kAttempts = 10;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    if (attempt > 0) ::usleep(5'000);
    if (::flock(fd, kind | LOCK_NB) == 0) return true;
  }
  return false;
}

std::string file_of(const std::string& database) {
  return database + ".lock";
}

Error cannot_open(const std::string& path, int number) {
  const Code code = number == EACCES || number == EPERM ? Code::forbidden : Code::io_failed;
  return make_error(code, fmt::format("{}: cannot be opened: {}", path, std::strerror(number)));
}

// Whoever finds the lock held believes the notes, so those of the serve before go while nobody can hold it. False when somebody
// does.
bool clear_notes(int fd) {
  if (!lock_patiently(fd, LOCK_SH)) return false;
  Notes cleared;
  cleared.lost = read_notes(fd).lost;
  (void)write_notes(fd, cleared);
  ::flock(fd, LOCK_UN);  // two that both kept it would keep each other from the lock
  return true;
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
  if (fd < 0) return cannot_open(path, errno);
  if (clear_notes(fd) && lock_patiently(fd, LOCK_EX)) {
    Notes notes;
    notes.pid = ::getpid();
    notes.lost = read_notes(fd).lost;
    if (write_notes(fd, notes)) return ServeLock(fd, notes.lost, identify(database));
    ::close(fd);
    return make_error(Code::io_failed, "cannot write " + path);
  }
  const Notes notes = read_notes(fd);
  ::close(fd);
  const std::string pid = notes.pid > 0 ? std::to_string(notes.pid) : "unknown";
  return make_error(Code::conflict, "another pg (pid " + pid + ") has " + database);
}

ServeLock::~ServeLock() {
  if (fd_ >= 0) ::close(fd_);
}

void ServeLock::forget_lost() {
  lost_ = 0;
  Notes notes = read_notes(fd_);
  notes.lost = 0;
  (void)write_notes(fd_, notes);
}

void ServeLock::note_origin(const std::string& origin) {
  Notes notes = read_notes(fd_);
  notes.origin = origin;
  notes.database = database_;
  (void)write_notes(fd_, notes);
}

void ServeLock::note_policy(std::int64_t version) {
  Notes notes = read_notes(fd_);
  notes.policy_version = version;
  (void)write_notes(fd_, notes);
}

Status note_lost_calls(const std::string& database, std::uint64_t calls) {
  const std::string path = file_of(database);
  const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) return cannot_open(path, errno);
  Notes notes = read_notes(fd);
  notes.lost += calls;
  const bool noted = write_notes(fd, notes);
  ::close(fd);
  return noted ? Status{} : Status(make_error(Code::io_failed, "cannot write " + path));
}

std::uint64_t read_lost_calls(const std::string& database) {
  return read_file_of(database).lost;
}

std::optional<RunningServe> find_running_serve(const std::string& database) {
  const int fd = ::open(file_of(database).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) return std::nullopt;
  // /proc/locks does not tell on every file system, and a process id may be somebody else's by now; take() waits for us.
  const bool runs = ::flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  Notes notes = read_notes(fd);
  ::close(fd);
  if (!runs) return std::nullopt;
  const bool same = notes.database == FileIdentity{} || notes.database == identify(database);
  return RunningServe{notes.pid, std::move(notes.origin), notes.policy_version, same};
}

}  // namespace pg
