// pg's own keys in the database. Every change writes its audit row in the same transaction.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/access/keys.h"
#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/store/db.h"

namespace pg {

struct NewKey {
  std::string name;
  std::string owner;
  std::string project;  // project id; empty = any
  std::uint32_t scopes = scope_chat | scope_models;
  UnixMillis expires = 0;         // 0 = never
  std::uint32_t concurrency = 0;  // calls under way at once; 0 = no limit
  LimitRules rules;
};

/// What is to change of a key; nullopt stays as it is.
struct KeyEdit {
  std::optional<std::string> owner, project;
  std::optional<std::uint32_t> scopes, concurrency, rpm, rph, max_tokens;
  std::optional<UnixMillis> expires;
  std::optional<Nanos> budget;
};

/// A key and its text, which is nowhere else and cannot be shown again.
struct IssuedKey {
  Key key;
  SecretString text;
};

class KeyStore {
 public:
  /// `actor` stands in the audit rows ("cli:alice"), and so do the names that `projects` has for ids.
  KeyStore(Db& db, const Clock& clock, std::string actor, std::map<std::string, std::string> projects = {})
      : db_(db), clock_(clock), actor_(std::move(actor)), projects_(std::move(projects)) {}

  /// conflict when the name is taken; bad_request for a name that is not 1-64 of [A-Za-z0-9._@-] or could be taken for an id or a
  /// key, no scopes, or an expiry in the past.
  Result<IssuedKey> add(const NewKey& wanted);
  /// Adds only when there is no key at all; conflict otherwise. Two processes that start together get one key.
  Result<IssuedKey> add_first(const NewKey& wanted);
  /// Under that name, or name-2, name-3 … when it is taken, whoever else adds at the same time.
  Result<IssuedKey> add_numbered(NewKey wanted);
  Result<std::vector<Key>> list();  // by creation
  /// By id ("12"), by name, or by the beginning of its shown prefix ("pg_live_Ab"). not_found with a suggestion; bad_request with
  /// the candidates when several fit.
  Result<Key> find(std::string_view which);
  /// Those that this project's callers may still use: neither revoked nor expired. None for "".
  Result<std::vector<Key>> bound_to(std::string_view project);
  /// Revokes those, all or none: their names.
  Result<std::vector<std::string>> revoke_bound_to(std::string_view project);
  /// One row, one audit row that says what was and what is; neither when nothing changes. conflict for a revoked key; bad_request
  /// as add().
  Result<Key> edit(std::string_view which, const KeyEdit& edit);
  Result<Key> disable(std::string_view which);
  Result<Key> enable(std::string_view which);        // conflict for a revoked key
  Result<IssuedKey> rotate(std::string_view which);  // same row, new text; the old text stops at once; conflict for a revoked key
  Result<Key> revoke(std::string_view which);        // for good; revoking twice is no error

 private:
  Status check_case(const std::string& name);
  Result<IssuedKey> insert(const NewKey& wanted);
  Result<Key> set_state(const Key& key, std::string_view act, bool enabled);  // within the caller's transaction
  Result<Key> change(std::string_view which, std::string_view act, bool enabled);
  Db& db_;
  const Clock& clock_;
  /// "any"; its name; the id of one that has none any more.
  std::string project_text(const std::string& id) const;
  std::string difference(const Key& before, const Key& after) const;
  std::string actor_;
  std::map<std::string, std::string> projects_;  // name by id
};

/// Rises whenever keys or credentials change, whoever changes them; log rows leave it alone.
Result<std::int64_t> policy_version(Db& db);

}  // namespace pg
