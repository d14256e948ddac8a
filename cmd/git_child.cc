// Settings on the command line win over the repository's; variables that make git run or write something are taken away.
#include "cmd/git_child.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/base/text.h"

extern char** environ;

namespace pg {
namespace {

// What a repository's own settings could otherwise start, hide or bend.
constexpr const char* kSettings[] = {
    "core.fsmonitor=false",        // names a program
    "core.hooksPath=/dev/null",    // names programs
    "core.pager=cat",              // names a program
    "protocol.allow=never",        // a partial clone would fetch what is missing
    "log.showSignature=false",     // starts gpg
    "log.showRoot=true",           // else the first commit's files would not show
    "log.follow=false",            //
    "log.mailmap=false",           //
    "core.commitGraph=false",      // believe commits, not a file about them
    "core.quotePath=false",        //
    "diff.relative=false",         // hides what lies outside a directory
    "diff.ignoreSubmodules=none",  //
    "diff.orderFile=/dev/null",    //
    "diff.noprefix=false",         //
    "diff.interHunkContext=0",     // hunks hold added lines only
    "diff.renameLimit=2000",       //
    "color.ui=never",              //
    "submodule.recurse=false",     //
};

constexpr std::array<std::string_view, 10> kTakenAway = {"GIT_EXTERNAL_DIFF=",
                                                         "GIT_DIFF_OPTS=",
                                                         "GIT_PAGER=",
                                                         "PAGER=",
                                                         "GIT_TRACE",
                                                         "GIT_TR2",
                                                         "GIT_LITERAL_PATHSPECS=",
                                                         "GIT_GLOB_PATHSPECS=",
                                                         "GIT_NOGLOB_PATHSPECS=",
                                                         "GIT_ICASE_PATHSPECS="};

std::vector<std::string> child_environment() {
  std::vector<std::string> all = {"GIT_FLUSH=0",  // not after every commit
                                  "GIT_OPTIONAL_LOCKS=0",
                                  "GIT_TERMINAL_PROMPT=0",
                                  "GIT_NO_LAZY_FETCH=1",
                                  "GIT_PAGER=cat",
                                  "GIT_NO_REPLACE_OBJECTS=1",  // replacements could hide commits
                                  "GIT_GRAFT_FILE=/dev/null",
                                  "LC_ALL=C"};
  const std::size_t ours = all.size();
  for (char** at = environ; at != nullptr && *at != nullptr; ++at) {
    const std::string_view entry = *at;
    const std::string_view name = entry.substr(0, entry.find('=') + 1);
    const bool is_ours = std::any_of(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(ours),
                                     [&](const std::string& one) { return one.starts_with(name); });
    const bool is_unwanted =
        std::any_of(kTakenAway.begin(), kTakenAway.end(), [&](std::string_view prefix) { return entry.starts_with(prefix); });
    if (!is_ours && !is_unwanted && name != "LANGUAGE=") all.emplace_back(entry);
  }
  return all;
}

std::vector<std::string> command_words(const std::string& directory, const std::vector<std::string>& args) {
  std::vector<std::string> words = {"git", "--no-pager"};
  if (!directory.empty()) words.insert(words.end(), {"-C", directory});
  for (const char* setting : kSettings) words.insert(words.end(), {"-c", setting});
  words.insert(words.end(), args.begin(), args.end());
  return words;
}

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> out;
  for (std::string& word : words) out.push_back(word.data());
  out.push_back(nullptr);
  return out;
}

/// spawn(3) with these descriptors; 0 or what errno would be.
int spawn_git(std::vector<std::string> words, int out, int err, pid_t& pid) {
  std::vector<std::string> environment = child_environment();
  posix_spawn_file_actions_t files;
  posix_spawnattr_t how;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawnattr_init(&how);
  ::posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&files, out, 1);
  ::posix_spawn_file_actions_adddup2(&files, err, 2);
  sigset_t ignored;
  ::sigemptyset(&ignored);
  ::sigaddset(&ignored, SIGPIPE);
  ::posix_spawnattr_setsigdefault(&how, &ignored);
  ::posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGDEF);
  const int problem = ::posix_spawnp(&pid, "git", &files, &how, pointers(words).data(), pointers(environment).data());
  ::posix_spawnattr_destroy(&how);
  ::posix_spawn_file_actions_destroy(&files);
  return problem;
}

Error cannot_start(int problem) {
  if (problem == ENOENT) return make_error(Code::not_found, "there is no 'git' on PATH");
  return make_error(Code::io_failed, fmt::format("cannot start git: {}", std::strerror(problem)));
}

/// The line that says why; advice and warnings before and after it are left out.
std::string complaint_in(std::string_view text) {
  std::string_view first;
  for (std::string_view line : split(text, '\n')) {
    line = trim(line);
    if (first.empty()) first = line;
    if (line.starts_with("fatal: ")) return std::string(line.substr(7));
    if (line.starts_with("error: ") && !first.starts_with("error: ")) first = line;
  }
  if (first.starts_with("error: ")) first.remove_prefix(7);
  return std::string(first);
}

}  // namespace

Result<GitChild> GitChild::start(const std::string& directory, const std::vector<std::string>& args) {
  GitChild child;
  int ends[2] = {-1, -1};
  child.err_ = ::memfd_create("git", MFD_CLOEXEC);
  if (child.err_ < 0 || ::pipe2(ends, O_CLOEXEC) != 0) return cannot_start(errno);
  child.out_ = ends[0];
  ::fcntl(ends[0], F_SETPIPE_SZ, 1 << 20);  // fewer switches between the two; a refusal does no harm
  const int problem = spawn_git(command_words(directory, args), ends[1], child.err_, child.pid_);
  ::close(ends[1]);
  if (problem != 0) {
    child.pid_ = -1;
    return cannot_start(problem);
  }
  return child;
}

GitChild::GitChild(GitChild&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), out_(std::exchange(other.out_, -1)), err_(std::exchange(other.err_, -1)) {}

GitChild::~GitChild() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    reap();
  }
  if (out_ >= 0) ::close(out_);
  if (err_ >= 0) ::close(err_);
}

int GitChild::reap() {
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return status;
}

Status GitChild::finish(bool was_read) {
  if (!was_read) ::kill(pid_, SIGKILL);
  ::close(std::exchange(out_, -1));
  const int status = reap();
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  std::string text(4096, '\0');
  const ssize_t got = ::pread(err_, text.data(), text.size(), 0);
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  std::string why = complaint_in(text);
  if (why.empty()) why = WIFSIGNALED(status) ? fmt::format("git was ended by signal {}", WTERMSIG(status)) : "git failed";
  return make_error(Code::bad_request, std::move(why));
}

Result<std::string> git_output(const std::string& directory, const std::vector<std::string>& args, std::size_t max) {
  PG_TRY(GitChild child, GitChild::start(directory, args));
  std::string out;
  std::array<char, 64 * 1024> block;
  for (;;) {
    const ssize_t got = ::read(child.out(), block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    out.append(block.data(), static_cast<std::size_t>(got));
    if (out.size() > max) return make_error(Code::too_large, "git prints too much");
  }
  PG_TRY_STATUS(child.finish());
  return out;
}

}  // namespace pg
