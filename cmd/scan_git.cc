// The three scopes: which blobs, and what becomes of their findings.
#include "cmd/scan_git.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <utility>

#include "cmd/git_child.h"
#include "cmd/git_repository.h"
#include "cmd/scan_blobs.h"
#include "cmd/scan_changes.h"
#include "cmd/scan_history.h"
#include "core/base/text.h"

namespace pg {
namespace {

bool names_directory(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

Status check_revision(const std::string& word) {
  if (!word.starts_with('-')) return {};
  return make_error(Code::bad_request, fmt::format("'{}' is no revision", escape_controls(word)));
}

}  // namespace

GitScanOptions settle_range(GitScanOptions options) {
  const std::string& word = options.range;
  if (word.empty() || !options.paths.empty() || !names_directory(word)) return options;
  const bool is_path = word.starts_with('/') || word.starts_with('.') ||
                       !git_output("", {"rev-parse", "--quiet", "--verify", "--end-of-options", word + "^{commit}"});
  if (is_path) options.paths = {std::exchange(options.range, {})};
  return options;
}

Result<ScanResult> scan_git(const GitScanOptions& options, const Guards& guards, const SecretRules* secrets) {
  const GitScanOptions settled = settle_range(options);
  for (const std::string* word : {&settled.range, &settled.base}) PG_TRY_STATUS(check_revision(*word));
  PG_TRY(const GitRepository repository, open_repository(settled.paths));
  ScanResult result;
  result.base = repository.top;
  const GitScan scan{settled, repository, guards, secrets};
  switch (settled.scope) {
    case GitScope::history:
      PG_TRY_STATUS(scan_history(scan, result));
      break;
    case GitScope::staged:
      PG_TRY_STATUS(scan_staged(scan, result));
      break;
    case GitScope::added:
      PG_TRY_STATUS(scan_added(scan, result));
      break;
  }
  sort_findings(result.findings);
  return result;
}

}  // namespace pg
