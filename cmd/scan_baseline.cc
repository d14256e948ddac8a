// Reads, applies and writes baselines. Paths are percent-encoded where they are not plain, so that a line is always one entry.
#include "cmd/scan_baseline.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "core/base/encode.h"
#include "core/base/text.h"
#include "core/guard/byte_set.h"

namespace pg {
namespace {

constexpr std::string_view kHead =
    "# pg scan baseline 1: known findings, one a line (fingerprint, rule, path, where when not in the tree alone)\n";

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

BaselineEntry entry_of(const ScanFinding& finding, const Guards& guards, SeenIn seen_in) {
  return {finding.fingerprint, guards.rule(finding.rule).id, encoded_path(finding.path), seen_in};
}

SeenIn with(SeenIn a, SeenIn b) {
  return static_cast<SeenIn>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}

SeenIn without(SeenIn a, SeenIn b) {
  return static_cast<SeenIn>(static_cast<unsigned>(a) & ~static_cast<unsigned>(b));
}

constexpr std::string_view kBoth = "tree+history", kHistory = "history";

std::optional<SeenIn> read_seen_in(std::string_view word) {
  if (word == kBoth) return SeenIn::both;
  if (word == kHistory) return SeenIn::history;
  return std::nullopt;
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
    const auto seen_in = words.size() == 4 ? read_seen_in(words[3]) : SeenIn::tree;
    if (words.size() < 3 || words.size() > 4 || !seen_in || !is_fingerprint(words[0]))
      return make_error(Code::invalid_config, fmt::format("{}:{}: not an entry of a baseline", file, number));
    entries.push_back({std::string(words[0]), std::string(words[1]), std::string(words[2]), *seen_in});
  }
  return entries;
}

std::string write_baseline(std::vector<BaselineEntry> entries) {
  const auto order = [](const BaselineEntry& e) { return std::tie(e.path, e.rule, e.fingerprint); };
  std::sort(entries.begin(), entries.end(), [&](const BaselineEntry& a, const BaselineEntry& b) { return order(a) < order(b); });
  entries.erase(std::unique(entries.begin(), entries.end()), entries.end());
  std::string out(kHead);
  for (const BaselineEntry& entry : entries) {
    out += fmt::format("{} {} {}", entry.fingerprint, entry.rule, entry.path);
    if (entry.seen_in != SeenIn::tree) out += fmt::format(" {}", entry.seen_in == SeenIn::both ? kBoth : kHistory);
    out += '\n';
  }
  return out;
}

std::vector<BaselineEntry> apply_baseline(const std::vector<BaselineEntry>& known, ScanResult& result) {
  std::set<std::string_view> fingerprints, used;
  for (const BaselineEntry& entry : known) fingerprints.insert(entry.fingerprint);
  for (ScanFinding& finding : result.findings) {
    const auto entry = fingerprints.find(finding.fingerprint);
    if (entry == fingerprints.end()) continue;
    used.insert(*entry);
    if (finding.allowed) continue;
    finding.allowed = true;
    finding.allowed_by = kByBaseline;
  }
  std::vector<BaselineEntry> unused;
  for (const BaselineEntry& entry : known)
    if (!used.contains(entry.fingerprint) && without(entry.seen_in, result.seen_in) == SeenIn::nowhere &&
        is_below(entry.path, result.scanned))
      unused.push_back(entry);
  return unused;
}

std::vector<BaselineEntry> update_baseline(const std::vector<BaselineEntry>& known, const ScanResult& result,
                                           const Guards& guards) {
  std::map<std::string, BaselineEntry> entries;
  for (BaselineEntry entry : known) {
    if (is_below(entry.path, result.scanned)) entry.seen_in = without(entry.seen_in, result.seen_in);
    entries.insert_or_assign(entry.fingerprint, std::move(entry));
  }
  for (const ScanFinding& finding : result.findings) {
    if (finding.allowed && finding.allowed_by != kByBaseline) continue;
    BaselineEntry& entry = entries.try_emplace(finding.fingerprint, entry_of(finding, guards, SeenIn::nowhere)).first->second;
    entry.seen_in = with(entry.seen_in, result.seen_in);
  }
  std::vector<BaselineEntry> kept;
  for (auto& [fingerprint, entry] : entries)
    if (entry.seen_in != SeenIn::nowhere) kept.push_back(std::move(entry));
  return kept;
}

}  // namespace pg
