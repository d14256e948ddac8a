// The file that `pg serve` writes a line per request to, and its older ones. Lines come from one thread; settings and reopen()
// from any.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "config/own_files.h"
#include "config/settings.h"
#include "core/base/clock.h"

namespace pg {

class LogFile {
 public:
  /// `on_problem` hears once that lines cannot be written, and once that they can be again.
  explicit LogFile(std::function<void(const std::string&)> on_problem) : on_problem_(std::move(on_problem)) {}
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;
  ~LogFile();

  /// The file from the next line on; none with an empty name. One of `own`, whatever it was when the settings were read, is left
  /// alone.
  void use(const LogSettings& settings, OwnFiles own = {});
  /// Opens the file anew before the next line: somebody has moved it away.
  void reopen() { reopen_.store(true, std::memory_order_relaxed); }
  /// True when lines are wanted: somebody may spare himself their making.
  bool wanted() const { return wanted_.load(std::memory_order_relaxed); }
  /// Appends the line, after turning the files when it would be too long. Never throws, never waits longer than the disk.
  void write(std::string_view line);

 private:
  bool is_own(const std::string& path);
  bool open();
  void close();
  bool rotate(std::uint64_t keep);
  void fail(const char* what);

  std::function<void(const std::string&)> on_problem_;
  std::mutex mutex_;
  LogSettings settings_;
  std::shared_ptr<const OwnFiles> own_;
  std::atomic<bool> wanted_{false};
  std::atomic<bool> reopen_{false};
  // From here on the writing thread's own.
  int fd_ = -1;
  std::shared_ptr<const OwnFiles> apart_;
  std::string path_;  // of fd_
  std::uint64_t size_ = 0;
  std::uint64_t missing_ = 0;  // lines since it failed
  SteadyTime retry_;
};

}  // namespace pg
