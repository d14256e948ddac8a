// Appends only, turns by rename, and what cannot be written is counted: a full disk never stops a request.
#include "cmd/log_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

namespace pg {
namespace {

constexpr std::chrono::seconds kRetryEvery{5};

std::string numbered(const std::string& path, std::uint64_t number) {
  return number == 0 ? path : fmt::format("{}.{}", path, number);
}

}  // namespace

LogFile::~LogFile() {
  close();
}

void LogFile::use(const LogSettings& settings, OwnFiles own) {
  const std::lock_guard lock(mutex_);
  settings_ = settings;
  own_ = std::make_shared<const OwnFiles>(std::move(own));
  wanted_.store(!settings.file.empty(), std::memory_order_relaxed);
}

void LogFile::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

bool LogFile::is_own(const std::string& path) {
  if (apart_ == nullptr || !apart_->hold(path)) return false;
  fail("pg keeps something else in this file");
  return true;
}

// Our own regular file: a link, a pipe or a device planted there is refused.
bool LogFile::open() {
  if (is_own(path_)) return false;
  fd_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600);
  if (fd_ < 0) return fail(errno == ELOOP ? "it is a symbolic link" : std::strerror(errno)), false;
  struct stat found {};
  if (::fstat(fd_, &found) != 0 || !S_ISREG(found.st_mode) || found.st_uid != ::geteuid()) {
    close();
    return fail("it is no regular file of our own"), false;
  }
  if ((found.st_mode & 077) != 0) (void)::fchmod(fd_, 0600);
  size_ = static_cast<std::uint64_t>(found.st_size);
  return true;
}

// FILE.4 becomes FILE.5, …, FILE becomes FILE.1; the oldest goes.
bool LogFile::rotate(std::uint64_t keep) {
  close();
  for (std::uint64_t number = 0; number <= keep; ++number)
    if (is_own(numbered(path_, number))) return false;
  if (keep == 0) {
    (void)::unlink(path_.c_str());
  } else {
    for (std::uint64_t number = keep; number > 0; --number) {
      const bool moved = std::rename(numbered(path_, number - 1).c_str(), numbered(path_, number).c_str()) == 0;
      if (!moved && errno != ENOENT) return fail(std::strerror(errno)), false;
    }
  }
  return open();
}

void LogFile::fail(const char* what) {
  if (missing_ == 0) on_problem_(fmt::format("{}: the log file cannot be written: {}", path_, what));
  retry_ = std::chrono::steady_clock::now() + kRetryEvery;
}

void LogFile::write(std::string_view line) {
  LogSettings settings;
  {
    const std::lock_guard lock(mutex_);
    settings = settings_;
    if (apart_ != own_) apart_ = own_;
  }
  if (reopen_.exchange(false, std::memory_order_relaxed) || settings.file != path_) {
    close();
    path_ = settings.file;
    retry_ = {};
  }
  if (path_.empty()) return;
  const bool resting = missing_ > 0 && std::chrono::steady_clock::now() < retry_;
  if (resting || (fd_ < 0 && !open())) return void(++missing_);
  if (size_ > 0 && size_ + line.size() > settings.file_max_size && !rotate(settings.file_keep)) return void(++missing_);
  const ssize_t written = ::write(fd_, line.data(), line.size());
  if (written == static_cast<ssize_t>(line.size())) {
    size_ += line.size();
    if (missing_ > 0) on_problem_(fmt::format("{}: the log file is being written again; {} lines are missing", path_, missing_));
    missing_ = 0;
    return;
  }
  const int why = written < 0 ? errno : ENOSPC;
  if (written > 0) (void)::ftruncate(fd_, static_cast<off_t>(size_));  // no half line
  fail(std::strerror(why));
  ++missing_;
}

}  // namespace pg
