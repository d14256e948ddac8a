// pg db: where the database is, whether it is sound, copies of it, and the room it takes.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <optional>
#include <thread>

#include "cmd/audit_check.h"
#include "cmd/command.h"
#include "cmd/db_restore.h"
#include "cmd/open.h"
#include "cmd/print.h"
#include "cmd/step_report.h"
#include "core/base/text.h"
#include "core/store/db_health.h"
#include "core/store/files.h"

namespace pg {
namespace {

struct BackupOptions {
  std::optional<std::string> to;
  std::int64_t keep = 0;
  bool force = false;
};

int show_db_path(Shell& shell) {
  const std::string file = open_settings(shell).value().database;
  if (!shell.json) return shell.write(file + "\n"), exit_ok;
  std::string object = "{";
  json_field(object, "database", file);
  shell.write(object + "}\n");
  return exit_ok;
}

// The way back from a damaged database, with the newest copy there is.
std::string restore_hint(const std::string& database) {
  const auto backups = list_backups(database);
  if (backups.empty()) return "stop pg serve, then 'pg db restore FILE' with a backup from elsewhere; there is none beside it";
  const UnixMillis made = stamp_file(backups.front()).modified_ns / 1'000'000;
  return fmt::format("stop pg serve, then 'pg db restore {}' (of {})", backups.front(), ago_cell(made, wall_clock().wall()));
}

void judge_pages(StepReport& report, const std::string& database, const DbHealth& health, bool quick) {
  if (!health.is_ours) {
    return report.add("pages", "fail", "not a pg database", restore_hint(database));
  }
  if (health.damage.empty())
    return report.add("pages", "ok",
                      fmt::format("{}, every page{} is sound", size_cell(health.bytes), quick ? "" : " and index"));
  for (std::size_t i = 0; i < health.damage.size(); ++i)
    report.add("pages", "fail", health.damage[i], i + 1 == health.damage.size() ? restore_hint(database) : "");
}

void judge_schema(StepReport& report, const DbHealth& health) {
  if (health.schema == health.newest_schema) return report.add("schema", "ok", fmt::format("{}, the newest", health.schema));
  if (health.schema > health.newest_schema)
    return report.add("schema", "fail", fmt::format("{}, this program knows up to {}", health.schema, health.newest_schema),
                      "use a newer pg");
  report.add("schema", "warn", fmt::format("{}, this program has {}", health.schema, health.newest_schema),
             "'pg serve' brings it there, after a backup");
}

void judge_acts(StepReport& report, const Settings& settings) {
  Db db = Db::open_unchecked(settings.database).value();
  const AuditCheck done = check_audit(db, settings);
  if (!done.verdict.intact) return report.add("audit", "fail", done.verdict.problem, "'pg audit verify' says where");
  const std::string rows = fmt::format("{} row{} intact", done.verdict.rows, done.verdict.rows == 1 ? "" : "s");
  if (!done.note.empty()) return report.add("audit", "warn", rows + "; " + done.note);
  report.add("audit", "ok", fmt::format("{}, {} of them sealed", rows, done.sealed));
}

int check_database(Shell& shell, bool quick) {
  const Settings settings = open_settings(shell).value();
  const DbHealth health = examine_db(settings.database, quick).value();
  StepReport report(shell);
  if (const Status is_private = check_private_file(settings.database); !is_private)
    report.add("file", "fail", is_private.error().message);
  else
    report.add("file", "ok", settings.database);
  judge_pages(report, settings.database, health, quick);
  if (health.is_ours && health.damage.empty()) {
    for (const std::string& fault : health.faults) report.add("tables", "fail", fault);
    if (health.faults.empty())
      report.add("tables", "ok",
                 fmt::format("rows of the log: {}, keys: {}; none contradicts another", health.log_rows, health.keys));
    judge_schema(report, health);
    judge_acts(report, settings);
  }
  return report.end(report.has_failed() ? exit_no : exit_ok);
}

// "pg.db.20261127T070000Z.bak": what this command makes, and no other file.
bool is_dated(const std::string& database, const std::string& file) {
  const std::string start = std::filesystem::path(database).filename().string() + ".";
  const std::string name = std::filesystem::path(file).filename().string();
  constexpr std::string_view kShape = "dddddddd.dddddd..bak";
  if (!name.starts_with(start) || name.size() != start.size() + file_stamp(0).size() + 4) return false;
  const std::string_view stamp = std::string_view(name).substr(start.size());
  for (std::size_t i = 0; i < kShape.size(); ++i)
    if (kShape[i] == 'd' && (stamp[i] < '0' || stamp[i] > '9')) return false;
  return stamp[8] == 'T' && stamp[15] == 'Z';
}

// Where the copy goes: a name with the time, beside the database or in the directory that was named; or the file that was.
std::string target_of(const std::string& database, const std::string& to) {
  const std::string dated =
      fmt::format("{}.{}.bak", std::filesystem::path(database).filename().string(), file_stamp(wall_clock().wall()));
  std::error_code failed;
  if (to.empty()) return (std::filesystem::path(directory_of(database)) / dated).string();
  if (std::filesystem::is_directory(to, failed)) return (std::filesystem::path(to) / dated).string();
  return to;
}

// Those beyond the newest `keep`, beside the newest.
std::int64_t drop_older(const std::string& database, const std::string& newest, std::int64_t keep) {
  const auto name = std::filesystem::path(database).filename();
  std::int64_t seen = 0, dropped = 0;
  for (const std::string& file : list_backups((std::filesystem::path(directory_of(newest)) / name).string()))
    if (is_dated(database, file) && ++seen > keep && ::unlink(file.c_str()) == 0) ++dropped;
  return dropped;
}

int backup(Shell& shell, const BackupOptions& options) {
  if (options.to && options.to->empty())
    return shell.fail({.what = "FILE was given an empty name", .hint = "pg db backup, to put it beside the database"});
  auto place = open_workplace(shell).value();
  const std::string to = options.to.value_or("");
  std::string file = target_of(place.settings.database, to);
  // The name says the second: another backup of the same one waits for the next.
  for (int tries = 0; tries < 3 && file != to && stamp_file(file).inode != 0; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    file = target_of(place.settings.database, to);
  }
  std::error_code failed;
  if (std::filesystem::equivalent(file, place.settings.database, failed))
    return shell.fail({.what = file + " is the database itself", .hint = "pg db backup"});
  const std::string directory = directory_of(file);
  if (!std::filesystem::is_directory(directory, failed))
    return shell.fail({.what = directory + ": no such directory", .status = exit_local_io});
  if (options.keep > 0 && !is_dated(place.settings.database, file))
    return shell.fail({.what = "--keep goes by the names that 'pg db backup' gives: name a directory, or nothing",
                       .hint = fmt::format("pg db backup --keep {}", options.keep)});
  // A link is not followed, and neither it nor a pipe is what anybody means to lose.
  const auto there = std::filesystem::symlink_status(file, failed);
  const bool exists = std::filesystem::exists(there);
  if (exists && !std::filesystem::is_regular_file(there))
    return shell.fail({.what = file + " exists and is no regular file; nothing was written", .status = exit_conflict});
  if (!options.force && exists)
    return shell.fail({.what = file + " exists", .hint = "--force replaces it", .status = exit_conflict});
  place.db.backup(file).value();
  // A copy that cannot be read is found out now, not on the day it is needed.
  const DbHealth health = examine_db(file, true).value();
  if (!health.is_sound())
    return shell.fail({.what = file + ": the copy is not sound", .hint = "pg db check", .status = exit_local_io});
  Transaction transaction = Transaction::begin(place.db).value();
  AuditStore(place.db)
      .append({0, wall_clock().wall(), actor_name(), "db.backup", file, fmt::format("{} rows of the log", health.log_rows)})
      .value();
  transaction.commit().value();
  const std::int64_t dropped = options.keep > 0 ? drop_older(place.settings.database, file, options.keep) : 0;
  if (shell.json) {
    std::string object = "{";
    json_field(object, "file", file);
    json_number(object, "bytes", static_cast<std::int64_t>(health.bytes));
    json_number(object, "log_rows", health.log_rows);
    json_number(object, "schema", health.schema);
    json_number(object, "dropped", dropped);
    shell.write(object + "}\n");
    return exit_ok;
  }
  shell.write(file + "\n");
  shell.note(fmt::format("{}, {} rows of the log{}; credentials in it open with the app key only, which is not in it: {}",
                         size_cell(health.bytes), health.log_rows, dropped > 0 ? fmt::format("; {} older deleted", dropped) : "",
                         place.settings.app_key_file));
  return exit_ok;
}

int restore(Shell& shell, const std::string& file) {
  if (!file.empty()) return restore_database(shell, file);
  const auto backups = list_backups(open_settings(shell).value().database);
  return shell.fail({.what = "which backup?",
                     .hint = backups.empty() ? "pg db restore FILE; there is none beside the database"
                                             : "pg db restore " + backups.front() + " is the newest beside the database"});
}

int vacuum(Shell& shell) {
  auto place = open_workplace(shell).value();
  const std::uint64_t before = stamp_file(place.settings.database).size;
  place.db.execute("VACUUM").value();
  place.db.execute("PRAGMA wal_checkpoint(TRUNCATE)").value();
  const std::uint64_t after = stamp_file(place.settings.database).size;
  if (shell.json) {
    std::string object = "{";
    json_number(object, "bytes_before", static_cast<std::int64_t>(before));
    json_number(object, "bytes", static_cast<std::int64_t>(after));
    shell.write(object + "}\n");
    return exit_ok;
  }
  shell.print("{} -> {}\n", size_cell(before), size_cell(after));
  return exit_ok;
}

}  // namespace

void add_db(CLI::App& command, Shell& shell) {
  command.footer("pg db check\npg db backup\npg db restore pg.db.20261127T070000Z.bak");

  auto* paths = command.add_subcommand("path", "Print where the database is");
  paths->footer("pg db path\nls -l $(pg db path)*");
  set_action(*paths, shell, [&shell] { return show_db_path(shell); });

  auto quick = std::make_shared<bool>(false);
  auto* checks = command.add_subcommand("check",
                                        "Check that the database is sound\n"
                                        "Every page and index, whether the tables contradict each other, the schema, and the "
                                        "audit log with its seal. Changes nothing, also while serve runs. Exits 1 when something "
                                        "is wrong.");
  checks->add_flag("--quick", *quick, "Do not compare indexes with their tables, which takes most of the time");
  checks->footer("pg db check\npg db check --quick --json");
  set_action(*checks, shell, [&shell, quick] { return check_database(shell, *quick); });

  auto options = std::make_shared<BackupOptions>();
  auto* backups = command.add_subcommand("backup",
                                         "Copy the database, also while serve runs\n"
                                         "The copy is of one moment, readable by you alone, and checked; its name is printed. It "
                                         "holds keys as digests, credentials sealed under the app key, the log, what was spent, "
                                         "and bodies where they are kept. Settings, projects and the app key are not in it.");
  backups->add_option("FILE", options->to, "A file, or a directory to put it in with a name of its own; else beside the database")
      ->type_name("FILE");
  in_range(backups->add_option("--keep", options->keep, "Then delete older copies in that directory beyond so many"), 1, 10'000);
  backups->add_flag("--force", options->force, "Replace FILE if it exists");
  backups->footer("pg db backup\npg db backup --keep 7 /mnt/backups\npg db backup before-upgrade.bak");
  set_action(*backups, shell, [&shell, options] { return backup(shell, *options); });

  auto file = std::make_shared<std::string>();
  auto* restores =
      command.add_subcommand("restore",
                             "Put a backup in the place of the database\n"
                             "Refused while serve runs, and when the backup is damaged. What was there is kept beside "
                             "it under another name. Keys that were revoked after the backup work again and are "
                             "named, what was spent since then counts no more, and the audit log says where it "
                             "ended before.");
  restores->add_option("FILE", *file, "The backup")->type_name("FILE");
  restores->footer("pg db restore pg.db.20261127T070000Z.bak\npg db restore --yes /mnt/backups/pg.db.20261127T070000Z.bak");
  set_action(*restores, shell, [&shell, file] { return restore(shell, *file); });

  auto* vacuums = command.add_subcommand("vacuum",
                                         "Rewrite the file so that unused room goes back to the disk\n"
                                         "Calls of a running serve go on; their rows wait until it is done.");
  vacuums->footer("pg db vacuum\npg db vacuum --json");
  set_action(*vacuums, shell, [&shell] { return vacuum(shell); });
}

}  // namespace pg
