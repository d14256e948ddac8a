// A thread that has listed a directory scans the first of its files itself; the rest, and the directories below, are for whoever
// comes first.
#include "cmd/scan_walk.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>

#include "cmd/scan_archive.h"

namespace pg {
namespace {

constexpr std::size_t kBatch = 32;
constexpr std::size_t kBacklog = 4;  // tasks that wait before another thread is worth its start

/// How often this thread has slept: in a warm tree it does not, and from a disk it does for every file.
long count_waits() {
#ifdef RUSAGE_THREAD
  struct rusage usage {};
  if (::getrusage(RUSAGE_THREAD, &usage) == 0) return usage.ru_nvcsw;
#endif
  return 0;
}

unsigned char type_of(DIR* directory, const dirent& entry) {
  if (entry.d_type != DT_UNKNOWN) return entry.d_type;
  struct stat info {};
  if (::fstatat(::dirfd(directory), entry.d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) return DT_UNKNOWN;
  return S_ISDIR(info.st_mode) ? DT_DIR : S_ISLNK(info.st_mode) ? DT_LNK : S_ISREG(info.st_mode) ? DT_REG : DT_UNKNOWN;
}

/// What a listing finds.
struct Listing {
  std::vector<std::string> directories, files;
  IgnoreFiles ignore;
};

Listing read_directory(DIR* directory, ScanTotals& totals) {
  Listing listing;
  while (const dirent* entry = ::readdir(directory)) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    const unsigned char type = type_of(directory, *entry);
    listing.ignore.git |= name == ".gitignore" && type != DT_DIR;
    listing.ignore.own |= name == ".ignore" && type != DT_DIR;
    listing.ignore.repository |= name == ".git";
    if (type == DT_LNK) ++totals.symlinks;
    if (type == DT_DIR && name != ".git") listing.directories.emplace_back(name);
    if (type == DT_REG) listing.files.emplace_back(name);
  }
  return listing;
}

}  // namespace

OpenedFile::~OpenedFile() {
  if (fd_ >= 0) ::close(fd_);
}

void count_outcome(ScanReader::Outcome outcome, const std::string& path, const ScanReader& reader, ScanResult& result,
                   bool name_skipped) {
  switch (outcome) {
    case ScanReader::Outcome::scanned:
      ++result.totals.files;
      break;
    case ScanReader::Outcome::binary:
      ++result.totals.binary;
      if (name_skipped) result.skipped.push_back(path + ": binary, searched for tokens alone");
      break;
    case ScanReader::Outcome::archive:
      ++result.totals.archives;
      if (name_skipped) result.skipped.push_back(path + ": an archive; --archives looks into it");
      break;
    case ScanReader::Outcome::failed:
      result.errors.push_back(fmt::format("{}: {}", path, reader.error()));
      break;
  }
}

void append(ScanResult& all, ScanResult&& part) {
  std::move(part.findings.begin(), part.findings.end(), std::back_inserter(all.findings));
  std::move(part.errors.begin(), part.errors.end(), std::back_inserter(all.errors));
  std::move(part.skipped.begin(), part.skipped.end(), std::back_inserter(all.skipped));
  std::move(part.notes.begin(), part.notes.end(), std::back_inserter(all.notes));
  all.totals.files += part.totals.files;
  all.totals.bytes += part.totals.bytes;
  all.totals.binary += part.totals.binary;
  all.totals.archives += part.totals.archives;
  all.totals.too_big += part.totals.too_big;
  all.totals.symlinks += part.totals.symlinks;
  all.totals.ignored += part.totals.ignored;
}

Walk::Walk(const ScanOptions& options, const IgnoreLevels& levels, const Guards& guards, const SecretRules* secrets)
    : options_(options),
      levels_(levels),
      guards_(guards),
      secrets_(secrets),
      busy_threads_(options.threads > 0 ? options.threads : std::min(core_count(), thread_count(0))),
      waiting_threads_(thread_count(options.threads)) {}

void Walk::start_thread() {
  threads_.emplace_back([this, &part = parts_.emplace_back()] { work(part); });
}

void Walk::add_all(std::vector<WalkTask>& tasks) {
  if (tasks.empty()) return;
  const std::lock_guard lock(mutex_);
  open_ += tasks.size();
  std::move(tasks.begin(), tasks.end(), std::back_inserter(tasks_));
  for (std::size_t i = std::min(idle_, tasks.size()); i > 0; --i) wake_.notify_one();
  // One thread more only for work that waits: most scans of a hook are over before a thread has begun.
  if (tasks_.size() >= kBacklog && threads_.size() + 1 < busy_threads_) start_thread();
}

void Walk::add(WalkTask task) {
  std::vector<WalkTask> one;
  one.push_back(std::move(task));
  add_all(one);
}

ScanResult Walk::run() {
  ScanResult result;
  work(result);
  // Nothing is open any more, so nobody adds tasks or threads.
  for (std::thread& thread : threads_) thread.join();
  for (ScanResult& part : parts_) append(result, std::move(part));
  return result;
}

bool Walk::take(WalkTask& task) {
  std::unique_lock lock(mutex_);
  ++idle_;
  wake_.wait(lock, [&] { return !tasks_.empty() || open_ == 0; });
  --idle_;
  if (tasks_.empty()) return false;
  task = std::move(tasks_.back());
  tasks_.pop_back();
  return true;
}

void Walk::finish(bool has_waited) {
  const std::lock_guard lock(mutex_);
  if (--open_ == 0) wake_.notify_all();
  if (has_waited && !tasks_.empty() && threads_.size() + 1 < waiting_threads_) start_thread();
}

void Walk::work(ScanResult& result) {
  constexpr long kFewWaits = 2;  // another process may have had the core
  ScanReader reader(guards_, secrets_, options_.progress);
  WalkTask task;
  while (take(task)) {
    const long before = count_waits();
    if (task.files.empty()) list(task, reader, result);
    const int directory = task.opened ? task.opened->get() : -1;
    for (const std::string& file : task.files) scan_file(task, directory, file, reader, result);
    finish(count_waits() - before > kFewWaits);
  }
}

void Walk::drop_ignored(const WalkTask& task, const IgnoreLevel* level, bool are_directories, std::vector<std::string>& names,
                        std::vector<std::string>& only_tracked, ScanResult& result) const {
  using Tracked = GitIndex::Tracked;
  if (level == nullptr) return;
  std::erase_if(names, [&](std::string& name) {
    const IgnoreVerdict verdict = judge_entry(level, name, are_directories);
    if (verdict == IgnoreVerdict::keep && !task.only_tracked) return false;
    Tracked tracked = Tracked::no;
    if (verdict != IgnoreVerdict::left_out_by_user) tracked = find_tracked(level, name, are_directories, result.errors);
    if (tracked == Tracked::below) only_tracked.push_back(std::move(name));
    if (tracked != Tracked::no) return tracked == Tracked::below;
    ++result.totals.ignored;
    if (options_.name_skipped) result.skipped.push_back(joined(task.directory, name) + ": ignored");
    return true;
  });
}

void Walk::list(const WalkTask& task, ScanReader& reader, ScanResult& result) {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(task.directory.c_str()), ::closedir);
  if (directory == nullptr) {
    result.errors.push_back(fmt::format("{}: {}", task.directory, std::strerror(errno)));
    return;
  }
  Listing found = read_directory(directory.get(), result.totals);
  const IgnoreLevelPtr level =
      levels_.level(task.directory, task.name, task.level, found.ignore, task.is_top_of_exclude, result.notes);
  std::vector<std::string> only_tracked;
  drop_ignored(task, level.get(), true, found.directories, only_tracked, result);
  drop_ignored(task, level.get(), false, found.files, only_tracked, result);
  std::vector<WalkTask> others;
  std::shared_ptr<const OpenedFile> opened;
  for (std::size_t i = kBatch; i < found.files.size(); i += kBatch) {
    if (!opened) opened = std::make_shared<const OpenedFile>(::fcntl(::dirfd(directory.get()), F_DUPFD_CLOEXEC, 0));
    const auto begin = found.files.begin() + static_cast<std::ptrdiff_t>(i);
    const auto end = found.files.begin() + static_cast<std::ptrdiff_t>(std::min(i + kBatch, found.files.size()));
    others.push_back({task.directory,
                      level,
                      task.name,
                      {std::make_move_iterator(begin), std::make_move_iterator(end)},
                      opened->get() < 0 ? nullptr : opened});
  }
  for (std::string& name : found.directories) others.push_back({joined(task.directory, name), level, std::move(name), {}, {}});
  for (std::string& name : only_tracked) {
    others.push_back({joined(task.directory, name), level, std::move(name), {}, {}});
    others.back().only_tracked = true;
  }
  add_all(others);
  const WalkTask here{task.directory, nullptr, {}, {}, {}};
  found.files.resize(std::min(found.files.size(), kBatch));
  for (const std::string& name : found.files) scan_file(here, ::dirfd(directory.get()), name, reader, result);
}

void Walk::scan_file(const WalkTask& task, int directory, const std::string& name, ScanReader& reader, ScanResult& result) {
  const std::string path = joined(task.directory, name);
  // Not following links and not blocking on a pipe: between listing and opening the entry may have become another thing. What was
  // named is opened as it is.
  const int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | (task.named ? 0 : O_NOFOLLOW | O_NONBLOCK);
  const OpenedFile file(directory >= 0 ? ::openat(directory, name.c_str(), flags) : ::open(path.c_str(), flags));
  struct stat info {};
  if (file.get() < 0 || ::fstat(file.get(), &info) != 0) {
    result.errors.push_back(fmt::format("{}: {}", path, std::strerror(errno)));
    return;
  }
  // A device or pipe that was named is read to its end, as standard input is; one that a tree holds is not touched.
  if (!S_ISREG(info.st_mode) && !task.named) return;
  const auto size = static_cast<std::uint64_t>(info.st_size);
  if (!task.named && options_.max_file_size > 0 && size > options_.max_file_size) {
    ++result.totals.too_big;
    if (options_.name_skipped)
      result.skipped.push_back(fmt::format("{}: {} bytes, and max_file_size is {}", path, size, options_.max_file_size));
    return;
  }
  reader.set_binary(task.named ? ScanReader::Binary::whole : ScanReader::Binary::tokens);
  const auto outcome = reader.scan(file.get(), S_ISREG(info.st_mode) ? size : 0, path, result.findings, result.totals.bytes);
  reader.set_binary(ScanReader::Binary::tokens);
  if (outcome == ScanReader::Outcome::archive && options_.archives)
    scan_archive(file.get(), path, reader, result);
  else
    count_outcome(outcome, path, reader, result, options_.name_skipped);
  if (options_.progress != nullptr) options_.progress->files.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace pg
