// Drawn ten times a second over itself.
#include "cmd/scan_progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace pg {
namespace {

constexpr auto kFirst = std::chrono::milliseconds(300);
constexpr auto kEach = std::chrono::milliseconds(100);
constexpr std::string_view kErase = "\r\x1b[K";

void draw(std::FILE* out, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), out);
  std::fflush(out);
}

}  // namespace

std::string progress_text(const ScanProgress& progress, double seconds) {
  const std::uint64_t done = progress.files.load(), all = progress.objects.load();
  const double megabytes = static_cast<double>(progress.bytes.load()) / 1e6;
  const std::string rate = fmt::format("{:.1f} MB, {:.0f} MB/s", megabytes, seconds > 0 ? megabytes / seconds : 0.0);
  if (all == 0) return fmt::format("{} files, {}", done, rate);
  std::string text = fmt::format("{} of {} objects, {}", done, std::max(all, done), rate);
  if (done > 0 && done < all)
    text += fmt::format(", {:.0f} s left", seconds * static_cast<double>(all - done) / static_cast<double>(done));
  return text;
}

ProgressLine::ProgressLine(const ScanProgress& progress, std::FILE* out, int width)
    : progress_(progress), out_(out), width_(width), thread_([this] { show(); }) {}

ProgressLine::~ProgressLine() {
  {
    const std::lock_guard lock(mutex_);
    done_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void ProgressLine::show() {
  const auto start = std::chrono::steady_clock::now();
  std::unique_lock lock(mutex_);
  if (wake_.wait_for(lock, kFirst, [&] { return done_; })) return;
  do {
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    const std::string text = "scanning: " + progress_text(progress_, seconds);
    draw(out_, std::string(kErase) + text.substr(0, static_cast<std::size_t>(std::max(20, width_ - 1))));
  } while (!wake_.wait_for(lock, kEach, [&] { return done_; }));
  draw(out_, kErase);
}

}  // namespace pg
