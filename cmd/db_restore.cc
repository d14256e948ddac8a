// Puts a backup back. What a restore undoes silently elsewhere is named here: keys that were revoked since then work again.
#include "cmd/db_restore.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <vector>

#include "cmd/open.h"
#include "cmd/print.h"
#include "config/app_key.h"
#include "config/audit_seal.h"
#include "core/base/encode.h"
#include "core/base/text.h"
#include "core/store/credential_store.h"
#include "core/store/db_health.h"
#include "core/store/files.h"
#include "core/store/key_store.h"
#include "core/store/migrate.h"
#include "core/store/serve_lock.h"

namespace pg {
namespace {

/// What a database says before and after, to be compared.
struct Standing {
  bool known = false;
  std::map<Sha256, std::string> keys;  // those that may be used, by digest: a rotated key is another one
  AuditEnd acts;
};

Standing standing_of(Db& db) {
  Standing standing;
  auto keys = KeyStore(db, wall_clock(), actor_name()).list();
  const auto acts = AuditStore(db).end();
  if (!keys || !acts) return standing;
  for (const Key& key : keys.value())
    if (key.enabled && key.revoked == 0) standing.keys.emplace(key.digest, key.name);
  standing.acts = acts.value();
  standing.known = true;
  return standing;
}

Standing standing_of_file(const std::string& path) {
  auto db = Db::open_unchecked(path);
  return db ? standing_of(db.value()) : Standing{};
}

std::vector<std::string> names_only_in(const Standing& first, const Standing& second) {
  std::vector<std::string> names;
  for (const auto& [digest, name] : first.keys)
    if (!second.keys.contains(digest)) names.push_back(name);
  std::sort(names.begin(), names.end());
  return names;
}

// Refused before anything is touched.
Status check_backup(const std::string& path, const std::string& backup, const DbHealth& health) {
  std::error_code failed;
  if (std::filesystem::equivalent(path, backup, failed))
    return make_error(Code::bad_request, backup + " is the database itself; 'pg db check' looks at it");
  if (!health.is_ours) return make_error(Code::io_failed, backup + ": is not a backup of a pg database");
  if (!health.damage.empty())
    return make_error(Code::io_failed, fmt::format("{}: the backup is damaged itself: {}", backup, health.damage.front()));
  if (health.schema > health.newest_schema) return newer_schema(backup, health.schema, health.newest_schema);
  return {};
}

std::string content_of(const DbHealth& health) {
  return fmt::format("{} row{} of the log{}, {} key{}", health.log_rows, health.log_rows == 1 ? "" : "s",
                     health.newest_row == 0 ? "" : ", the newest of " + date_cell(health.newest_row), health.keys,
                     health.keys == 1 ? "" : "s");
}

// The log of acts goes back as well: the row says where it had ended, so that nobody takes the jump for a cut.
Status note_restore(Db& db, const std::string& backup, const Standing& before, const std::string& kept) {
  std::string detail = "there was no database before";
  if (!kept.empty())
    detail = before.known ? fmt::format("the log of acts before ended with row {} {}; kept as {}", before.acts.seq,
                                        to_hex(before.acts.hash), kept)
                          : "the database before could not be read; kept as " + kept;
  PG_TRY(Transaction transaction, Transaction::begin(db));
  PG_TRY_STATUS(AuditStore(db).append({0, wall_clock().wall(), actor_name(), "db.restore", backup, std::move(detail)}));
  return transaction.commit();
}

// What the next call would stumble over.
void check_app_key(Shell& shell, Db& db, const Result<SecretString>& key) {
  if (!key) return shell.warn("the log of acts is not sealed, and credentials cannot be read: " + key.error().message);
  CredentialStore credentials(db, wall_clock(), actor_name());
  const auto stored = credentials.list();
  if (!stored) return;
  for (const StoredCredential& credential : stored.value())
    if (!credentials.open(credential.provider, key.value()))
      shell.warn(fmt::format("the credential of {} was stored under another app key; 'pg providers login {}' stores it anew",
                             credential.provider, credential.provider));
}

}  // namespace

int restore_database(Shell& shell, const std::string& backup) {
  const Settings settings = open_settings(shell).value();
  const std::string& path = settings.database;
  std::error_code unseen;
  if (std::filesystem::is_directory(backup, unseen))
    return shell.fail({.what = backup + " is a directory", .hint = "name a backup in it (pg.db.*.bak)", .status = exit_local_io});
  const DbHealth health = examine_db(backup, false).value();
  check_backup(path, backup, health).value();
  for (const std::string& fault : health.faults) shell.warn(backup + ": " + fault);
  make_private_directory(directory_of(path)).value();
  const ServeLock lock = ServeLock::take(path).value();
  std::error_code failed;
  const bool replaces = std::filesystem::exists(path, failed);
  if (replaces && !shell.confirm(fmt::format("put {} ({}) in the place of {}?", backup, content_of(health), path)).value())
    return exit_no;

  const Standing before = standing_of_file(path);
  const std::string kept = replace_db(path, backup, wall_clock().wall()).value();
  Db db = Db::open(path).value();
  note_restore(db, backup, before, kept).value();
  const auto app_key = load_app_key(process_environment(), settings.app_key_file);
  if (app_key) seal_audit_anew(db, app_key.value()).value();
  check_app_key(shell, db, app_key);

  const Standing after = standing_of(db);
  const auto again = before.known ? names_only_in(after, before) : std::vector<std::string>{};
  const auto gone = names_only_in(before, after);
  if (shell.json) {
    std::string object = "{";
    json_field(object, "database", path);
    json_field(object, "backup", backup);
    json_text_or_null(object, "replaced", kept);
    json_number(object, "log_rows", health.log_rows);
    json_raw(object, "keys_work_again", json_list(again));
    json_raw(object, "keys_gone", json_list(gone));
    shell.write(object + "}\n");
    return exit_ok;
  }
  shell.print("restored: {}\n", content_of(health));
  if (!kept.empty()) shell.note("what was there is kept as " + kept);
  if (!kept.empty() && !before.known)
    shell.warn("the database before could not be read: keys revoked since the backup work again");
  if (!again.empty())
    shell.warn(fmt::format("these keys work again as they did then: {}; 'pg keys revoke' stops them", fmt::join(again, ", ")));
  if (!gone.empty()) shell.warn(fmt::format("these keys are not in the backup, and stop: {}", fmt::join(gone, ", ")));
  return exit_ok;
}

}  // namespace pg
