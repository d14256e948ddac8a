// Walks trees with a stack of small tasks (a directory, or a batch of its files), so that threads share walking and scanning
// alike.
#include "cmd/scan_sources.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <mutex>
#include <thread>
#include <tuple>
#include <utility>

#include "cmd/scan_archive.h"
#include "cmd/scan_ignore.h"
#include "cmd/scan_reader.h"
#include "core/guard/secrets.h"

namespace pg {
namespace {

using LevelPtr = std::shared_ptr<const IgnoreRules::Level>;
constexpr std::size_t kBatch = 32;

/// Closes what it holds.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

std::string read_small(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string joined(const std::string& directory, std::string_view name) {
  if (directory == ".") return std::string(name);
  return directory.ends_with('/') ? directory + std::string(name) : directory + "/" + std::string(name);
}

/// Which ignore files a directory has; `repository`: it is the root of one.
struct IgnoreFiles {
  bool git = false, own = false, repository = false;
};

LevelPtr level_of(const std::string& directory, std::string name, LevelPtr above, IgnoreFiles files,
                  const std::string& exclude = {}) {
  std::shared_ptr<IgnoreRules> rules;
  if (files.git || files.own || files.repository || !exclude.empty()) rules = std::make_shared<IgnoreRules>();
  if (files.repository) rules->add(read_small(joined(directory, ".git/info/exclude")));
  if (files.git) rules->add(read_small(joined(directory, ".gitignore")));
  if (files.own) rules->add(read_small(joined(directory, ".ignore")));
  if (!exclude.empty()) rules->add(exclude);
  return std::make_shared<IgnoreRules::Level>(IgnoreRules::Level{std::move(rules), std::move(above), std::move(name)});
}

/// The levels above a scanned directory up to the root of its repository: a part of a tree is judged as the whole would judge it.
LevelPtr levels_above(const std::string& directory) {
  std::unique_ptr<char, void (*)(void*)> real(::realpath(directory.c_str(), nullptr), ::free);
  if (real == nullptr) return nullptr;
  std::vector<std::string> chain{real.get()};
  while (::access((chain.back() + "/.git").c_str(), F_OK) != 0) {
    if (chain.back().size() <= 1) return nullptr;  // in no repository
    chain.push_back(chain.back().substr(0, std::max<std::size_t>(1, chain.back().rfind('/'))));
  }
  LevelPtr level;
  for (std::size_t i = chain.size(); i-- > 1;)
    level = level_of(chain[i], chain[i].substr(chain[i].rfind('/') + 1), level, {true, true, i + 1 == chain.size()});
  return level;
}

/// A directory to be listed when `files` is empty, else files of it to be scanned.
struct Task {
  std::string directory;
  LevelPtr level;    // of the directory above; of `directory` itself for files
  std::string name;  // of the directory within the one above
  std::vector<std::string> files;
  std::shared_ptr<const Descriptor> opened;  // the directory, so that names need not be looked up from the root; may be null
  bool named = false;                        // given by the user, not found in a directory
};

void count_outcome(ScanReader::Outcome outcome, const std::string& path, const ScanReader& reader, ScanResult& result) {
  switch (outcome) {
    case ScanReader::Outcome::scanned:
      ++result.totals.files;
      break;
    case ScanReader::Outcome::binary:
      ++result.totals.binary;
      break;
    case ScanReader::Outcome::archive:
      ++result.totals.archives;
      break;
    case ScanReader::Outcome::failed:
      result.errors.push_back(fmt::format("{}: {}", path, reader.error()));
      break;
  }
}

unsigned thread_count(unsigned wanted) {
  if (wanted > 0) return wanted;
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  return std::min(8U, std::max(4U, 2 * cores));
}

void append(ScanResult& all, ScanResult&& part) {
  std::move(part.findings.begin(), part.findings.end(), std::back_inserter(all.findings));
  std::move(part.errors.begin(), part.errors.end(), std::back_inserter(all.errors));
  all.totals.files += part.totals.files;
  all.totals.bytes += part.totals.bytes;
  all.totals.binary += part.totals.binary;
  all.totals.archives += part.totals.archives;
  all.totals.too_big += part.totals.too_big;
  all.totals.symlinks += part.totals.symlinks;
  all.totals.ignored += part.totals.ignored;
}

class Walk {
 public:
  Walk(const ScanOptions& options, const Guards& guards, const SecretRules* secrets)
      : options_(options), guards_(guards), secrets_(secrets) {
    for (const std::string& pattern : options.exclude) exclude_ += pattern + "\n";
  }

  void add(Task task) {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    ++open_;
    // One thread more only for work that waits: most scans of a hook are over before a thread has begun.
    if (tasks_.size() > 1 && threads_.size() + 1 < thread_count(options_.threads))
      threads_.emplace_back([this, &part = parts_.emplace_back()] { work(part); });
    wake_.notify_one();
  }
  /// Works until nothing is left; what all threads found.
  ScanResult run();
  void work(ScanResult& result);

 private:
  bool take(Task& task);
  void finish();
  void list(const Task& task, ScanResult& result);
  void scan_file(const Task& task, const std::string& name, ScanReader& reader, ScanResult& result);

  const ScanOptions& options_;
  const Guards& guards_;
  const SecretRules* secrets_;
  std::string exclude_;  // one pattern a line
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Task> tasks_;  // a stack: depth first keeps it short
  std::size_t open_ = 0;     // tasks waiting or being worked on
  std::vector<std::thread> threads_;
  std::deque<ScanResult> parts_;  // one for each of them
};

ScanResult Walk::run() {
  ScanResult result;
  work(result);
  // Nothing is open any more, so nobody adds tasks or threads.
  for (std::thread& thread : threads_) thread.join();
  for (ScanResult& part : parts_) append(result, std::move(part));
  return result;
}

bool Walk::take(Task& task) {
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [&] { return !tasks_.empty() || open_ == 0; });
  if (tasks_.empty()) return false;
  task = std::move(tasks_.back());
  tasks_.pop_back();
  return true;
}

void Walk::finish() {
  const std::lock_guard lock(mutex_);
  if (--open_ == 0) wake_.notify_all();
}

void Walk::work(ScanResult& result) {
  ScanReader reader(guards_, secrets_, options_.progress);
  Task task;
  while (take(task)) {
    if (task.files.empty()) list(task, result);
    for (const std::string& file : task.files) scan_file(task, file, reader, result);
    finish();
  }
}

unsigned char type_of(DIR* directory, const dirent& entry) {
  if (entry.d_type != DT_UNKNOWN) return entry.d_type;
  struct stat info {};
  if (::fstatat(::dirfd(directory), entry.d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) return DT_UNKNOWN;
  return S_ISDIR(info.st_mode) ? DT_DIR : S_ISLNK(info.st_mode) ? DT_LNK : S_ISREG(info.st_mode) ? DT_REG : DT_UNKNOWN;
}

void Walk::list(const Task& task, ScanResult& result) {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(task.directory.c_str()), ::closedir);
  if (directory == nullptr) {
    result.errors.push_back(fmt::format("{}: {}", task.directory, std::strerror(errno)));
    return;
  }
  std::vector<std::pair<std::string, bool>> entries;  // name, is a directory
  IgnoreFiles ignore;
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    ignore.git |= name == ".gitignore";
    ignore.own |= name == ".ignore";
    ignore.repository |= name == ".git";
    const unsigned char type = type_of(directory.get(), *entry);
    if (type == DT_LNK) ++result.totals.symlinks;
    if ((type == DT_DIR && name != ".git") || type == DT_REG) entries.emplace_back(name, type == DT_DIR);
  }
  if (options_.no_ignore) ignore = {};
  const bool plain = options_.no_ignore && exclude_.empty();
  const LevelPtr level =
      plain ? nullptr : level_of(task.directory, task.name, task.level, ignore, task.named ? exclude_ : std::string());
  Task batch{task.directory,
             level,
             task.name,
             {},
             std::make_shared<const Descriptor>(::fcntl(::dirfd(directory.get()), F_DUPFD_CLOEXEC, 0)),
             false};
  if (batch.opened->get() < 0) batch.opened.reset();
  const Task empty = batch;
  for (auto& [name, is_directory] : entries) {
    if (IgnoreRules::is_ignored(level.get(), name, is_directory)) {
      ++result.totals.ignored;
    } else if (is_directory) {
      add({joined(task.directory, name), level, std::move(name), {}, {}, false});
    } else {
      batch.files.push_back(std::move(name));
      if (batch.files.size() == kBatch) add(std::exchange(batch, empty));
    }
  }
  if (!batch.files.empty()) add(std::move(batch));
}

void Walk::scan_file(const Task& task, const std::string& name, ScanReader& reader, ScanResult& result) {
  const std::string path = joined(task.directory, name);
  // Not following links and not blocking on a pipe: between listing and opening the entry may have become another thing. What was
  // named is opened as it is.
  const int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | (task.named ? 0 : O_NOFOLLOW | O_NONBLOCK);
  const Descriptor file(task.opened ? ::openat(task.opened->get(), name.c_str(), flags) : ::open(path.c_str(), flags));
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
    return;
  }
  const auto outcome = reader.scan(file.get(), S_ISREG(info.st_mode) ? size : 0, path, result.findings, result.totals.bytes);
  if (outcome == ScanReader::Outcome::archive && options_.archives)
    scan_archive(file.get(), path, reader, result);
  else
    count_outcome(outcome, path, reader, result);
  if (options_.progress != nullptr) options_.progress->files.fetch_add(1, std::memory_order_relaxed);
}

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

/// Every given path becomes a task; what a link names is scanned when it was named itself.
std::size_t add_paths(const ScanOptions& options, Walk& walk, ScanResult& result) {
  std::size_t added = 0;
  std::error_code failed;
  const std::string here = std::filesystem::current_path(failed).string();
  for (const std::string& given : options.paths) {
    if (given == "-") continue;
    std::string path = shown_path(given, here);
    result.scanned.push_back(path);
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) {
      result.errors.push_back(fmt::format("{}: {}", given, std::strerror(errno)));
    } else if (S_ISDIR(info.st_mode)) {
      ++added;
      walk.add({path, options.no_ignore ? nullptr : levels_above(path), path.substr(path.rfind('/') + 1), {}, {}, true});
      continue;
    } else {
      ++added;
      const std::size_t slash = path.rfind('/');
      const std::string directory = slash == std::string::npos ? "." : path.substr(0, std::max<std::size_t>(1, slash));
      walk.add({directory, nullptr, "", {slash == std::string::npos ? path : path.substr(slash + 1)}, {}, true});
    }
  }
  return added;
}

}  // namespace

unsigned thread_count(unsigned wanted) {
  if (wanted > 0) return wanted;
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  return std::min(8U, std::max(4U, 2 * cores));
}

void sort_findings(std::vector<ScanFinding>& findings) {
  std::sort(findings.begin(), findings.end(), [](const ScanFinding& a, const ScanFinding& b) {
    return std::tie(a.path, a.line, a.column, a.rule) < std::tie(b.path, b.line, b.column, b.rule);
  });
}

void scan_descriptor(int file, const std::string& name, const Guards& guards, const SecretRules* secrets, ScanResult& result) {
  ScanReader reader(guards, secrets);
  count_outcome(reader.scan(file, 0, name, result.findings, result.totals.bytes), name, reader, result);
}

ScanResult scan_sources(const ScanOptions& options, const Guards& guards, const SecretRules* secrets) {
  ScanResult result;
  if (std::find(options.paths.begin(), options.paths.end(), "-") != options.paths.end())
    scan_descriptor(STDIN_FILENO, options.stdin_name, guards, secrets, result);
  Walk walk(options, guards, secrets);
  if (add_paths(options, walk, result) > 0) append(result, walk.run());
  std::sort(result.errors.begin(), result.errors.end());
  sort_findings(result.findings);
  return result;
}

}  // namespace pg
