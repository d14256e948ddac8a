// Asks git where a repository is; reads the list of alternates itself.
#include "cmd/git_repository.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>

#include "cmd/git_child.h"
#include "core/base/text.h"

namespace pg {
namespace {

std::string real_path(const std::string& path) {
  const std::unique_ptr<char, void (*)(void*)> real(::realpath(path.c_str(), nullptr), ::free);
  return real == nullptr ? std::string() : std::string(real.get());
}

bool is_directory(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, std::max<std::size_t>(1, slash));
}

std::string without_newline(std::string text) {
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

/// A hook is told the repository by variables whose paths hold for its own directory only.
Result<GitRepository> ask_git(const std::string& wanted) {
  const bool is_told = std::getenv("GIT_DIR") != nullptr || std::getenv("GIT_INDEX_FILE") != nullptr;
  const std::string directory = is_told ? std::string() : wanted;
  PG_TRY(const std::string said,
         git_output(directory, {"rev-parse", "--path-format=absolute", "--is-inside-work-tree", "--is-shallow-repository",
                                "--show-object-format", "--git-path", "objects"}));
  const std::vector<std::string_view> lines = split(said, '\n');
  if (lines.size() < 4) return make_error(Code::bad_request, "git is too old: version 2.31 or later is needed");
  GitRepository repository;
  repository.directory = directory;
  repository.is_shallow = lines[1] == "true";
  repository.id_size = lines[2] == "sha256" ? 32 : 20;
  repository.objects = without_newline(said.substr(static_cast<std::size_t>(lines[3].data() - said.data())));
  if (lines[0] == "true") {
    PG_TRY(std::string top, git_output(directory, {"rev-parse", "--show-toplevel"}));
    repository.top = without_newline(std::move(top));
  }
  return repository;
}

/// "objects/info/alternates" has one directory a line, relative to the object directory it is of; git writes odd names quoted.
std::vector<std::string> alternates_of(const std::string& objects) {
  std::ifstream file(objects + "/info/alternates", std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  std::vector<std::string> found;
  for (const std::string_view line : split(text, '\n')) {
    if (line.empty() || line.starts_with('#') || line.starts_with('"')) continue;
    found.push_back(line.starts_with('/') ? std::string(line) : objects + "/" + std::string(line));
  }
  return found;
}

void add_directory(const std::string& path, unsigned depth, std::vector<std::string>& all) {
  constexpr unsigned kDeepest = 5;  // as git has it
  const std::string real = real_path(path);
  if (real.empty() || depth > kDeepest || std::find(all.begin(), all.end(), real) != all.end()) return;
  all.push_back(real);
  for (const std::string& other : alternates_of(real)) add_directory(other, depth + 1, all);
}

}  // namespace

bool GitRepository::is_in(std::string_view path) const {
  return limits.empty() || std::any_of(limits.begin(), limits.end(), [&](const std::string& limit) {
           return limit.ends_with('/') ? path.starts_with(limit) : path == limit;
         });
}

Result<GitRepository> open_repository(const std::vector<std::string>& paths) {
  if (paths.empty()) return ask_git("");
  GitRepository repository;
  bool is_whole = false;
  for (const std::string& path : paths) {
    const bool whole_directory = is_directory(path);
    const std::string directory = real_path(whole_directory ? path : parent_of(path));
    if (directory.empty()) return make_error(Code::bad_request, "no such file or directory: " + path);
    // What is no directory may be a link, or a file that is only in the history: its own name counts.
    const std::string real = whole_directory ? directory : directory + "/" + path.substr(path.rfind('/') + 1);
    PG_TRY(GitRepository here, ask_git(directory));
    if (repository.objects.empty()) repository = here;
    if (here.objects != repository.objects || here.top != repository.top)
      return make_error(Code::bad_request, fmt::format("{} is in another repository: one at a time", path));
    const std::string top = real_path(here.top);
    if (here.top.empty() || top == real || !real.starts_with(top + "/")) {
      is_whole = true;
    } else {
      repository.limits.push_back(real.substr(top.size() + 1) + (whole_directory ? "/" : ""));
    }
  }
  if (is_whole) repository.limits.clear();
  return repository;
}

std::vector<std::string> object_directories(const std::string& objects) {
  std::vector<std::string> all;
  add_directory(objects, 0, all);
  const char* more = std::getenv("GIT_ALTERNATE_OBJECT_DIRECTORIES");
  for (const std::string_view path : split(more == nullptr ? std::string_view() : std::string_view(more), ':'))
    if (!path.empty()) add_directory(std::string(path), 1, all);
  return all;
}

}  // namespace pg
