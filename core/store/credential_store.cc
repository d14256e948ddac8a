// The credentials table: sealed on the way in, opened on the way out, never in between.
#include "core/store/credential_store.h"

#include <algorithm>
#include <utility>

#include "core/base/crypto.h"
#include "core/base/text.h"
#include "core/store/audit_store.h"

namespace pg {
namespace {

constexpr std::size_t kMaxCredential = 16384;

bool fits_header(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

std::string named(std::string_view provider) {
  return "\"" + escape_controls(provider.substr(0, 64)) + "\"";
}

}  // namespace

Status CredentialStore::put(std::string_view provider, const SecretString& credential, const SecretString& app_key) {
  const std::string_view text = trim(credential.reveal());
  if (text.empty()) return make_error(Code::bad_request, "the credential is empty");
  if (text.size() > kMaxCredential || !fits_header(text))
    return make_error(Code::bad_request, "the credential is not one line of printable ASCII");
  if (app_key.size() != 32) return make_error(Code::internal, "the app key is not 32 bytes");
  const UnixMillis now = clock_.wall();
  PG_TRY(Transaction transaction, Transaction::begin(db_));
  PG_TRY(Statement statement,
         db_.prepare("INSERT INTO credentials(provider, sealed, updated) VALUES(?, ?, ?) "
                     "ON CONFLICT(provider) DO UPDATE SET sealed = excluded.sealed, updated = excluded.updated"));
  statement.bind(1, provider).bind_blob(2, seal(app_key.reveal(), text, provider)).bind(3, now);
  if (auto done = statement.run(); !done) return done;
  AuditStore audit(db_);
  if (auto noted = audit.append({0, now, actor_, "provider.login", std::string(provider), ""}); !noted) return noted;
  return transaction.commit();
}

Result<SecretString> CredentialStore::open(std::string_view provider, const SecretString& app_key) {
  PG_TRY(Statement statement, db_.prepare("SELECT sealed FROM credentials WHERE provider = ?"));
  PG_TRY(const bool row, statement.bind(1, provider).step());
  if (!row)
    return make_error(Code::not_found,
                      "no credential is stored for " + named(provider) + "; hint: pg providers login " + std::string(provider));
  auto opened = unseal(app_key.reveal(), statement.text(0), provider);
  if (!opened)
    return make_error(Code::io_failed, "the stored credential of " + named(provider) +
                                           " does not open with this app key; hint: restore the key, or pg providers login " +
                                           std::string(provider));
  return opened;
}

Status CredentialStore::remove(std::string_view provider) {
  PG_TRY(Transaction transaction, Transaction::begin(db_));
  PG_TRY(Statement statement, db_.prepare("DELETE FROM credentials WHERE provider = ?"));
  if (auto done = statement.bind(1, provider).run(); !done) return done;
  if (db_.changes() == 0) return make_error(Code::not_found, "no credential is stored for " + named(provider));
  AuditStore audit(db_);
  if (auto noted = audit.append({0, clock_.wall(), actor_, "provider.logout", std::string(provider), ""}); !noted) return noted;
  return transaction.commit();
}

Result<std::vector<StoredCredential>> CredentialStore::list() {
  PG_TRY(Statement statement, db_.prepare("SELECT provider, updated FROM credentials ORDER BY provider"));
  std::vector<StoredCredential> stored;
  for (;;) {
    PG_TRY(const bool row, statement.step());
    if (!row) return stored;
    stored.push_back({statement.text(0), statement.integer(1)});
  }
}

}  // namespace pg
