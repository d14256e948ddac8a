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
#include "cmd/scan_progress.h"
#include "cmd/scan_reports.h"
#include "cmd/scan_settings.h"
#include "cmd/scan_sources.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/store/files.h"

namespace pg {
namespace {

struct ScanFlags {
  ScanOptions sources;
  std::string format = "text";
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
  return shell.fail(
      {.what = error.message, .at = error.detail, .status = kScanError, .code = std::string(code_name(error.code))});
}

void show_errors(const ScanResult& result, Shell& shell) {
  for (const std::string& error : result.errors) shell.warn(escape_controls(error));
  if (result.totals.bytes == 0) shell.warn("nothing was scanned: zero bytes read");
}

ScanResult scan_with_progress(ScanOptions options, const ScanPlan& plan, const Shell& shell) {
  ScanProgress progress;
  options.progress = &progress;
  std::optional<ProgressLine> line;
  if (shell.err_tty && !shell.quiet) line.emplace(progress, shell.err, shell.width);
  return scan_sources(options, *plan.guards, plan.secrets.get());
}

Result<std::vector<BaselineEntry>> open_baseline(const ScanFlags& flags) {
  if (flags.update_baseline && ::access(flags.baseline.c_str(), F_OK) != 0) return std::vector<BaselineEntry>();
  PG_TRY(const std::string text, read_file(flags.baseline, kMaxBaseline, FileTrust::shared));
  return read_baseline(text, flags.baseline);
}

/// Marks what is known, says what no longer is, and writes the file anew when that was asked for.
Status go_by_baseline(const ScanFlags& flags, const Guards& guards, ScanResult& result, Shell& shell) {
  PG_TRY(const auto known, open_baseline(flags));
  const auto unused = apply_baseline(known, result.scanned, result.findings);
  if (!flags.update_baseline) {
    for (const BaselineEntry& entry : unused)
      shell.note(fmt::format("unused in the baseline: {} {} {}", entry.fingerprint, escape_controls(entry.rule),
                             escape_controls(entry.path)));
    return {};
  }
  const auto entries = update_baseline(known, result.scanned, guards, result.findings);
  PG_TRY_STATUS(write_file(flags.baseline, write_baseline(entries)));
  ::chmod(flags.baseline.c_str(), 0644);  // it holds nothing secret and lives in a repository
  apply_baseline(entries, result.scanned, result.findings);
  shell.note(fmt::format("{}: {} known, {} no longer there", escape_controls(flags.baseline), entries.size(), unused.size()));
  return {};
}

int run_scan(const ScanFlags& given, Shell& shell) {
  ScanFlags flags = given;
  if (shell.json && flags.format == "text") flags.format = "json";
  if (flags.sources.paths.empty()) flags.sources.paths = {"."};
  if (flags.update_baseline && flags.baseline.empty())
    return shell.fail({.what = "--update-baseline needs --baseline FILE", .status = kScanError});
  auto plan = make_scan_plan(shell, flags.pii, flags.generic);
  if (!plan) return fail_scan(shell, plan.error());
  flags.sources.exclude = plan->settings.exclude;
  flags.sources.max_file_size = plan->settings.max_file_size;
  ScanResult result = scan_with_progress(flags.sources, *plan, shell);
  if (flags.strict_checksum) std::erase_if(result.findings, [](const ScanFinding& f) { return f.weak; });
  allow_by_settings(plan->settings.allow, *plan->guards, result.findings);
  if (!flags.baseline.empty()) {
    if (const Status status = go_by_baseline(flags, *plan->guards, result, shell); !status)
      return fail_scan(shell, status.error());
  }
  shell.write(report_as(flags.format, result, *plan->guards, {shell.out_color, flags.show_suppressed}));
  shell.flush();
  show_errors(result, shell);
  shell.note(summary_line(result));
  if (!result.errors.empty() && !flags.keep_going) return kScanError;
  return count_open(result) > 0 && !flags.exit_zero ? exit_no : exit_ok;
}

}  // namespace

void add_scan(CLI::App& command, Shell& shell) {
  auto flags = std::make_shared<ScanFlags>();
  command.add_option("paths", flags->sources.paths, "Files and directories; - is standard input (default: .)");
  one_of(command.add_option("--format", flags->format, "What to print (default: text)"),
         {"text", "json", "ndjson", "sarif", "github", "junit", "csv"});
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
      "git diff | pg scan --pii -       # standard input, personal data too\n"
      "pg scan --baseline known.txt     # only what is not in that file counts");
  set_action(command, shell, [flags, &shell] { return run_scan(*flags, shell); });
}

}  // namespace pg
