// `pg scan`: the proxy's finders on files, trees and standard input. Exit 0 clean, 1 findings, 2 error.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "cmd/command.h"
#include "cmd/scan_git.h"
#include "cmd/scan_reports.h"
#include "cmd/scan_sources.h"
#include "core/base/text.h"
#include "core/guard/secrets.h"

namespace pg {
namespace {

struct ScanFlags {
  ScanOptions sources;
  GitScanOptions git;
  bool history = false, staged = false, added = false;
  std::string format = "text";
  bool pii = false;
  bool exit_zero = false;
  bool strict_checksum = false;
  bool show_suppressed = false;
};

constexpr int kScanError = 2;  // pg scan's own table: findings and errors never share a status

GuardSettings settings_of(const ScanFlags& flags) {
  GuardSettings settings;
  settings.secrets = Action::detect;
  const Action pii = flags.pii ? Action::detect : Action::off;
  settings.email = settings.iban = settings.card = settings.ssn = settings.phone = settings.ipv4 = pii;
  return settings;
}

bool is_git(const ScanFlags& flags) {
  return flags.history || flags.staged || flags.added;
}

Result<ScanResult> scan_what(const ScanFlags& flags, const Guards& guards, const SecretRules* secrets) {
  if (!is_git(flags)) {
    ScanOptions sources = flags.sources;
    if (sources.paths.empty()) sources.paths = {"."};
    return scan_sources(sources, guards, secrets);
  }
  GitScanOptions git = flags.git;
  git.scope = flags.staged ? GitScope::staged : flags.history ? GitScope::history : GitScope::added;
  git.paths = flags.sources.paths;
  git.threads = flags.sources.threads;
  if (std::find(git.paths.begin(), git.paths.end(), "-") != git.paths.end())
    return make_error(Code::bad_request, "standard input is no repository");
  return scan_git(git, guards, secrets);
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
  for (const std::string& note : result.notes) shell.warn(note);
  for (const std::string& error : result.errors) shell.warn(escape_controls(error));
  if (result.totals.bytes == 0) shell.warn("nothing was scanned: zero bytes read");
}

int run_scan(const ScanFlags& given, Shell& shell) {
  ScanFlags flags = given;
  if (shell.json && flags.format == "text") flags.format = "json";
  const auto secrets = shipped_secret_rules();
  auto guards = Guards::make(secrets, settings_of(flags));
  if (!guards) return shell.fail(guards.error());
  Result<ScanResult> scanned = scan_what(flags, **guards, secrets.get());
  if (!scanned) return shell.fail(failure_of(scanned.error()));
  ScanResult& result = *scanned;
  if (flags.strict_checksum) std::erase_if(result.findings, [](const ScanFinding& f) { return f.weak; });
  const ReportStyle style{shell.out_color, flags.show_suppressed};
  if (flags.format == "json") shell.write(report_json(result, **guards, style));
  if (flags.format == "sarif") shell.write(report_sarif(result, **guards, style));
  if (flags.format == "text") shell.write(report_text(result, **guards, style));
  shell.flush();
  show_errors(result, shell);
  shell.note(summary_line(result));
  if (!result.errors.empty()) return kScanError;
  return count_open(result) > 0 && !flags.exit_zero ? exit_no : exit_ok;
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
  CLI::Option* staged = command.add_flag("--staged", flags.staged, "Scan what is staged for the next commit");
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
  command.add_option("paths", flags->sources.paths, "Files and directories; - is standard input (default: .)");
  one_of(command.add_option("--format", flags->format, "What to print (default: text)"), {"text", "json", "sarif"});
  add_git_options(command, *flags);
  command.add_flag("--pii", flags->pii, "Find personal data too: e-mail, IBAN, card, SSN, phone, IPv4");
  command.add_flag("--no-ignore", flags->sources.no_ignore, "Also scan what .gitignore and .ignore leave out");
  command.add_flag("--exit-zero", flags->exit_zero, "Exit 0 although there are findings");
  command.add_flag("--strict-checksum", flags->strict_checksum, "Leave out tokens whose checksum is wrong");
  command.add_flag("--show-suppressed", flags->show_suppressed, "Also show findings that a pg:allow mark lets pass");
  command.add_option("--stdin-name", flags->sources.stdin_name, "Path to report for standard input")->type_name("PATH");
  command.add_option("--threads", flags->sources.threads, "Scanning threads (default: by cores, 4 to 8)")
      ->check(CLI::Range(1, 256));
  command.footer(
      "pg scan                          # this directory, .gitignore honoured\n"
      "pg scan --format sarif src       # for code scanning services\n"
      "pg scan --staged                 # what the next commit adds, for a hook\n"
      "pg scan --git                    # every blob of every branch and tag");
  set_action(command, shell, [flags, &shell] { return run_scan(*flags, shell); });
}

}  // namespace pg
