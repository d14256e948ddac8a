// Reads, applies and writes baselines. Paths are percent-encoded where they are not plain, so that a line is always one entry.
#include "cmd/scan_baseline.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "core/base/encode.h"
#include "core/base/text.h"
#include "core/guard/byte_set.h"

namespace pg {
namespace {

constexpr std::string_view kHead = "# pg scan baseline 1: known findings, one a line (fingerprint, rule, path)\n";

std::string encoded_path(std::string_view path) {
  std::string out;
  for (const std::string_view part : split(path, '/')) out += (part.data() == path.data() ? "" : "/") + to_percent(part);
  return out;
}

bool is_fingerprint(std::string_view text) {
  return text.size() == 16 && std::all_of(text.begin(), text.end(), [](char c) { return kLowerHex.has(c); });
}

/// What a scan of these paths would have read.
bool is_below(const std::string& path, const std::vector<std::string>& paths) {
  return std::any_of(paths.begin(), paths.end(), [&](const std::string& root) {
    const std::string top = encoded_path(root);
    return root == "." ? !path.starts_with('/') : path == top || path.starts_with(top + "/") || path.starts_with(top + "%21/");
  });
}

BaselineEntry entry_of(const ScanFinding& finding, const Guards& guards) {
  return {finding.fingerprint, guards.rule(finding.rule).id, encoded_path(finding.path)};
}

}  // namespace

Result<std::vector<BaselineEntry>> read_baseline(std::string_view text, const std::string& file) {
  std::vector<BaselineEntry> entries;
  std::size_t number = 0;
  for (std::string_view line : split(text, '\n')) {
    ++number;
    line = trim(line);
    if (line.empty() || line.front() == '#') continue;
    const auto words = split(line, ' ');
    if (words.size() != 3 || !is_fingerprint(words[0]))
      return make_error(Code::invalid_config, fmt::format("{}:{}: not an entry of a baseline", file, number));
    entries.push_back({std::string(words[0]), std::string(words[1]), std::string(words[2])});
  }
  return entries;
}

std::string write_baseline(std::vector<BaselineEntry> entries) {
  const auto order = [](const BaselineEntry& e) { return std::tie(e.path, e.rule, e.fingerprint); };
  std::sort(entries.begin(), entries.end(), [&](const BaselineEntry& a, const BaselineEntry& b) { return order(a) < order(b); });
  entries.erase(std::unique(entries.begin(), entries.end()), entries.end());
  std::string out(kHead);
  for (const BaselineEntry& entry : entries) out += fmt::format("{} {} {}\n", entry.fingerprint, entry.rule, entry.path);
  return out;
}

std::vector<BaselineEntry> apply_baseline(const std::vector<BaselineEntry>& known, const std::vector<std::string>& paths,
                                          std::vector<ScanFinding>& findings) {
  std::set<std::string_view> fingerprints, used;
  for (const BaselineEntry& entry : known) fingerprints.insert(entry.fingerprint);
  for (ScanFinding& finding : findings) {
    const auto entry = fingerprints.find(finding.fingerprint);
    if (entry == fingerprints.end()) continue;
    used.insert(*entry);
    if (finding.allowed) continue;
    finding.allowed = true;
    finding.allowed_by = kByBaseline;
  }
  std::vector<BaselineEntry> unused;
  for (const BaselineEntry& entry : known)
    if (!used.contains(entry.fingerprint) && is_below(entry.path, paths)) unused.push_back(entry);
  return unused;
}

std::vector<BaselineEntry> update_baseline(const std::vector<BaselineEntry>& known, const std::vector<std::string>& paths,
                                           const Guards& guards, const std::vector<ScanFinding>& findings) {
  std::vector<BaselineEntry> entries;
  for (const BaselineEntry& entry : known)
    if (!is_below(entry.path, paths)) entries.push_back(entry);
  for (const ScanFinding& finding : findings)
    if (!finding.allowed || finding.allowed_by == kByBaseline) entries.push_back(entry_of(finding, guards));
  return entries;
}

}  // namespace pg
