// main(): parse, run the chosen command, turn what was thrown into an exit status. The only catch around commands.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <clocale>
#include <csignal>
#include <exception>

#include "cmd/command.h"
#include "cmd/parser.h"
#include "core/base/last_words.h"
#include "core/store/db.h"

namespace {

int run(pg::Shell& shell, std::vector<std::string> words) {
  auto parser = pg::make_parser(shell);
  if (auto status = pg::parse_command_line(*parser, shell, std::move(words))) return *status;
  // A serve waits as it always does: its calls do not hear of it.
  const auto longest = shell.timeout_or(pg::Millis{0});
  if (longest && longest->count() > 0 && shell.command != "serve")
    pg::Db::wait_at_most(std::min<pg::Millis>(*longest, std::chrono::hours(1)));
  return shell.action();
}

int finish(pg::Shell& shell, int status) {
  shell.flush();
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  pg::guard_last_words();
  std::setlocale(LC_CTYPE, "");
  std::signal(SIGPIPE, SIG_IGN);  // a reader that left is an error of write(), told apart below
  pg::Shell shell = pg::Shell::of_process();
  try {
    return finish(shell, run(shell, std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc)));
  } catch (const pg::PipeClosed&) {
    return shell.unread_status;
  } catch (const pg::Refusal& refusal) {
    return shell.fail(refusal.error());
  } catch (const std::exception& bug) {
    return shell.fail({.what = "internal error: " + pg::name_bug(bug),
                       .hint = "this is a bug in pg " PG_VERSION "; the output of 'pg version --json' helps to find it",
                       .status = pg::exit_internal});
  }
}
