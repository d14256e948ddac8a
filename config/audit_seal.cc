// One line: version, number of rows, hash of the last, and an HMAC over both.
#include "config/audit_seal.h"

#include <fmt/format.h>

#include <charconv>
#include <vector>

#include "config/app_key.h"
#include "core/base/clock.h"
#include "core/base/crypto.h"
#include "core/base/encode.h"
#include "core/base/text.h"
#include "core/store/files.h"

namespace pg {
namespace {

constexpr std::uint64_t kMaxSeal = 1024;

std::string sign(const AuditEnd& end, const SecretString& app_key) {
  const Sha256 key = hmac_sha256(app_key.reveal(), "pg audit seal 1");
  const Sha256 mac = hmac_sha256(as_bytes(key), fmt::format("{}:{}", end.seq, to_hex(end.hash)));
  return std::string(as_bytes(mac));
}

Error does_not_fit(const std::string& file) {
  return make_error(Code::io_failed, file + ": the seal of the audit log does not fit the app key");
}

Status write_seal(const Db& db, const AuditEnd& end, const SecretString& app_key) {
  return write_file(audit_seal_file(db.path()),
                    fmt::format("1 {} {} {}\n", end.seq, to_hex(end.hash), to_hex(sign(end, app_key))));
}

// The sealed row is still in the log, as it was.
Status check_goes_on(AuditStore& store, const AuditEnd& sealed, const AuditEnd& end) {
  if (sealed.seq > end.seq)
    return make_error(Code::conflict,
                      fmt::format("the audit log had {} rows and has {}; pg audit verify tells", sealed.seq, end.seq));
  if (sealed.seq == 0) return {};
  auto hash = store.hash_of(sealed.seq);
  if (hash && hash.value() == sealed.hash) return {};
  return make_error(Code::conflict, fmt::format("row {} of the audit log was changed; pg audit verify tells", sealed.seq));
}

Status note_new_seal(Db& db, const Error& why) {
  PG_TRY(Transaction transaction, Transaction::begin(db));
  AuditStore store(db);
  PG_TRY(const AuditEnd end, store.end());
  const char* reason = why.code == Code::not_found ? "there was none" : "the old one did not fit the app key";
  PG_TRY_STATUS(
      store.append({0, SystemClock().wall(), "pg", "audit.seal", "", fmt::format("{}; {} rows stood", reason, end.seq)}));
  return transaction.commit();
}

}  // namespace

std::string audit_seal_file(const std::string& database) {
  return database + ".seal";
}

Result<AuditEnd> read_audit_seal(const std::string& database, const SecretString& app_key) {
  const std::string file = audit_seal_file(database);
  PG_TRY(const std::string text, read_file(file, kMaxSeal, FileTrust::secret));
  std::vector<std::string_view> words;
  for (const std::string_view word : split(trim(text), ' ')) words.push_back(word);
  if (words.size() != 4 || words[0] != "1") return does_not_fit(file);
  AuditEnd end;
  std::from_chars(words[1].data(), words[1].data() + words[1].size(), end.seq);
  const auto hash = from_hex(words[2]);
  const auto mac = from_hex(words[3]);
  if (!hash || !mac) return does_not_fit(file);
  end.hash = *hash;
  if (!equal_constant_time(sign(end, app_key), *mac)) return does_not_fit(file);
  return end;
}

Status seal_audit(Db& db, const SecretString& app_key, bool first) {
  AuditStore store(db);
  PG_TRY(AuditEnd end, store.end());
  const auto sealed = read_audit_seal(db.path(), app_key);
  if (sealed) {
    if (sealed.value().seq == end.seq && sealed.value().hash == end.hash) return {};
    PG_TRY_STATUS(check_goes_on(store, sealed.value(), end));
  } else if (!first && end.seq > 0) {
    PG_TRY_STATUS(note_new_seal(db, sealed.error()));
    PG_TRY(end, store.end());
  }
  return write_seal(db, end, app_key);
}

Status seal_audit_anew(Db& db, const SecretString& app_key) {
  PG_TRY(const AuditEnd end, AuditStore(db).end());
  return write_seal(db, end, app_key);
}

Status seal_audit(Db& db, const Settings& settings, bool first) {
  const bool fixed = settings.loaded_with && settings.loaded_with->environment;
  PG_TRY(const SecretString key,
         load_app_key(fixed ? *settings.loaded_with->environment : process_environment(), settings.app_key_file));
  return seal_audit(db, key, first);
}

}  // namespace pg
