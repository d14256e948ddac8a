// What a commit is about to add (the index beside HEAD), and what a branch adds (HEAD beside the point where it left).
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "cmd/scan_history.h"

namespace pg {

/// Adds those findings of staged blobs that touch a line which HEAD has not.
Status scan_staged(const GitScan& scan, ScanResult& result);

/// Adds those findings of HEAD's blobs that touch a line which is not in the merge base with `options.base`.
Status scan_added(const GitScan& scan, ScanResult& result);

/// Lines from `first` on, 1-based.
struct LineRange {
  std::uint64_t first = 1, count = 0;
};
/// The lines that a diff without context adds, from its "@@ -a,b +c,d @@" heads.
std::vector<LineRange> added_lines(std::string_view diff);

}  // namespace pg
