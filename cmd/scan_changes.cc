// Both scopes are a list of changed paths with the blobs before and after.
#include "cmd/scan_changes.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <tuple>

#include "cmd/git_child.h"
#include "core/base/text.h"

namespace pg {
namespace {

/// The changes that leave a blob behind; notes say what is left out.
Result<std::vector<GitChange>> read_changes(const GitScan& scan, const std::vector<std::string>& args, ScanResult& result) {
  PG_TRY(const std::string said, git_output(scan.repository.directory, args));
  PG_TRY(std::vector<GitChange> all, parse_raw_diff(said, scan.repository.id_size));
  std::vector<GitChange> kept;
  for (GitChange& change : all) {
    if (!scan.repository.is_in(change.path)) continue;
    if (change.is_submodule) {
      result.notes.push_back(
          fmt::format("submodule {} is a repository of its own and was not scanned", escape_controls(change.path)));
    } else if (change.status == 'U') {
      result.notes.push_back(fmt::format("{} is not merged yet and was not scanned", escape_controls(change.path)));
    } else if (!change.after.is_null()) {
      kept.push_back(std::move(change));
    }
  }
  return kept;
}

BlobFindings scan_after(const GitScan& scan, const std::vector<GitChange>& changes, ScanResult& result) {
  ObjectIds ids;
  for (const GitChange& change : changes) ids.insert(change.after);
  // Few blobs are not worth a thread's start.
  BlobOptions options = blob_options(scan.options);
  if (ids.size() < 16) options.threads = 1;
  BlobScan blobs(scan.repository, scan.guards, scan.secrets, options);
  blobs.scan_some(ids);
  return blobs.finish({}, result);
}

std::vector<ScanFinding> placed_at(const std::vector<ScanFinding>& found, const std::string& path, const Guards& guards) {
  std::vector<ScanFinding> out = found;
  for (ScanFinding& finding : out) place_finding(finding, guards.rule(finding.rule), path);
  return out;
}

std::uint64_t take_number(std::string_view& text, std::uint64_t fallback) {
  std::uint64_t value = fallback;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return problem == std::errc() ? value : fallback;
}

bool touches(const ScanFinding& finding, const std::vector<LineRange>& lines) {
  return std::any_of(lines.begin(), lines.end(), [&](const LineRange& range) {
    return finding.line < range.first + range.count && finding.end_line >= range.first;
  });
}

/// Where the branch left: the newest commit that both have.
Result<std::string> find_merge_base(const GitScan& scan) {
  const std::string& base = scan.options.base;
  const auto commit_of = [&](const std::string& name) {
    return git_output(scan.repository.directory, {"rev-parse", "--quiet", "--verify", "--end-of-options", name + "^{commit}"});
  };
  if (!commit_of("HEAD")) return make_error(Code::bad_request, "no commits yet");
  if (!commit_of(base)) return make_error(Code::bad_request, fmt::format("no revision '{}'", escape_controls(base)));
  const Result<std::string> found = git_output(scan.repository.directory, {"merge-base", "--end-of-options", base, "HEAD"});
  if (found) return std::string(trim(*found));
  return make_error(Code::bad_request,
                    fmt::format("'{}' and HEAD have no commit in common{}", escape_controls(base),
                                scan.repository.is_shallow ? "; this is a shallow clone: 'git fetch --unshallow'" : ""));
}

/// Blobs are compared by id, so no attribute of a path decides how.
Result<std::vector<ScanFinding>> keep_added(const GitScan& scan, const GitChange& change, std::vector<ScanFinding> found) {
  if (change.before.is_null()) return found;
  const std::size_t size = scan.repository.id_size;
  PG_TRY(const std::string diff, git_output(scan.repository.directory,
                                            {"diff", "--text", "--unified=0", "--inter-hunk-context=0", "--no-color",
                                             "--no-ext-diff", "--no-textconv", change.before.hex(size), change.after.hex(size)}));
  const std::vector<LineRange> lines = added_lines(diff);
  std::erase_if(found, [&](const ScanFinding& finding) { return !touches(finding, lines); });
  return found;
}

/// The commits since `base` say which of them brought a value to its path.
Status find_commits(const GitScan& scan, const std::string& base, std::vector<ScanFinding>& findings) {
  if (findings.empty()) return {};
  const auto has_finding = [&](std::string_view path) {
    return std::any_of(findings.begin(), findings.end(), [&](const ScanFinding& one) { return one.path.starts_with(path); });
  };
  GitHistory history(scan.repository.id_size, has_finding);
  PG_TRY_STATUS(read_history(scan.repository, {"--end-of-options", base + "..HEAD", "--"}, history));
  ScanResult aside;  // these blobs are not what was asked for, so they count nowhere
  BlobOptions options = blob_options(scan.options);
  options.progress = nullptr;
  BlobScan blobs(scan.repository, scan.guards, scan.secrets, options);
  blobs.scan_some(history.blobs());
  const BlobFindings found = blobs.finish({}, aside);
  std::map<std::tuple<std::string, RuleIndex, std::string>, ScanFinding> known;
  for (ScanFinding& one : place_in_history(found, history, scan.guards, scan.repository.id_size))
    known.try_emplace({one.path, one.rule, one.identity}, std::move(one));
  for (ScanFinding& finding : findings) {
    const auto at = known.find({finding.path, finding.rule, finding.identity});
    if (at == known.end()) continue;
    finding.commit = at->second.commit;
    finding.author_date = at->second.author_date;
  }
  return {};
}

}  // namespace

std::vector<LineRange> added_lines(std::string_view diff) {
  std::vector<LineRange> lines;
  for (std::string_view line : split(diff, '\n')) {
    const std::size_t plus = line.starts_with("@@ ") ? line.find(" +") : std::string_view::npos;
    if (plus == std::string_view::npos) continue;
    line.remove_prefix(plus + 2);
    LineRange range;
    range.first = take_number(line, 0);
    range.count = 1;
    if (line.starts_with(',')) {
      line.remove_prefix(1);
      range.count = take_number(line, 0);
    }
    if (range.count > 0) lines.push_back(range);
  }
  return lines;
}

Status scan_staged(const GitScan& scan, ScanResult& result) {
  if (scan.repository.top.empty()) return make_error(Code::bad_request, "nothing is staged in a bare repository");
  PG_TRY(const std::vector<GitChange> changes,
         read_changes(scan,
                      {"diff", "--cached", "--raw", "-z", "--no-abbrev", "-M", "--no-ext-diff", "--no-textconv", "--no-color",
                       "--no-relative", "--ignore-submodules=none"},
                      result));
  if (changes.empty()) result.notes.emplace_back("nothing is staged");
  const BlobFindings found = scan_after(scan, changes, result);
  for (const GitChange& change : changes) {
    const auto at = found.find(change.after);
    if (at == found.end()) continue;
    PG_TRY(std::vector<ScanFinding> kept, keep_added(scan, change, placed_at(at->second, change.path, scan.guards)));
    std::move(kept.begin(), kept.end(), std::back_inserter(result.findings));
  }
  return {};
}

Status scan_added(const GitScan& scan, ScanResult& result) {
  PG_TRY(const std::string base, find_merge_base(scan));
  PG_TRY(const std::vector<GitChange> changes,
         read_changes(scan,
                      {"diff-tree", "-r", "--raw", "-z", "-M", "--no-abbrev", "--no-ext-diff", "--no-textconv", "--no-color",
                       "--no-relative", base, "HEAD"},
                      result));
  if (changes.empty()) result.notes.push_back(fmt::format("nothing is added since {}", escape_controls(scan.options.base)));
  if (scan.repository.is_shallow)
    result.notes.emplace_back("shallow clone: what was added is judged by the commits that are here");
  const BlobFindings found = scan_after(scan, changes, result);
  for (const GitChange& change : changes) {
    const auto at = found.find(change.after);
    if (at == found.end()) continue;
    PG_TRY(std::vector<ScanFinding> kept, keep_added(scan, change, placed_at(at->second, change.path, scan.guards)));
    std::move(kept.begin(), kept.end(), std::back_inserter(result.findings));
  }
  return find_commits(scan, base, result.findings);
}

}  // namespace pg
