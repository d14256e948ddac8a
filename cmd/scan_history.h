// A history scanned: blobs once each, findings with the commit that brought them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cmd/git_history.h"
#include "cmd/git_repository.h"
#include "cmd/scan_blobs.h"
#include "cmd/scan_git.h"

namespace pg {

/// What the scopes have in common.
struct GitScan {
  const GitScanOptions& options;
  const GitRepository& repository;
  const Guards& guards;
  const SecretRules* secrets;
};

/// What the options say of each blob.
BlobOptions blob_options(const GitScanOptions& options);

/// Adds the findings of the history that the options name.
Status scan_history(const GitScan& scan, ScanResult& result);

/// Reads the log of these revisions.
Status read_history(const GitRepository& repository, const std::vector<std::string>& revisions, GitHistory& history);

/// One finding for each rule, value and path. Where and when is that of the oldest commit; whether it is allowed, that of the
/// newest, since a mark that was added later is what its authors think of it now. What `before` (the findings of what the commits
/// of `history` changed) had at that place already is no commit's.
std::vector<ScanFinding> place_in_history(const BlobFindings& found, const GitHistory& history, const Guards& guards,
                                          std::size_t id_size, const BlobFindings& before = {});

}  // namespace pg
