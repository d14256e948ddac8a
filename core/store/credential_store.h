// Provider credentials sealed with AES-256-GCM under the app key; the provider's name is authenticated with each.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/base/secret_string.h"
#include "core/store/db.h"

namespace pg {

struct StoredCredential {
  std::string provider;
  UnixMillis updated = 0;
};

class CredentialStore {
 public:
  CredentialStore(Db& db, const Clock& clock, std::string actor) : db_(db), clock_(clock), actor_(std::move(actor)) {}

  /// Seals and stores, replacing an older one. `app_key` is 32 bytes. bad_request for an empty credential or one with control
  /// characters, which no header can carry.
  Status put(std::string_view provider, const SecretString& credential, const SecretString& app_key);
  /// not_found when there is none; io_failed when the app key does not fit or the row was changed.
  Result<SecretString> open(std::string_view provider, const SecretString& app_key);
  Status remove(std::string_view provider);  // not_found
  Result<std::vector<StoredCredential>> list();

 private:
  Db& db_;
  const Clock& clock_;
  std::string actor_;
};

}  // namespace pg
