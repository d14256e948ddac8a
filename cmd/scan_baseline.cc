// Reads, applies and writes baselines. Paths are percent-encoded where they are not plain, so that a line is always one entry.
#include "cmd/scan_baseline.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "core/base/crypto.h"
#include "core/base/encode.h"
#include "core/base/text.h"
#include "core/guard/byte_set.h"

namespace pg {
namespace {

constexpr std::string_view kHead =
    "# pg scan baseline 2: known findings, one a line (fingerprint, rule, path, where when not in the tree alone)\n";

std::string encoded_path(std::string_view path) {
  std::string out;
  for (const std::string_view part : split(path, '/')) out += (part.data() == path.data() ? "" : "/") + to_percent(part);
  return out;
}

constexpr std::size_t kSaltDigits = 12, kCheckDigits = 4;

bool is_lower_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return kLowerHex.has(c); });
}

/// "~SALT-CHECK".
bool is_slow_fingerprint(std::string_view text) {
  return text.size() == 2 + kSaltDigits + kCheckDigits && text[0] == '~' && text[1 + kSaltDigits] == '-' &&
         is_lower_hex(text.substr(1, kSaltDigits)) && is_lower_hex(text.substr(2 + kSaltDigits));
}

bool is_fingerprint(std::string_view text) {
  return is_slow_fingerprint(text) || (text.size() == 16 && is_lower_hex(text));
}

/// What has no hash because it could be guessed from one.
bool needs_slow_fingerprint(const ScanFinding& finding) {
  return finding.hash.empty() && !finding.identity.empty();
}

/// Each value of a file is hashed once, however often it stands there.
class SlowFingerprints {
 public:
  std::string of(const ScanFinding& finding, const std::string& path, const std::string& salt) {
    std::string& known = known_[{finding.identity, path, salt}];
    if (known.empty()) {
      const Sha256 digest = slow_hash(finding.identity, "promptgate scan baseline 2 " + salt + " " + path);
      known = "~" + salt + "-" + to_hex(as_bytes(digest)).substr(0, kCheckDigits);
    }
    return known;
  }

 private:
  std::map<std::tuple<std::string, std::string, std::string>, std::string> known_;
};

std::string salt_of(const BaselineEntry& entry) {
  return entry.fingerprint.substr(1, kSaltDigits);
}

/// That of the entries there are, so that a file that is written anew changes only where findings do.
std::string choose_salt(const std::vector<BaselineEntry>& known) {
  for (const BaselineEntry& entry : known)
    if (is_slow_fingerprint(entry.fingerprint)) return salt_of(entry);
  return to_hex(random_bytes(kSaltDigits / 2));
}

/// Those of a slow fingerprint belong to their rule and path; the others have them inside.
std::string key_of(const std::string& fingerprint, const std::string& rule, const std::string& path) {
  return fingerprint + " " + rule + " " + path;
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

std::size_t count_known_by_place(const std::vector<BaselineEntry>& known, const ScanResult& result) {
  std::set<std::string_view> fingerprints;
  for (const BaselineEntry& entry : known) fingerprints.insert(entry.fingerprint);
  return static_cast<std::size_t>(std::count_if(result.findings.begin(), result.findings.end(), [&](const ScanFinding& finding) {
    return needs_slow_fingerprint(finding) && finding.allowed_by == kByBaseline && fingerprints.contains(finding.fingerprint);
  }));
}

std::vector<BaselineEntry> apply_baseline(const std::vector<BaselineEntry>& known, ScanResult& result, const Guards& guards) {
  std::set<std::string> keys, used;
  std::map<std::string, std::set<std::string>> salts;  // by rule and path
  for (const BaselineEntry& entry : known) {
    keys.insert(key_of(entry.fingerprint, entry.rule, entry.path));
    if (is_slow_fingerprint(entry.fingerprint)) salts[entry.rule + " " + entry.path].insert(salt_of(entry));
  }
  SlowFingerprints slow;
  for (ScanFinding& finding : result.findings) {
    const std::string rule = guards.rule(finding.rule).id, path = encoded_path(finding.path);
    std::vector<std::string> tries = {key_of(finding.fingerprint, rule, path)};
    const auto at = needs_slow_fingerprint(finding) ? salts.find(rule + " " + path) : salts.end();
    if (at != salts.end())
      for (const std::string& salt : at->second) tries.push_back(key_of(slow.of(finding, path, salt), rule, path));
    bool is_known = false;
    for (const std::string& one : tries) is_known |= keys.contains(one) && (used.insert(one), true);
    if (!is_known || finding.allowed) continue;
    finding.allowed = true;
    finding.allowed_by = kByBaseline;
  }
  std::vector<BaselineEntry> unused;
  for (const BaselineEntry& entry : known)
    if (!used.contains(key_of(entry.fingerprint, entry.rule, entry.path)) &&
        without(entry.seen_in, result.seen_in) == SeenIn::nowhere && is_below(entry.path, result.scanned))
      unused.push_back(entry);
  return unused;
}

std::vector<BaselineEntry> update_baseline(const std::vector<BaselineEntry>& known, const ScanResult& result,
                                           const Guards& guards) {
  std::map<std::string, BaselineEntry> entries;
  for (BaselineEntry entry : known) {
    if (is_below(entry.path, result.scanned)) entry.seen_in = without(entry.seen_in, result.seen_in);
    std::string key = key_of(entry.fingerprint, entry.rule, entry.path);
    entries.insert_or_assign(std::move(key), std::move(entry));
  }
  const std::string salt = choose_salt(known);
  SlowFingerprints slow;
  for (const ScanFinding& finding : result.findings) {
    if (finding.allowed && finding.allowed_by != kByBaseline) continue;
    BaselineEntry fresh = entry_of(finding, guards, SeenIn::nowhere);
    if (needs_slow_fingerprint(finding)) {
      // An entry of an earlier pg, which knows a place alone, gives way to one that knows the value.
      if (const auto old = entries.extract(key_of(fresh.fingerprint, fresh.rule, fresh.path)))
        fresh.seen_in = old.mapped().seen_in;
      fresh.fingerprint = slow.of(finding, fresh.path, salt);
    }
    std::string key = key_of(fresh.fingerprint, fresh.rule, fresh.path);
    BaselineEntry& entry = entries.try_emplace(std::move(key), fresh).first->second;
    entry.seen_in = with(with(entry.seen_in, fresh.seen_in), result.seen_in);
  }
  std::vector<BaselineEntry> kept;
  for (auto& [key, entry] : entries)
    if (entry.seen_in != SeenIn::nowhere) kept.push_back(std::move(entry));
  return kept;
}

}  // namespace pg
