// `pg scan`: the proxy's finders on files, trees and standard input. Exit 0 clean, 1 findings, 2 error.
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cmd/command.h"
#include "cmd/scan_baseline.h"
#include "cmd/scan_git.h"
#include "cmd/scan_progress.h"
#include "cmd/scan_reports.h"
#include "cmd/scan_settings.h"
#include "cmd/scan_sources.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/guard/mask_secrets.h"
#include "core/store/files.h"

namespace pg {
namespace {

struct ScanFlags {
  ScanOptions sources;
  GitScanOptions git;
  bool history = false, staged = false, added = false;
  std::string format;  // empty: text, or json with --json
  std::string baseline;
  bool update_baseline = false;
  bool pii = false;
  bool generic = false;
  bool exit_zero = false;
  bool keep_going = false;
  bool strict_checksum = false;
  bool show_suppressed = false;
};

constexpr int kScanError = 2;  // pg scan's own table: findings and errors never share a status
constexpr std::uint64_t kMaxBaseline = std::uint64_t{64} << 20;

int fail_scan(Shell& shell, const Error& error) {
  return shell.fail({.what = error.message,
                     .at = error.detail,
                     .status = kScanError,
                     .code = error.code == Code::bad_request ? std::string() : std::string(code_name(error.code))});
}

bool is_git(const ScanFlags& flags) {
  return flags.history || flags.staged || flags.added;
}

Failure failure_of(const Error& error) {
  Failure failure{.what = escape_controls(error.message), .status = kScanError};
  if (error.message.starts_with("not a git repository")) failure.hint = "name one: pg scan --git PATH";
  if (error.message.find("dubious ownership") != std::string::npos)
    failure.hint = "git config --global --add safe.directory DIRECTORY, when you trust its owner";
  if (error.code == Code::not_found) failure.hint = "install git, or scan the files: pg scan PATH";
  return failure;
}

void show_errors(const ScanResult& result, Shell& shell) {
  for (const std::string& name : result.skipped) shell.note("skipped " + escape_controls(name));
  for (const std::string& note : result.notes) shell.warn(note);
  for (const std::string& error : result.errors) shell.note_error(escape_controls(error));
  if (result.totals.bytes == 0) shell.warn("nothing was scanned: zero bytes read");
}

/// Shows on a terminal how far a scan is, as long as it lives.
class WatchedScan {
 public:
  explicit WatchedScan(const Shell& shell) {
    if (shell.err_tty && !shell.quiet) line_.emplace(progress_, shell.err, shell.width);
  }
  ScanProgress* progress() { return line_ ? &progress_ : nullptr; }

 private:
  ScanProgress progress_;
  std::optional<ProgressLine> line_;
};

Result<ScanResult> scan_blobs_of(const ScanFlags& flags, const ScanPlan& plan, const Shell& shell) {
  GitScanOptions git = flags.git;
  git.scope = flags.staged ? GitScope::staged : flags.history ? GitScope::history : GitScope::added;
  git.threads = flags.sources.threads;
  git.archives = flags.sources.archives;
  git.max_file_size = flags.sources.max_file_size;
  if (std::find(git.paths.begin(), git.paths.end(), "-") != git.paths.end())
    return make_error(Code::bad_request, "standard input is no repository");
  WatchedScan watched(shell);
  git.progress = watched.progress();
  PG_TRY(ScanResult result, scan_git(git, *plan.guards, plan.secrets.get()));
  // What a commit adds is in the tree, and soon in the history.
  result.seen_in = flags.history ? SeenIn::history : SeenIn::both;
  drop_excluded(plan, result);
  // Only a scan of everything can tell that an entry of the baseline is needed no more.
  const bool is_whole = flags.history && git.range.empty() && git.branches.empty() && git.since.empty() && git.paths.empty();
  if (is_whole) result.scanned = {"."};
  return result;
}

Result<ScanResult> scan_what(const ScanFlags& flags, const ScanPlan& plan, const Shell& shell) {
  if (is_git(flags)) return scan_blobs_of(flags, plan, shell);
  ScanOptions sources = flags.sources;
  if (sources.paths.empty()) sources.paths = {"."};
  WatchedScan watched(shell);
  sources.progress = watched.progress();
  sources.name_skipped = shell.verbose > 0;
  return scan_sources(sources, *plan.guards, plan.secrets.get());
}

/// The paths whose settings count; standard input is where its name says it is.
std::vector<std::string> settings_paths(const ScanFlags& flags) {
  std::vector<std::string> paths = flags.git.paths;
  const bool is_named = flags.sources.stdin_name != ScanOptions().stdin_name;
  for (std::string& path : paths)
    if (path == "-") path = is_named ? flags.sources.stdin_name : std::string(".");
  return paths;
}

Result<std::vector<BaselineEntry>> open_baseline(const ScanFlags& flags) {
  if (flags.update_baseline && ::access(flags.baseline.c_str(), F_OK) != 0) return std::vector<BaselineEntry>();
  PG_TRY(const std::string text, read_file(flags.baseline, kMaxBaseline, FileTrust::shared));
  return read_baseline(text, flags.baseline);
}

/// Marks what is known, says what no longer is, and writes the file anew when that was asked for.
Status go_by_baseline(const ScanFlags& flags, const Guards& guards, ScanResult& result, Shell& shell) {
  PG_TRY(const auto known, open_baseline(flags));
  const auto unused = apply_baseline(known, result, guards);
  if (!flags.update_baseline) {
    for (const BaselineEntry& entry : unused)
      shell.note(fmt::format("unused in the baseline: {} {} {}", entry.fingerprint, escape_controls(entry.rule),
                             escape_controls(entry.path)));
    if (const std::size_t count = count_known_by_place(known, result); count > 0)
      shell.warn(
          fmt::format("{} of the baseline {} known by place alone, so that a new value there would pass: "
                      "--update-baseline writes down what is there now",
                      count, count == 1 ? "finding is" : "findings are"));
    return {};
  }
  const auto entries = update_baseline(known, result, guards);
  PG_TRY_STATUS(write_file(flags.baseline, write_baseline(entries)));
  ::chmod(flags.baseline.c_str(), 0644);  // it holds nothing secret and lives in a repository
  apply_baseline(entries, result, guards);
  shell.note(fmt::format("{}: {} known, {} no longer there", escape_controls(flags.baseline), entries.size(), unused.size()));
  return {};
}

// Reports and baselines leave the machine: stars over a secret in a file's name, too. After all that goes by the name itself.
void mask_paths(ScanResult& result) {
  std::string masked, last;
  for (ScanFinding& finding : result.findings) {
    if (finding.path != last) masked = without_secrets(last = finding.path);
    finding.path = masked;
  }
  for (auto* texts : {&result.notes, &result.errors, &result.skipped})
    for (std::string& text : *texts) text = without_secrets(text);
}

int run_scan(const ScanFlags& given, Shell& shell) {
  ScanFlags flags = given;
  if (shell.json && flags.format == "text")
    return shell.fail({.what = "--json and --format text contradict each other", .status = kScanError});
  if (flags.format.empty()) flags.format = shell.json ? "json" : "text";
  if (flags.update_baseline && flags.baseline.empty())
    return shell.fail({.what = "--update-baseline needs --baseline FILE", .status = kScanError});
  flags.git.paths = flags.sources.paths;
  if (flags.history) flags.git = settle_range(flags.git);
  auto plan = make_scan_plan(shell, {settings_paths(flags), flags.pii, flags.generic});
  if (!plan) return fail_scan(shell, plan.error());
  flags.sources.exclude = plan->settings.exclude;
  flags.sources.exclude_top = plan->exclude_top;
  flags.sources.max_file_size = plan->settings.max_file_size;
  Result<ScanResult> scanned = scan_what(flags, *plan, shell);
  if (!scanned) return shell.fail(failure_of(scanned.error()));
  ScanResult& result = *scanned;
  if (flags.strict_checksum) std::erase_if(result.findings, [](const ScanFinding& f) { return f.weak; });
  allow_by_settings(*plan, result);
  mask_paths(result);
  if (!flags.baseline.empty()) {
    if (const Status status = go_by_baseline(flags, *plan->guards, result, shell); !status)
      return fail_scan(shell, status.error());
  }
  const bool is_failed = !result.errors.empty() && !flags.keep_going;
  const int status = is_failed ? kScanError : count_open(result) > 0 && !flags.exit_zero ? exit_no : exit_ok;
  shell.unread_status = status;
  shell.write(report_as(flags.format, result, *plan->guards, {shell.out_color, flags.show_suppressed}));
  shell.flush();
  show_errors(result, shell);
  shell.note(summary_line(result));
  return status;
}

void add_git_options(CLI::App& command, ScanFlags& flags) {
  CLI::Option* history = command.add_option_function<std::string>(
      "--git",
      [&flags](const std::string& word) {
        flags.history = true;
        flags.git.range = word;
      },
      "Scan the history of the repository: all of it, or a range, branch or tag");
  history->expected(0, 1)->type_name("[RANGE]");
  CLI::Option* staged = command.add_flag("--staged", flags.staged, "Scan the lines that the next commit adds");
  CLI::Option* added = command.add_option_function<std::string>(
      "--diff",
      [&flags](const std::string& word) {
        flags.added = true;  // also when the word is empty, as an unset variable is: that is no scan of files
        flags.git.base = word;
      },
      "Scan what HEAD adds since it left BASE; new lines only");
  added->type_name("BASE");
  staged->excludes(history)->excludes(added);
  added->excludes(history);
  command.add_option("--branch", flags.git.branches, "With --git: only this branch; may be given again")
      ->type_name("NAME")
      ->needs(history)
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command.add_option("--since", flags.git.since, "With --git: only commits after this date")->type_name("DATE")->needs(history);
}

}  // namespace

void add_scan(CLI::App& command, Shell& shell) {
  auto flags = std::make_shared<ScanFlags>();
  command.add_option("PATH", flags->sources.paths, "Files and directories; - is standard input (default: .)");
  one_of(command.add_option("--format", flags->format, "What to print (default: text)"),
         {"text", "json", "ndjson", "sarif", "github", "junit", "csv"});
  add_git_options(command, *flags);
  command.add_flag("--pii", flags->pii, "Find personal data too: e-mail, IBAN, card, SSN, phone, IPv4");
  command.add_flag("--generic", flags->generic, "Also random-looking values of names such as password or token");
  command.add_flag("--archives", flags->sources.archives, "Look into zip, tar and gzip files");
  command.add_option("--baseline", flags->baseline, "Findings that are known and do not count")->type_name("FILE");
  command.add_flag("--update-baseline", flags->update_baseline, "Write what is found into the baseline");
  command.add_flag("--no-ignore", flags->sources.no_ignore, "Also scan what .gitignore and .ignore leave out");
  command.add_flag("--exit-zero", flags->exit_zero, "Exit 0 although there are findings");
  command.add_flag("--keep-going", flags->keep_going, "Do not exit 2 for what could not be read");
  command.add_flag("--strict-checksum", flags->strict_checksum, "Leave out tokens whose checksum is wrong");
  command.add_flag("--show-suppressed", flags->show_suppressed,
                   "Also show findings that a mark, the settings or the baseline allow");
  command.add_option("--stdin-name", flags->sources.stdin_name, "Path to report for standard input")->type_name("PATH");
  in_range(command.add_option("--threads", flags->sources.threads, "Scanning threads (default: by cores, 4 to 8)"), 1, 256);
  command.footer(
      "pg scan                          # this directory, .gitignore honoured\n"
      "pg scan --format sarif src       # for code scanning services\n"
      "pg scan --staged                 # what the next commit adds, for a hook\n"
      "pg scan --git                    # every blob of every branch and tag");
  set_action(command, shell, [flags, &shell] { return run_scan(*flags, shell); });
}

}  // namespace pg
