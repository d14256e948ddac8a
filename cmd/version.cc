// pg version: which pg this is and what it was built with.
#include <sys/utsname.h>

#include <CLI/CLI.hpp>

#include "cmd/command.h"
#include "cmd/print.h"

namespace pg {
namespace {

int version(Shell& shell) {
  if (!shell.json) {
    shell.write("pg " PG_VERSION "\n");
    if (shell.verbose > 0) shell.write("compiler " __VERSION__ "\n");
    return exit_ok;
  }
  utsname system{};
  ::uname(&system);
  std::string object = "{";
  json_field(object, "version", PG_VERSION);
  json_field(object, "compiler", __VERSION__);
  json_field(object, "os", system.sysname);
  json_field(object, "arch", system.machine);
  shell.write(object + "}\n");
  return exit_ok;
}

}  // namespace

void add_version(CLI::App& command, Shell& shell) {
  command.footer("pg version\npg version --json");
  set_action(command, shell, [&shell] { return version(shell); });
}

}  // namespace pg
