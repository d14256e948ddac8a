// What `pg scan` does in a git repository: the whole history, what is staged, or what a branch adds.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cmd/scan_sources.h"
#include "core/base/result.h"

namespace pg {

enum class GitScope { history, staged, added };

struct GitScanOptions {
  GitScope scope = GitScope::history;
  std::string range;                  // history: "main..feature", a branch, a tag; empty: all refs
  std::vector<std::string> branches;  // history: instead of all refs
  std::string since;                  // history: as git reads dates
  std::string base;                   // added: the revision that a branch left
  std::vector<std::string> paths;     // the repository, or parts of its work tree; none: that of the current directory
  unsigned threads = 0;
  std::uint64_t max_file_size = 0;   // larger blobs are left out; 0: none is
  bool archives = false;             // look into zip, tar and gzip blobs
  ScanProgress* progress = nullptr;  // told how far it is; may be null
};

/// "--git ../other" names a repository, unless the word is a revision here: then it becomes a path.
GitScanOptions settle_range(GitScanOptions options);

/// Scans blobs, never the work tree. Paths are relative to the top of the repository. Refuses when there is no git, no repository
/// or no such revision; blobs that cannot be read are listed in `errors`.
Result<ScanResult> scan_git(const GitScanOptions& options, const Guards& guards, const SecretRules* secrets);

}  // namespace pg
