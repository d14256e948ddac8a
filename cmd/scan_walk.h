// Walk: a tree scanned by threads that share a stack of small tasks, a directory or a batch of its files each.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "cmd/scan_levels.h"
#include "cmd/scan_sources.h"

namespace pg {

/// An open file or directory; closes it.
class OpenedFile {
 public:
  explicit OpenedFile(int fd) : fd_(fd) {}
  ~OpenedFile();
  OpenedFile(const OpenedFile&) = delete;
  OpenedFile& operator=(const OpenedFile&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

/// A directory to be listed when `files` is empty, else files of it to be scanned.
struct WalkTask {
  std::string directory;
  IgnoreLevelPtr level;  // of the directory above; of `directory` itself for files
  std::string name;      // of the directory within the one above
  std::vector<std::string> files;
  std::shared_ptr<const OpenedFile> opened;  // the directory, so that names need not be looked up from the root; may be null
  bool named = false;                        // given by the user, not found in a directory
  bool is_top_of_exclude = false;            // the settings' patterns are relative to `directory`
  bool only_tracked = false;                 // ignored, but git tracks something below
};

class Walk {
 public:
  Walk(const ScanOptions& options, const IgnoreLevels& levels, const Guards& guards, const SecretRules* secrets);

  void add(WalkTask task);
  /// Works until nothing is left; what all threads found.
  ScanResult run();

 private:
  void add_all(std::vector<WalkTask>& tasks);
  void start_thread();
  void work(ScanResult& result);
  bool take(WalkTask& task);
  void finish(bool has_waited);
  /// Names of `task.directory` that remain; of directories, those whose files alone remain that git tracks stand in
  /// `only_tracked`.
  void drop_ignored(const WalkTask& task, const IgnoreLevel* level, bool are_directories, std::vector<std::string>& names,
                    std::vector<std::string>& only_tracked, ScanResult& result) const;
  void list(const WalkTask& task, ScanReader& reader, ScanResult& result);
  void scan_file(const WalkTask& task, int directory, const std::string& name, ScanReader& reader, ScanResult& result);

  const ScanOptions& options_;
  const IgnoreLevels& levels_;
  const Guards& guards_;
  const SecretRules* secrets_;
  // More threads than cores only add switches, unless they wait for a disk.
  std::size_t busy_threads_, waiting_threads_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<WalkTask> tasks_;  // a stack: depth first keeps it short
  std::size_t open_ = 0;         // tasks waiting or being worked on
  std::size_t idle_ = 0;         // threads that wait for one
  std::vector<std::thread> threads_;
  std::deque<ScanResult> parts_;  // one for each of them
};

/// Books how the scan of one file ended.
void count_outcome(ScanReader::Outcome outcome, const std::string& path, const ScanReader& reader, ScanResult& result,
                   bool name_skipped = false);

/// Adds what a part of a scan found.
void append(ScanResult& all, ScanResult&& part);

}  // namespace pg
