// GitChild: a git program that reads a repository which may be hostile. Nothing that the repository's settings name is run: no
// pager, no external diff, no text conversion, no file system monitor, no transport.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace pg {

class GitChild {
 public:
  /// Starts `git ARGS…` in that directory, with standard output to out(). not_found when there is no git.
  static Result<GitChild> start(const std::string& directory, const std::vector<std::string>& args);
  GitChild(GitChild&& other) noexcept;
  GitChild& operator=(GitChild&&) = delete;
  ~GitChild();

  int out() const { return out_; }
  /// Waits for the end, or brings it about when what is left of the output is not wanted; bad_request with git's own complaint
  /// when it failed.
  Status finish(bool was_read = true);

 private:
  GitChild() = default;
  int reap();

  pid_t pid_ = -1;
  int out_ = -1;
  int err_ = -1;
};

/// All that `git ARGS…` prints; refuses as GitChild does, and with too_large above `max` bytes.
Result<std::string> git_output(const std::string& directory, const std::vector<std::string>& args,
                               std::size_t max = std::size_t{1} << 30);

}  // namespace pg
