// A line on the terminal that says how far a scan is, from its own thread; gone before results are printed.
#pragma once

#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <thread>

#include "cmd/scan_reader.h"

namespace pg {

/// "1234 files, 56.7 MB, 310 MB/s", or "1234 of 5678 objects, 56.7 MB, 310 MB/s, 3 s left": what the line holds.
std::string progress_text(const ScanProgress& progress, double seconds);

/// Shows `progress` on `out` from 300 ms on until it is destroyed, which erases it. The thread shares only the progress's
/// atomics.
class ProgressLine {
 public:
  ProgressLine(const ScanProgress& progress, std::FILE* out, int width);
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

 private:
  void show();

  const ScanProgress& progress_;
  std::FILE* out_;
  int width_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool done_ = false;
  std::thread thread_;
};

}  // namespace pg
