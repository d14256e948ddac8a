// What was named becomes the first tasks of a walk; what is not a tree is scanned at once.
#include "cmd/scan_sources.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <memory>
#include <thread>
#include <tuple>
#include <utility>

#include "cmd/scan_archive.h"
#include "cmd/scan_reader.h"
#include "cmd/scan_walk.h"
#include "core/base/text.h"
#include "core/guard/secrets.h"

namespace pg {
namespace {

/// As short as it can be said: what lies below the current directory is named from there, so that reports and fingerprints are
/// the same however the path was given.
std::string shown_path(const std::string& given, const std::string& here) {
  // Behind a link ".." leads elsewhere than it reads.
  const bool plain = given.find("..") == std::string::npos;
  std::string path = plain ? std::filesystem::path(given).lexically_normal().string() : given;
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  if (path == here) return ".";
  if (here.size() > 1 && path.starts_with(here + "/")) path.erase(0, here.size() + 1);
  return path;
}

void note_excluded(const std::string& path, ScanResult& result) {
  ++result.totals.ignored;
  result.notes.push_back(fmt::format("{} was not scanned: the settings exclude it", escape_controls(path)));
}

/// Reads to the end, so that who writes into the pipe is not ended by a signal.
void drain(int file) {
  std::array<char, 64 * 1024> block;
  for (ssize_t got = 1; got > 0 || (got < 0 && errno == EINTR);) got = ::read(file, block.data(), block.size());
}

/// Every given path becomes a task; what a link names is scanned when it was named itself.
std::size_t add_paths(const ScanOptions& options, const IgnoreLevels& levels, Walk& walk, ScanResult& result) {
  std::size_t added = 0;
  for (const std::string& given : options.paths) {
    if (given == "-") continue;
    std::string path = shown_path(given, result.base);
    if (std::find(result.scanned.begin(), result.scanned.end(), path) != result.scanned.end()) continue;  // given twice
    result.scanned.push_back(path);
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) {
      result.errors.push_back(fmt::format("{}: {}", given, std::strerror(errno)));
      continue;
    }
    const bool is_directory = S_ISDIR(info.st_mode);
    IgnoreLevels::Start start = levels.start(path, is_directory, result.notes);
    if (start.is_excluded) {
      note_excluded(path, result);
      continue;
    }
    ++added;
    WalkTask task;
    task.named = true;
    if (is_directory) {
      task.directory = path;
      task.level = std::move(start.above);
      task.name = std::move(start.name);
      task.is_top_of_exclude = start.is_top_of_exclude;
    } else {
      const std::size_t slash = path.rfind('/');
      task.directory = slash == std::string::npos ? "." : path.substr(0, std::max<std::size_t>(1, slash));
      task.files = {slash == std::string::npos ? path : path.substr(slash + 1)};
    }
    walk.add(std::move(task));
  }
  return added;
}

}  // namespace

unsigned core_count() {
  return std::max(1U, std::thread::hardware_concurrency());
}

unsigned thread_count(unsigned wanted) {
  return wanted > 0 ? wanted : std::min(8U, std::max(4U, 2 * core_count()));
}

void sort_findings(std::vector<ScanFinding>& findings) {
  std::sort(findings.begin(), findings.end(), [](const ScanFinding& a, const ScanFinding& b) {
    return std::tie(a.path, a.line, a.column, a.rule) < std::tie(b.path, b.line, b.column, b.rule);
  });
}

void scan_descriptor(int file, const std::string& name, const Guards& guards, const SecretRules* secrets, ScanResult& result,
                     bool archives) {
  ScanReader reader(guards, secrets);
  reader.set_binary(ScanReader::Binary::whole);
  const auto outcome = reader.scan(file, 0, name, result.findings, result.totals.bytes);
  reader.set_binary(ScanReader::Binary::tokens);
  if (outcome == ScanReader::Outcome::archive && archives)
    scan_archive(file, name, reader, result);
  else
    count_outcome(outcome, name, reader, result);
}

ScanResult scan_sources(const ScanOptions& options, const Guards& guards, const SecretRules* secrets) {
  ScanResult result;
  std::error_code failed;
  result.base = std::filesystem::current_path(failed).string();
  const IgnoreLevels levels(options.no_ignore, options.exclude, options.exclude_top);
  if (std::find(options.paths.begin(), options.paths.end(), "-") != options.paths.end()) {
    const bool is_excluded = levels.start(options.stdin_name, false, result.notes).is_excluded;
    if (is_excluded) {
      note_excluded(options.stdin_name, result);
      drain(STDIN_FILENO);
    } else {
      scan_descriptor(STDIN_FILENO, options.stdin_name, guards, secrets, result, options.archives);
    }
  }
  Walk walk(options, levels, guards, secrets);
  if (add_paths(options, levels, walk, result) > 0) append(result, walk.run());
  std::sort(result.errors.begin(), result.errors.end());
  std::sort(result.notes.begin(), result.notes.end());
  std::sort(result.skipped.begin(), result.skipped.end());
  sort_findings(result.findings);
  return result;
}

}  // namespace pg
