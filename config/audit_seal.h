// Where the audit log ended, sealed under the app key in a file beside the database: who can write the database alone cannot cut
// the log without its being seen.
#pragma once

#include <string>

#include "config/settings.h"
#include "core/base/result.h"
#include "core/base/secret_string.h"
#include "core/store/audit_store.h"
#include "core/store/db.h"

namespace pg {

/// The file that holds the seal of this database.
std::string audit_seal_file(const std::string& database);

/// not_found when there is none; io_failed when it does not fit the key.
Result<AuditEnd> read_audit_seal(const std::string& database, const SecretString& app_key);

/// Seals the log's present end. A log that does not go on from the sealed end is a conflict, and the old seal stays. A seal that
/// is gone or does not fit is made anew, and a row says so; with `first` there was none to be gone.
Status seal_audit(Db& db, const SecretString& app_key, bool first = false);

/// The same with the app key of these settings.
Status seal_audit(Db& db, const Settings& settings, bool first = false);

/// The log's present end whatever the seal says: for a database that was put in the place of another, after the row that says so.
Status seal_audit_anew(Db& db, const SecretString& app_key);

}  // namespace pg
