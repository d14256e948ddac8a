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
#include <fstream>
#include <iterator>
#include <memory>
#include <mutex>
#include <thread>
#include <tuple>
#include <utility>

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

LevelPtr level_of(const std::string& directory, std::string name, LevelPtr above, IgnoreFiles files) {
  std::shared_ptr<IgnoreRules> rules;
  if (files.git || files.own || files.repository) rules = std::make_shared<IgnoreRules>();
  if (files.repository) rules->add(read_small(joined(directory, ".git/info/exclude")));
  if (files.git) rules->add(read_small(joined(directory, ".gitignore")));
  if (files.own) rules->add(read_small(joined(directory, ".ignore")));
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
};

class Walk {
 public:
  Walk(const ScanOptions& options, const Guards& guards, const SecretRules* secrets)
      : options_(options), guards_(guards), secrets_(secrets) {}

  void add(Task task) {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    ++open_;
    wake_.notify_one();
  }
  void work(ScanResult& result);

 private:
  bool take(Task& task);
  void finish();
  void list(const Task& task, ScanResult& result);
  void scan_file(const std::string& path, ScanReader& reader, ScanResult& result);

  const ScanOptions& options_;
  const Guards& guards_;
  const SecretRules* secrets_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Task> tasks_;  // a stack: depth first keeps it short
  std::size_t open_ = 0;     // tasks waiting or being worked on
};

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
  ScanReader reader(guards_, secrets_);
  Task task;
  while (take(task)) {
    if (task.files.empty()) list(task, result);
    for (const std::string& file : task.files) scan_file(joined(task.directory, file), reader, result);
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
  const LevelPtr level = options_.no_ignore ? nullptr : level_of(task.directory, task.name, task.level, ignore);
  Task batch{task.directory, level, task.name, {}};
  for (auto& [name, is_directory] : entries) {
    if (IgnoreRules::is_ignored(level.get(), name, is_directory)) {
      ++result.totals.ignored;
    } else if (is_directory) {
      add({joined(task.directory, name), level, std::move(name), {}});
    } else {
      batch.files.push_back(std::move(name));
      if (batch.files.size() == kBatch) add(std::exchange(batch, Task{task.directory, level, task.name, {}}));
    }
  }
  if (!batch.files.empty()) add(std::move(batch));
}

void Walk::scan_file(const std::string& path, ScanReader& reader, ScanResult& result) {
  // Not following links and not blocking on a pipe: between listing and opening the entry may have become another thing.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
  struct stat info {};
  if (file.get() < 0 || ::fstat(file.get(), &info) != 0) {
    result.errors.push_back(fmt::format("{}: {}", path, std::strerror(errno)));
    return;
  }
  if (!S_ISREG(info.st_mode)) return;
  switch (reader.scan(file.get(), static_cast<std::uint64_t>(info.st_size), path, result.findings, result.totals.bytes)) {
    case ScanReader::Outcome::scanned:
      ++result.totals.files;
      break;
    case ScanReader::Outcome::binary:
      ++result.totals.binary;
      break;
    case ScanReader::Outcome::failed:
      result.errors.push_back(fmt::format("{}: {}", path, std::strerror(errno)));
      break;
  }
}

void append(ScanResult& all, ScanResult&& part) {
  std::move(part.findings.begin(), part.findings.end(), std::back_inserter(all.findings));
  std::move(part.errors.begin(), part.errors.end(), std::back_inserter(all.errors));
  all.totals.files += part.totals.files;
  all.totals.bytes += part.totals.bytes;
  all.totals.binary += part.totals.binary;
  all.totals.symlinks += part.totals.symlinks;
  all.totals.ignored += part.totals.ignored;
}

/// Every given path becomes a task; what a link names is scanned when it was named itself.
std::size_t add_paths(const ScanOptions& options, Walk& walk, ScanResult& result) {
  std::size_t added = 0;
  for (const std::string& given : options.paths) {
    if (given == "-") continue;
    std::string path = given;
    while (path.size() > 1 && path.ends_with('/')) path.pop_back();
    if (path.starts_with("./") && path.size() > 2) path.erase(0, 2);
    struct stat info {};
    char* real = nullptr;
    if (::stat(path.c_str(), &info) != 0) {
      result.errors.push_back(fmt::format("{}: {}", given, std::strerror(errno)));
    } else if (S_ISDIR(info.st_mode)) {
      ++added;
      walk.add({path, options.no_ignore ? nullptr : levels_above(path), path.substr(path.rfind('/') + 1), {}});
      continue;
    } else {
      ++added;
      struct stat link {};
      if (::lstat(path.c_str(), &link) == 0 && S_ISLNK(link.st_mode)) real = ::realpath(path.c_str(), nullptr);
      if (real != nullptr) path = real;
      const std::size_t slash = path.rfind('/');
      const std::string directory = slash == std::string::npos ? "." : path.substr(0, std::max<std::size_t>(1, slash));
      walk.add({directory, nullptr, "", {slash == std::string::npos ? path : path.substr(slash + 1)}});
    }
    ::free(real);
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
  switch (reader.scan(file, 0, name, result.findings, result.totals.bytes)) {
    case ScanReader::Outcome::scanned:
      ++result.totals.files;
      break;
    case ScanReader::Outcome::binary:
      ++result.totals.binary;
      break;
    case ScanReader::Outcome::failed:
      result.errors.push_back(fmt::format("{}: {}", name, std::strerror(errno)));
      break;
  }
}

ScanResult scan_sources(const ScanOptions& options, const Guards& guards, const SecretRules* secrets) {
  ScanResult result;
  if (std::find(options.paths.begin(), options.paths.end(), "-") != options.paths.end())
    scan_descriptor(STDIN_FILENO, options.stdin_name, guards, secrets, result);
  Walk walk(options, guards, secrets);
  if (add_paths(options, walk, result) > 0) {
    std::vector<ScanResult> parts(thread_count(options.threads));
    std::vector<std::thread> threads;
    for (std::size_t i = 1; i < parts.size(); ++i) threads.emplace_back([&walk, &part = parts[i]] { walk.work(part); });
    walk.work(parts[0]);
    for (std::thread& thread : threads) thread.join();
    for (ScanResult& part : parts) append(result, std::move(part));
  }
  std::sort(result.errors.begin(), result.errors.end());
  sort_findings(result.findings);
  return result;
}

}  // namespace pg
