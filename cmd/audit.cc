// pg audit: who changed what, and proof that nobody changed the record.
#include <CLI/CLI.hpp>

#include "cmd/command.h"
#include "cmd/open.h"
#include "cmd/print.h"
#include "core/store/audit_store.h"

namespace pg {
namespace {

int tail(Shell& shell, std::int64_t lines) {
  auto place = open_workplace(shell, DbMode::read_only).value();
  Table table({{"SEQ", Align::right},
               {"TIME", Align::left, 1, 16},
               {"ACTOR", Align::left, 2, 8},
               {"ACT"},
               {"TARGET"},
               {"DETAIL", Align::left, 3, 8}});
  AuditStore(place.db)
      .select(lines,
              [&](const AuditEntry& entry) {
                if (shell.json) {
                  std::string object = "{";
                  json_number(object, "seq", entry.seq);
                  json_time(object, "time", entry.time);
                  json_field(object, "actor", entry.actor);
                  json_field(object, "act", entry.act);
                  json_field(object, "target", entry.target);
                  json_field(object, "detail", entry.detail);
                  shell.write(object + "}\n");
                }
                table.add({{std::to_string(entry.seq)},
                           {date_cell(entry.time)},
                           {entry.actor},
                           {entry.act, Color::bold},
                           {entry.target},
                           {entry.detail}});
                return true;
              })
      .value();
  if (!shell.json && !table.empty()) shell.write(table.text(shell));
  if (table.empty()) shell.note("no administrative acts yet");
  return exit_ok;
}

int verify(Shell& shell) {
  auto place = open_workplace(shell, DbMode::read_only).value();
  auto verdict = AuditStore(place.db).verify().value();
  if (shell.json) {
    std::string object = "{";
    json_bool(object, "intact", verdict.intact);
    json_number(object, "rows", verdict.rows);
    json_known(object, "broken_at", verdict.intact ? -1 : verdict.broken_at);
    json_field(object, "problem", verdict.problem);
    shell.write(object + "}\n");
    return verdict.intact ? exit_ok : exit_no;
  }
  if (verdict.intact) {
    shell.print("{}: {} row{} verified\n", shell.paint(Color::green, "intact"), verdict.rows, verdict.rows == 1 ? "" : "s");
    return exit_ok;
  }
  shell.print("{} at row {}: {}\n", shell.paint(Color::red, "broken"), verdict.broken_at, verdict.problem);
  return exit_no;
}

}  // namespace

void add_audit(CLI::App& command, Shell& shell) {
  command.footer("pg audit tail\npg audit verify");
  auto lines = std::make_shared<std::int64_t>(20);
  auto* tails = command.add_subcommand("tail", "Show the newest administrative acts");
  in_range(tails->add_option("-n,--lines", *lines, "How many; 0 for all"), 0, 10'000'000)->capture_default_str();
  tails->footer("pg audit tail\npg audit tail -n 100\npg audit tail --json");
  set_action(*tails, shell, [&shell, lines] { return tail(shell, *lines); });

  auto* verifies = command.add_subcommand("verify",
                                          "Check that no act was changed or taken out\n"
                                          "Every row's hash covers the row before it. Exits 1 when the chain is broken.");
  verifies->footer("pg audit verify\npg audit verify --json");
  set_action(*verifies, shell, [&shell] { return verify(shell); });
}

}  // namespace pg
