// Chain and seal of the audit log.
#include "cmd/audit_check.h"

#include <algorithm>

#include "config/app_key.h"
#include "config/audit_seal.h"

namespace pg {

std::int64_t AuditCheck::unsealed() const {
  if (sealed < 0 || !verdict.intact) return -1;
  return std::max<std::int64_t>(verdict.rows - sealed, 0);
}

AuditCheck check_audit(Db& db, const Settings& settings) {
  AuditStore store(db);
  AuditCheck done;
  const auto key = load_app_key(process_environment(), settings.app_key_file);
  if (!key) {
    done.verdict = store.verify().value();
    done.note = "the end of the log could not be checked: " + key.error().message;
    return done;
  }
  const auto seal = read_audit_seal(settings.database, key.value());
  done.verdict = store.verify(seal ? &seal.value() : nullptr).value();
  if (seal) {
    done.sealed = seal.value().seq;
  } else if (done.verdict.intact && done.verdict.rows > 0) {
    done.verdict.intact = false;
    done.verdict.problem = seal.error().code == Code::not_found
                               ? audit_seal_file(settings.database) + " is gone: rows may be missing at the end"
                               : seal.error().message;
  }
  return done;
}

}  // namespace pg
