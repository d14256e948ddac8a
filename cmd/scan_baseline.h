// A baseline: the findings that are known, so that only new ones count. One a line, sorted, without places or times: it changes
// only when findings come or go. One file serves the tree and the history: each entry says where it was seen.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cmd/scan_sources.h"

namespace pg {

struct BaselineEntry {
  // Of rule, keyed hash of the value, and path: a line that moves keeps it. Of a value that could be guessed from that, "~SALT-"
  // and four digits of a slow hash: they tell nearly every other value from it, and many thousands of guesses fit them.
  std::string fingerprint;
  std::string rule;
  std::string path;
  SeenIn seen_in = SeenIn::tree;
  bool operator==(const BaselineEntry&) const = default;
};

/// invalid_config with file:line for a line that is no entry.
Result<std::vector<BaselineEntry>> read_baseline(std::string_view text, const std::string& file);
std::string write_baseline(std::vector<BaselineEntry> entries);

/// How many findings a baseline of an earlier pg lets pass by their place alone, whatever the value is now.
std::size_t count_known_by_place(const std::vector<BaselineEntry>& known, const ScanResult& result);

/// Marks what the baseline knows, and gives back the entries that nobody needs any more: nothing matched them, they lie below
/// what was scanned, and were only ever seen where this scan looks.
std::vector<BaselineEntry> apply_baseline(const std::vector<BaselineEntry>& known, ScanResult& result, const Guards& guards);

/// The baseline that knows every finding which no mark or setting allows; entries of other paths stay as they are, and what is
/// gone here but was seen elsewhere, too, stays for the scan of that.
std::vector<BaselineEntry> update_baseline(const std::vector<BaselineEntry>& known, const ScanResult& result,
                                           const Guards& guards);

}  // namespace pg
