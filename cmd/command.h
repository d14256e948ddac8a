// What every subcommand is built against: Shell (streams, colours, global flags, complaints) and Command (a row of the table).
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <cstdio>
#include <functional>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace pg {

/// Exit statuses of every command; `pg help exit-codes` prints the table. A process ended by a signal gives 128 + its number.
enum ExitStatus : int {
  exit_ok = 0,
  exit_no = 1,  // ran fine, the answer is "no": findings, invalid settings, a failed check
  exit_usage = 2,
  exit_config = 3,
  exit_auth = 4,
  exit_not_found = 5,
  exit_conflict = 6,
  exit_upstream = 7,
  exit_local_io = 8,
  exit_internal = 70,
};

/// The exit status that stands for a refusal of that kind.
int exit_status(Code code);

/// Thrown by Shell::write() when the reader of standard output has gone; main turns it into a quiet exit, with
/// Shell::unread_status.
struct PipeClosed {};

/// Why a command stops, in the one shape all complaints have: error, at, hint.
struct Failure {
  std::string what;       // one line, lower case, no full stop
  std::string at = {};    // file:line:col or field path, may be empty
  std::string hint = {};  // an exact command or edit, may be empty
  int status = exit_usage;
  std::string code = {};  // stable word for --json; empty = derived from `status`
};

enum class Color { plain, bold, dim, red, green, yellow, cyan };

/// The surroundings of one run: where output goes and what the global flags said. Commands take it by reference.
struct Shell {
  std::FILE* in = stdin;
  std::FILE* out = stdout;
  std::FILE* err = stderr;
  bool in_tty = false, out_tty = false, err_tty = false;
  bool out_color = false, err_color = false;
  int width = 80;      // cells of the terminal; only meaningful when out_tty
  bool ascii = false;  // the terminal shows nothing else: write() spells our own signs with it

  // Global flags, valid before and after the subcommand.
  bool json = false;
  bool quiet = false;
  int verbose = 0;
  bool no_input = false;  // also when standard input is not a terminal: nothing is ever asked
  bool yes = false;
  bool show_version = false;
  std::string color = "auto";
  bool no_color = false;
  std::string config;   // --config F
  std::string project;  // --project P
  std::string timeout;  // --timeout D, as given; timeout_or() reads it

  /// The exit status when nobody reads to the end: the answer of a scan is known before its report is written.
  int unread_status = exit_ok;

  /// What the chosen command will do; set by set_action() while parsing, run by main afterwards.
  std::function<int()> action;
  /// "keys add": the chosen command, for "see 'pg keys add --help'".
  std::string command;

  /// The process's own streams, terminal size (COLUMNS, TIOCGWINSZ) and terminals.
  static Shell of_process();
  /// Reads the terminal's width anew.
  void measure();
  /// Settles colours from flags, NO_COLOR, CLICOLOR_FORCE, TERM and the streams; main calls it after parsing.
  void settle_colors();

  /// Appends to standard output. Throws PipeClosed when nobody reads any more.
  void write(std::string_view text);
  template <class... Args>
  void print(fmt::format_string<Args...> format, Args&&... args) {
    write(fmt::format(format, std::forward<Args>(args)...));
  }
  /// Pushes buffered output out, for followers; refuses as write() does.
  void flush();
  /// A line on standard error, unless --quiet: progress, advice, "created …".
  void note(std::string_view line);
  /// "warning: …" on standard error, also with --quiet.
  void warn(std::string_view line);
  /// "error: …" on standard error, also with --quiet: one of several, of which the exit status tells in the end.
  void note_error(std::string_view line);
  /// The text in colour when standard output (or error) shows colours.
  std::string paint(Color color, std::string_view text) const;
  std::string paint_err(Color color, std::string_view text) const;

  /// Prints the failure (as one JSON object with --json) and returns its exit status: `return shell.fail({…});`.
  int fail(const Failure& failure);
  int fail(const Error& error, std::string hint = {});

  /// True when a question may be asked on the terminal.
  bool may_ask() const { return in_tty && err_tty && !no_input; }
  /// Yes by --yes or by answer; refused with bad_request, naming --yes, when nobody can be asked.
  Result<bool> confirm(std::string_view question);
  /// --timeout, or `fallback`. bad_request when it is not a duration.
  Result<Millis> timeout_or(Millis fallback) const;
};

/// Makes `action` what runs when `command` is chosen, and none of those below it. Its result is the exit status; Refusal from
/// .value() is caught in main.
void set_action(CLI::App& command, Shell& shell, std::function<int()> action);

/// Makes the option take one of `values` (help and completions list them; others are refused with "did you mean").
CLI::Option* one_of(CLI::Option* option, std::vector<std::string> values);

/// Makes the option take whole numbers from `least` to `most`.
CLI::Option* in_range(CLI::Option* option, std::int64_t least, std::int64_t most);

/// One row of the table of subcommands. `add` declares options, examples (footer: one `pg … # comment` line each), nested
/// commands and the action. Options live in a shared_ptr that the action captures.
struct Command {
  std::string_view name;
  std::string_view group;  // heading on the help page; empty = hidden
  std::string_view summary;
  void (*add)(CLI::App& command, Shell& shell);
};

/// Every subcommand, in the order of the help page.
std::span<const Command> commands();

void add_alerts(CLI::App& command, Shell& shell);
void add_agents(CLI::App& command, Shell& shell);
void add_audit(CLI::App& command, Shell& shell);
void add_budgets(CLI::App& command, Shell& shell);
void add_complete_words(CLI::App& command, Shell& shell);
void add_completions(CLI::App& command, Shell& shell);
void add_config(CLI::App& command, Shell& shell);
void add_db(CLI::App& command, Shell& shell);
void add_endpoints(CLI::App& command, Shell& shell);
void add_explain(CLI::App& command, Shell& shell);
void add_help(CLI::App& command, Shell& shell);
void add_http(CLI::App& command, Shell& shell);
void add_init(CLI::App& command, Shell& shell);
void add_keys(CLI::App& command, Shell& shell);
void add_logs(CLI::App& command, Shell& shell);
void add_man(CLI::App& command, Shell& shell);
void add_mcp(CLI::App& command, Shell& shell);
void add_models(CLI::App& command, Shell& shell);
void add_projects(CLI::App& command, Shell& shell);
void add_providers(CLI::App& command, Shell& shell);
void add_routes(CLI::App& command, Shell& shell);
void add_rules(CLI::App& command, Shell& shell);
void add_run(CLI::App& command, Shell& shell);
void add_scan(CLI::App& command, Shell& shell);
void add_serve(CLI::App& command, Shell& shell);
void add_setup(CLI::App& command, Shell& shell);
void add_usage(CLI::App& command, Shell& shell);
void add_version(CLI::App& command, Shell& shell);

}  // namespace pg
