// Runs git by way of the shell's pipes: small outputs, in files of the private directory.
#include "tests/support/git_tree.h"

#include <sys/wait.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <random>

namespace pg::test {
namespace {

std::string quoted(const std::string& word) {
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

void settle_environment() {
  for (const char* name :
       {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX", "GIT_CONFIG_COUNT"})
    ::unsetenv(name);
  ::setenv("GIT_CONFIG_GLOBAL", "/dev/null", 1);
  ::setenv("GIT_CONFIG_SYSTEM", "/dev/null", 1);
}

std::string from_shell(const std::string& command) {
  std::FILE* pipe = ::popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string out;
  char block[4096];
  for (std::size_t got = 0; (got = std::fread(block, 1, sizeof block, pipe)) > 0;) out.append(block, got);
  const int status = ::pclose(pipe);
  CAPTURE(command);
  REQUIRE(status == 0);
  return out;
}

}  // namespace

GitTree::GitTree(const std::vector<std::string>& init) {
  settle_environment();
  std::vector<std::string> args = {"init", "-q", "-b", "main"};
  args.insert(args.end(), init.begin(), init.end());
  git(args);
  for (const auto& [name, value] : std::map<std::string, std::string>{
           {"user.name", "Ann"}, {"user.email", "ann@example.com"}, {"gc.auto", "0"}, {"commit.gpgSign", "false"}})
    git({"config", name, value});
}

std::string GitTree::git(const std::vector<std::string>& args, std::string_view input) const {
  std::string command = "git -C " + quoted(path());
  for (const std::string& arg : args) command += " " + quoted(arg);
  if (input.empty()) return from_shell(command + " 2>/dev/null </dev/null");
  const TempDir scratch;
  return from_shell(command + " 2>/dev/null <" + quoted(scratch.write("in", input)));
}

std::string GitTree::commit(int day) const {
  const std::string when = std::to_string(1704110400 + 86400LL * (day - 1)) + " +0000";  // from 2024-01-01T12:00:00Z
  git({"add", "-A"});
  ::setenv("GIT_AUTHOR_DATE", when.c_str(), 1);
  ::setenv("GIT_COMMITTER_DATE", when.c_str(), 1);
  git({"commit", "-q", "--allow-empty", "-m", "day " + std::to_string(day)});
  ::unsetenv("GIT_AUTHOR_DATE");
  ::unsetenv("GIT_COMMITTER_DATE");
  std::string id = git({"rev-parse", "HEAD"});
  id.pop_back();
  return id;
}

std::vector<std::string> GitTree::packs(std::string_view ending) const {
  std::vector<std::string> found;
  const std::string top = std::filesystem::exists(file(".git")) ? file(".git/objects/pack") : file("objects/pack");
  for (const auto& entry : std::filesystem::directory_iterator(top))
    if (entry.path().string().ends_with(ending)) found.push_back(entry.path().string());
  std::sort(found.begin(), found.end());
  return found;
}

std::map<std::string, std::string> GitTree::blobs() const {
  const std::string all = git({"cat-file", "--batch-all-objects", "--batch", "--unordered"});
  std::map<std::string, std::string> found;
  for (std::size_t at = 0; at < all.size();) {
    const std::size_t end = all.find('\n', at), kind = all.find(' ', at), size = all.find(' ', kind + 1);
    const std::size_t length = std::stoul(all.substr(size + 1, end - size - 1));
    if (all.compare(kind + 1, 5, "blob ") == 0) found[all.substr(at, kind - at)] = all.substr(end + 1, length);
    at = end + 1 + length + 1;
  }
  return found;
}

void GitTree::grow(int commits, std::uint32_t seed) const {
  std::mt19937 random(seed);
  std::vector<std::vector<std::string>> files(6);
  std::string script;
  for (int i = 1; i <= commits; ++i) {
    const std::string when = std::to_string(1704110400 + 3600LL * i) + " +0000";
    script +=
        "commit refs/heads/main\nmark :" + std::to_string(i) + "\ncommitter Ann <ann@example.com> " + when + "\ndata 1\nx\n";
    if (i > 1) script += "from :" + std::to_string(i - 1) + "\n";
    for (int change = 0; change < 2; ++change) {
      const std::size_t which = random() % files.size();
      std::vector<std::string>& lines = files[which];
      for (int line = 0; line < (lines.empty() ? 60 : 2); ++line)
        lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(random() % (lines.size() + 1)),
                     "line " + std::to_string(random()) + " of some text that repeats, repeats\n");
      std::string text;
      for (const std::string& line : lines) text += line;
      script += "M 100644 inline d/f" + std::to_string(which) + "\ndata " + std::to_string(text.size()) + "\n" + text + "\n";
    }
  }
  git({"fast-import", "--quiet", "--force"}, script);
}

}  // namespace pg::test
