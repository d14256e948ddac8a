// pg audit: who changed what, and proof that nobody changed the record.
#include <CLI/CLI.hpp>
#include <thread>

#include "cmd/audit_check.h"
#include "cmd/command.h"
#include "cmd/log_values.h"
#include "cmd/open.h"
#include "cmd/print.h"
#include "core/base/encode.h"
#include "core/base/text.h"
#include "core/store/audit_store.h"

namespace pg {
namespace {

constexpr Millis kFollowEvery{300};

std::string entry_json(const AuditEntry& entry) {
  std::string object = "{";
  json_number(object, "seq", entry.seq);
  json_time(object, "time", entry.time);
  json_field(object, "actor", entry.actor);
  json_field(object, "act", entry.act);
  json_field(object, "target", entry.target);
  json_field(object, "detail", entry.detail);
  json_field(object, "hash", to_hex(entry.hash));
  return object + "}\n";
}

std::string entry_csv(const AuditEntry& entry) {
  return fmt::format("{},{},{},{},{},{},{}\n", entry.seq, csv_cell(format_rfc3339(entry.time)), csv_cell(entry.actor),
                     csv_cell(entry.act), csv_cell(entry.target), csv_cell(entry.detail), to_hex(entry.hash));
}

std::vector<Cell> entry_cells(const Shell& shell, const AuditEntry& entry) {
  return {{std::to_string(entry.seq)},
          {shell.out_tty ? date_cell(entry.time) : format_rfc3339(entry.time)},
          {entry.actor},
          {entry.act, Color::bold},
          {entry.target},
          {entry.detail}};
}

// Lines one by one: the rows to come have no part in a table's widths.
void follow(Shell& shell, Db& db, std::int64_t seq) {
  for (;;) {
    AuditStore(db)
        .select_after(seq,
                      [&](const AuditEntry& entry) {
                        seq = entry.seq;
                        if (shell.json) return shell.write(entry_json(entry)), true;
                        std::string line;
                        for (const Cell& cell : entry_cells(shell, entry))
                          line += (line.empty() ? "" : shell.out_tty ? "  " : "\t") + escape_controls(cell.text);
                        return shell.write(line + "\n"), true;
                      })
        .value();
    shell.flush();
    std::this_thread::sleep_for(kFollowEvery);
  }
}

int tail_audit(Shell& shell, std::int64_t lines, bool follows) {
  auto place = open_facts(shell, DbMode::read_only).value();
  Table table({{"SEQ", Align::right, 4},
               {"TIME", Align::left, 1, 16},
               {"ACTOR", Align::left, 2, 8},
               {"ACT", Align::left, 0, 11},
               {"TARGET", Align::left, 0, 8},
               {"DETAIL", Align::left, 3, 8}});
  std::int64_t last = 0;
  AuditStore(place.db)
      .select(lines,
              [&](const AuditEntry& entry) {
                last = entry.seq;
                if (shell.json) shell.write(entry_json(entry));
                table.add(entry_cells(shell, entry));
                return true;
              })
      .value();
  if (!shell.json && !table.empty()) shell.write(table.text(shell));
  if (table.empty()) shell.note("no administrative acts yet");
  if (follows) follow(shell, place.db, last);
  return exit_ok;
}

int export_all(Shell& shell, bool csv) {
  auto place = open_facts(shell, DbMode::read_only).value();
  if (csv) shell.write("seq,time,actor,act,target,detail,hash\n");
  AuditStore(place.db)
      .select_after(0, [&](const AuditEntry& entry) { return shell.write(csv ? entry_csv(entry) : entry_json(entry)), true; })
      .value();
  return exit_ok;
}

int verify(Shell& shell) {
  auto place = open_facts(shell, DbMode::read_only).value();
  const AuditCheck done = check_audit(place.db, place.settings);
  const AuditVerdict& verdict = done.verdict;
  if (shell.json) {
    std::string object = "{";
    json_bool(object, "intact", verdict.intact);
    json_number(object, "rows", verdict.rows);
    json_known(object, "sealed_rows", done.sealed);
    json_known(object, "unsealed_rows", done.unsealed());
    json_known(object, "broken_at", verdict.intact || verdict.broken_at == 0 ? -1 : verdict.broken_at);
    json_field(object, "problem", verdict.problem);
    shell.write(object + "}\n");
    return verdict.intact ? exit_ok : exit_no;
  }
  if (!done.note.empty()) shell.warn(done.note);
  if (!verdict.intact) {
    const std::string where = verdict.broken_at == 0 ? "" : fmt::format(" at row {}", verdict.broken_at);
    shell.print("{}{}: {}\n", shell.paint(Color::red, "broken"), where, verdict.problem);
    return exit_no;
  }
  const std::string sealed = done.sealed < 0 ? "" : fmt::format("; {} of them sealed under the app key", done.sealed);
  shell.print("{}: {} row{} verified{}\n", shell.paint(Color::green, "intact"), verdict.rows, verdict.rows == 1 ? "" : "s",
              sealed);
  if (const std::int64_t unsealed = done.unsealed(); unsealed > 0)
    shell.warn(
        fmt::format("the newest {} not sealed yet, and could be cut off without a trace by who makes the log's own count fit; a "
                    "running serve seals within seconds, the next act does too",
                    unsealed == 1 ? "row is" : fmt::format("{} rows are", unsealed)));
  return exit_ok;
}

}  // namespace

void add_audit(CLI::App& command, Shell& shell) {
  command.footer("pg audit tail\npg audit verify\npg audit export --csv > acts.csv");
  auto lines = std::make_shared<std::int64_t>(20);
  auto follows = std::make_shared<bool>(false);
  auto* tails = command.add_subcommand("tail",
                                       "Show the newest administrative acts\n"
                                       "Keys, credentials and projects as they were changed, settings a running serve took over "
                                       "and what they were before, and keys that asked for what they may not.");
  in_range(tails->add_option("-n,--lines", *lines, "How many; 0 for all"), 0, 10'000'000)->capture_default_str();
  tails->add_flag("-f,--follow", *follows, "Go on with new ones until Ctrl-C");
  tails->footer("pg audit tail\npg audit tail -n 100\npg audit tail -f --json");
  set_action(*tails, shell, [&shell, lines, follows] { return tail_audit(shell, *lines, *follows); });

  auto* verifies = command.add_subcommand(
      "verify",
      "Check that no act was changed or taken out\n"
      "Every row's hash covers the row before it, and where the log ended is sealed under the app key in a file beside the "
      "database. Changed, missing, swapped and cut rows are found, except at the very end: rows added in the last seconds "
      "before a crash may not be sealed yet, and the answer says how many are not. Who has the app key as well can write a new "
      "log and seal it, and who can put back older copies of both files can hide what came after: keep an export elsewhere. "
      "Exits 1 when the log "
      "is broken.");
  verifies->footer("pg audit verify\npg audit verify --json");
  set_action(*verifies, shell, [&shell] { return verify(shell); });

  auto csv = std::make_shared<bool>(false);
  auto* exports = command.add_subcommand("export", "Write all acts with their hashes, as NDJSON or CSV");
  exports->add_flag("--csv", *csv, "As CSV with a line of titles");
  exports->footer("pg audit export > acts.ndjson\npg audit export --csv > acts.csv");
  set_action(*exports, shell, [&shell, csv] { return export_all(shell, *csv); });
}

}  // namespace pg
