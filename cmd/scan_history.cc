// When all blobs are wanted, the log is read beside the scan, and only once something is found; otherwise it says first which.
#include "cmd/scan_history.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <thread>
#include <tuple>
#include <unordered_map>

#include "cmd/git_child.h"
#include "core/base/text.h"

namespace pg {
namespace {

/// refs/heads/NAME, or the remote's branch of that name, which is what a fresh clone has.
Result<std::string> find_branch(const GitRepository& repository, const std::string& name) {
  const std::string tries[] = {"refs/heads/" + name, "refs/remotes/" + name, "refs/remotes/origin/" + name};
  for (const std::string& ref : tries)
    if (git_output(repository.directory, {"rev-parse", "--quiet", "--verify", "--end-of-options", ref + "^{commit}"})) return ref;
  return make_error(Code::bad_request, fmt::format("no branch '{}'", escape_controls(name)));
}

/// Git reads any text as a date, and takes what it cannot read for now: a scan of nothing that looks clean.
Status check_date(const GitRepository& repository, const std::string& date) {
  PG_TRY(const std::string said, git_output(repository.directory, {"rev-parse", "--since=" + date}));
  constexpr std::string_view kAge = "--max-age=";
  const std::size_t at = said.find(kAge);
  const long long since = at == std::string::npos ? 0 : std::atoll(said.c_str() + at + kAge.size());
  using namespace std::chrono;
  const long long now = duration_cast<seconds>(system_clock::now().time_since_epoch()).count();
  if (since + 2 < now || equals_ignore_case(trim(date), "now")) return {};
  if (since > now && date.find_first_of("0123456789") != std::string::npos)
    return make_error(Code::bad_request, fmt::format("'{}' lies in the future", escape_controls(date)));
  return make_error(Code::bad_request, fmt::format("'{}' is no date that git can read", escape_controls(date)));
}

Result<std::vector<std::string>> revisions_of(const GitScan& scan) {
  const GitScanOptions& options = scan.options;
  std::vector<std::string> words;
  if (!options.since.empty()) {
    PG_TRY_STATUS(check_date(scan.repository, options.since));
    words.push_back("--since=" + options.since);
  }
  if (options.range.empty() && options.branches.empty()) words.push_back("--all");
  words.emplace_back("--end-of-options");
  for (const std::string& name : options.branches) {
    PG_TRY(std::string ref, find_branch(scan.repository, name));
    words.push_back(std::move(ref));
  }
  if (!options.range.empty()) words.push_back(options.range);
  words.emplace_back("--");
  return words;
}

/// What is no commit (a file's "main:x", a tag of a blob) and what only leaves out ("^main") would be a scan of nothing.
Status check_range(const GitRepository& repository, const std::string& range) {
  if (range.empty()) return {};
  const Result<std::string> said = git_output(repository.directory, {"rev-parse", "--end-of-options", range, "--"});
  if (!said) return {};  // git log says better why
  bool has_commit = false;
  for (const std::string_view line : split(*said, '\n')) {
    if (line.empty() || line.starts_with('^') || line.starts_with('-')) continue;
    has_commit = true;
    if (!git_output(repository.directory,
                    {"rev-parse", "--quiet", "--verify", "--end-of-options", std::string(line) + "^{commit}"}))
      return make_error(Code::bad_request, fmt::format("'{}' is no commit, branch or range", escape_controls(range)));
  }
  if (has_commit) return {};
  return make_error(Code::bad_request, fmt::format("'{}' names no commits to scan", escape_controls(range)));
}

/// Where a tag is that points at a file or a directory instead of a commit: "refs/tags/key", "refs/tags/key:path".
using TaggedBlobs = std::unordered_map<ObjectId, std::vector<std::string>, ObjectIdHash>;

Status add_tagged_tree(const GitRepository& repository, const std::string& id, const std::string& ref, TaggedBlobs& tagged) {
  PG_TRY(const std::string tree,
         git_output(repository.directory, {"ls-tree", "-r", "-z", "--full-tree", "--end-of-options", id}));
  for (const std::string_view line : split(tree, '\0')) {
    const std::size_t tab = line.find('\t'), digits = 2 * repository.id_size;
    if (tab == std::string_view::npos || tab < digits) continue;
    if (const auto blob = ObjectId::parse(line.substr(tab - digits, digits), repository.id_size))
      tagged[*blob].push_back(ref + ":" + std::string(line.substr(tab + 1)));
  }
  return {};
}

Result<TaggedBlobs> read_tagged_blobs(const GitRepository& repository) {
  TaggedBlobs tagged;
  PG_TRY(const std::string refs,
         git_output(repository.directory, {"for-each-ref", "--format=%(objecttype) %(objectname) %(refname)"}));
  for (const std::string_view line : split(refs, '\n')) {
    const auto words = split(line, ' ');
    if (words.size() != 3 || words[0] == "commit") continue;
    std::string id(words[1]), type(words[0]);
    if (type == "tag") {  // peeled, however many stand above each other
      const Result<std::string> peeled = git_output(repository.directory, {"rev-parse", "--quiet", "--verify", id + "^{}"});
      if (!peeled) continue;
      id = trim(*peeled);
      PG_TRY(const std::string kind, git_output(repository.directory, {"cat-file", "-t", id}));
      type = trim(kind);
    }
    const std::string ref(words[2]);
    if (type == "tree") PG_TRY_STATUS(add_tagged_tree(repository, id, ref, tagged));
    const auto blob = ObjectId::parse(id, repository.id_size);
    if (type == "blob" && blob) tagged[*blob].push_back(ref);
  }
  return tagged;
}

void place_at_tags(const BlobFindings& found, const TaggedBlobs& tagged, const Guards& guards, ScanResult& result) {
  for (const auto& [id, paths] : tagged) {
    const auto at = found.find(id);
    if (at == found.end()) continue;
    for (const std::string& path : paths) {
      for (ScanFinding finding : at->second) {
        place_finding(finding, guards.rule(finding.rule), path);
        result.findings.push_back(std::move(finding));
      }
    }
  }
}

bool is_whole(const GitScan& scan) {
  const GitScanOptions& options = scan.options;
  return options.range.empty() && options.branches.empty() && options.since.empty() && scan.repository.limits.empty();
}

void note_history(const GitScan& scan, const std::set<std::string>& submodules, std::size_t unreached, ScanResult& result) {
  const std::uint64_t commits = result.totals.commits;
  const GitScanOptions& options = scan.options;
  if (commits == 0) {
    const std::string what = !options.range.empty() ? " in " + options.range : !options.since.empty() ? " since then" : "";
    result.notes.push_back("no commits" + escape_controls(what));
  }
  if (scan.repository.is_shallow)
    result.notes.push_back(fmt::format("shallow clone: only {} of its commits {} here; 'git fetch --unshallow' brings the rest",
                                       commits, commits == 1 ? "is" : "are"));
  for (const std::string& path : submodules)
    result.notes.push_back(fmt::format("submodule {} is a repository of its own and was not scanned", escape_controls(path)));
  if (unreached == 1) result.notes.emplace_back("a blob with findings belongs to no commit of a branch or tag and is left out");
  if (unreached > 1)
    result.notes.push_back(
        fmt::format("{} blobs with findings belong to no commit of a branch or tag and are left out", unreached));
}

/// What was read of a log that broke off is still worth reporting; one that did not begin is a refusal.
Status keep_what_was_read(Status status, const GitHistory& history, ScanResult& result) {
  if (status || history.commit_count() == 0) return status;
  result.errors.push_back("the history cannot be read to its end: " + status.error().message);
  return {};
}

std::string date_of(const GitCommit& commit) {
  constexpr std::int64_t kFar = 300'000'000'000;  // beyond the year 9999, where the formatter stops anyway
  std::string text = format_rfc3339(std::clamp(commit.author_time, -kFar, kFar) * 1000);
  return text.replace(text.find('.'), 4, "");
}

/// A log that does not begin with the first commit shows what older ones brought as well.
bool begins_amid(const GitScan& scan) {
  return !scan.options.range.empty() || !scan.options.since.empty();
}

/// The findings of what the commits changed, as far as something is found in what they made of it.
BlobFindings scan_before(const GitScan& scan, const GitHistory& history, const BlobFindings& found) {
  ObjectIds blobs;
  for (const auto& [id, findings] : found) blobs.insert(id);
  ObjectIds replaced;
  for (const auto& [id, origins] : history.origins(blobs))
    for (const GitHistory::Origin& origin : origins)
      replaced.insert(history.before(origin).begin(), history.before(origin).end());
  ScanResult aside;  // nobody asked for these, so they count nowhere
  BlobOptions options = blob_options(scan.options);
  options.progress = nullptr;
  if (replaced.size() < 16) options.threads = 1;
  BlobScan scanned(scan.repository, scan.guards, scan.secrets, options);
  scanned.scan_some(replaced);
  return scanned.finish({}, aside);
}

/// True when a version that the commit changed had the value, and thought of it the same.
bool was_there(const ScanFinding& finding, const GitHistory& history, const GitHistory::Origin& origin,
               const BlobFindings& before) {
  return std::any_of(history.before(origin).begin(), history.before(origin).end(), [&](const ObjectId& id) {
    const auto at = before.find(id);
    return at != before.end() && std::any_of(at->second.begin(), at->second.end(), [&](const ScanFinding& one) {
             return one.rule == finding.rule && one.identity == finding.identity && one.allowed == finding.allowed;
           });
  });
}

/// One value of one rule at one path, over all its versions.
struct HistoricFinding {
  ScanFinding finding;
  std::uint32_t oldest, newest;
};

}  // namespace

BlobOptions blob_options(const GitScanOptions& options) {
  return {options.threads, options.max_file_size, options.archives, options.scope != GitScope::history, options.progress};
}

Status read_history(const GitRepository& repository, const std::vector<std::string>& revisions, GitHistory& history) {
  std::vector<std::string> args = GitHistory::log_arguments();
  args.insert(args.end(), revisions.begin(), revisions.end());
  PG_TRY(GitChild child, GitChild::start(repository.directory, args));
  std::array<char, 64 * 1024> block;
  Status status;
  ssize_t got = 0;
  while (status && (got = ::read(child.out(), block.data(), block.size())) != 0) {
    if (got < 0 && errno == EINTR) continue;
    status = got < 0 ? Status(make_error(Code::io_failed, "cannot read from git"))
                     : history.push({block.data(), static_cast<std::size_t>(got)});
  }
  PG_TRY_STATUS(child.finish(static_cast<bool>(status)));
  PG_TRY_STATUS(std::move(status));
  return history.finish();
}

std::vector<ScanFinding> place_in_history(const BlobFindings& found, const GitHistory& history, const Guards& guards,
                                          std::size_t id_size, const BlobFindings& before) {
  ObjectIds blobs;
  for (const auto& [id, findings] : found) blobs.insert(id);
  std::map<std::tuple<std::string, RuleIndex, std::string>, HistoricFinding> all;
  for (const auto& [id, origins] : history.origins(blobs)) {
    for (const ScanFinding& finding : found.at(id)) {
      for (const GitHistory::Origin& origin : origins) {
        if (was_there(finding, history, origin, before)) continue;
        ScanFinding placed = finding;
        place_finding(placed, guards.rule(finding.rule), history.path(origin.path));
        const auto [at, is_new] =
            all.try_emplace({placed.path, placed.rule, placed.identity}, HistoricFinding{placed, origin.commit, origin.commit});
        HistoricFinding& kept = at->second;
        if (is_new) continue;
        const bool same = origin.commit == kept.newest;  // twice in one blob: one that is not allowed counts
        if (same ? !placed.allowed : history.is_older(kept.newest, origin.commit)) {
          kept.finding.allowed = placed.allowed;
          kept.newest = origin.commit;
        }
        const bool first_place = origin.commit == kept.oldest &&
                                 std::tie(placed.line, placed.column) < std::tie(kept.finding.line, kept.finding.column);
        if (!first_place && !history.is_older(origin.commit, kept.oldest)) continue;
        placed.allowed = kept.finding.allowed;
        kept.finding = std::move(placed);
        kept.oldest = origin.commit;
      }
    }
  }
  std::vector<ScanFinding> out;
  for (auto& [key, kept] : all) {
    const GitCommit& commit = history.commit(kept.oldest);
    kept.finding.commit = commit.id.hex(id_size);
    kept.finding.author_date = date_of(commit);
    out.push_back(std::move(kept.finding));
  }
  return out;
}

namespace {

/// What is known of a history before its log is read, or without.
struct Outline {
  std::uint64_t commits = 0;
  std::set<std::string> submodules;  // of HEAD
  ObjectIds missing;
  bool is_sure = false;  // the blobs of HEAD are all here
};

/// Lines of `git ls-tree -r -z`: "MODE TYPE ID\tPATH".
Result<Outline> read_outline(const GitRepository& repository, const BlobScan& blobs) {
  Outline outline;
  PG_TRY(const std::string count, git_output(repository.directory, {"rev-list", "--all", "--count"}));
  outline.commits = static_cast<std::uint64_t>(std::atoll(count.c_str()));
  const Result<std::string> tree = git_output(repository.directory, {"ls-tree", "-r", "-z", "--full-tree", "HEAD"});
  if (!tree || blobs.is_partial()) return outline;
  ObjectIds ids;
  for (const std::string_view line : split(*tree, '\0')) {
    const std::size_t tab = line.find('\t'), digits = 2 * repository.id_size;
    if (tab == std::string_view::npos || tab < digits) continue;
    const std::optional<ObjectId> id = ObjectId::parse(line.substr(tab - digits, digits), repository.id_size);
    if (line.starts_with("160000 ")) {
      outline.submodules.emplace(line.substr(tab + 1));
    } else if (id) {
      ids.insert(*id);
    }
  }
  outline.missing = blobs.find_missing(ids);
  outline.is_sure = outline.missing.empty();
  return outline;
}

/// The log only says where findings come from, and costs as much as all the rest: a clean repository does without, as long as it
/// is whole.
Status scan_all(const GitScan& scan, BlobScan& blobs, GitHistory& history, Outline& outline) {
  Status status;
  std::thread beside([&] {
    Result<Outline> read = read_outline(scan.repository, blobs);
    if (read) outline = std::move(*read);
    if (read && outline.is_sure && !blobs.wait_for_finding()) return;
    status = read_history(scan.repository, {"--all", "--end-of-options", "--"}, history);
    if (status) outline.missing.merge(blobs.find_missing(history.blobs()));
  });
  blobs.scan_all();
  beside.join();
  return status;
}

}  // namespace

Status scan_history(const GitScan& scan, ScanResult& result) {
  const GitRepository& repository = scan.repository;
  PG_TRY_STATUS(check_range(repository, scan.options.range));
  PG_TRY(const std::vector<std::string> revisions, revisions_of(scan));
  const auto before = begins_amid(scan) ? GitHistory::Before::known : GitHistory::Before::unknown;
  GitHistory history(
      repository.id_size, [&](std::string_view path) { return repository.is_in(path); }, before);
  BlobScan blobs(repository, scan.guards, scan.secrets, blob_options(scan.options));
  Outline outline;
  if (is_whole(scan)) {
    PG_TRY_STATUS(keep_what_was_read(scan_all(scan, blobs, history, outline), history, result));
  } else {
    PG_TRY_STATUS(keep_what_was_read(read_history(repository, revisions, history), history, result));
    blobs.scan_some(history.blobs());
  }
  const BlobFindings found = blobs.finish(std::move(outline.missing), result);
  if (!found.empty() && history.commit_count() == 0 && outline.commits > 0)  // in what git had to read for us
    PG_TRY_STATUS(keep_what_was_read(read_history(repository, revisions, history), history, result));
  const BlobFindings older = found.empty() || !begins_amid(scan) ? BlobFindings() : scan_before(scan, history, found);
  result.findings = place_in_history(found, history, scan.guards, repository.id_size, older);
  TaggedBlobs tagged;
  if (is_whole(scan) && !found.empty()) {
    PG_TRY(tagged, read_tagged_blobs(repository));
    place_at_tags(found, tagged, scan.guards, result);
  }
  result.totals.commits = std::max<std::uint64_t>(outline.commits, history.commit_count());
  outline.submodules.insert(history.submodules().begin(), history.submodules().end());
  ObjectIds with_findings;
  for (const auto& [id, findings] : found)
    if (!tagged.contains(id)) with_findings.insert(id);
  note_history(scan, outline.submodules, with_findings.size() - history.origins(with_findings).size(), result);
  return {};
}

}  // namespace pg
