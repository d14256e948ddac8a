// The keys table: every change, its audit row, one transaction.
#include "core/store/key_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/base/ascii.h"
#include "core/base/encode.h"
#include "core/base/text.h"
#include "core/store/audit_store.h"

namespace pg {
namespace {

constexpr std::size_t kMaxKeyName = 64;
constexpr std::size_t kMostCandidates = 8;
constexpr std::string_view kTextStart = "pg_live_";
constexpr std::string_view kSelectKeys =
    "SELECT id, name, prefix, digest, owner, project, scopes, enabled, created, expires, revoked, concurrency, rpm, "
    "rph, max_tokens, budget FROM keys ";

bool is_key_name(std::string_view name) {
  const auto fits = [](char c) { return is_alnum(c) || std::string_view("._@-").find(c) != std::string_view::npos; };
  return !name.empty() && name.size() <= kMaxKeyName && name.front() != '-' && std::all_of(name.begin(), name.end(), fits);
}

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

// find() takes names, ids and beginnings of keys alike: no name may be one of the others. Old databases can hold such names.
Status check_new_name(std::string_view name) {
  if (is_number(name)) return make_error(Code::bad_request, "a key name of digits alone would be taken for a key's id");
  if (equals_ignore_case(name.substr(0, kTextStart.size()), kTextStart))
    return make_error(Code::bad_request, "a key name that begins with pg_live_ would be taken for the key itself");
  return {};
}

Result<Key> read_key(const Statement& row) {
  Key key;
  key.id = row.integer(0);
  key.name = row.text(1);
  key.prefix = row.text(2);
  const std::string digest = row.text(3);
  if (digest.size() != key.digest.size()) return make_error(Code::io_failed, "key " + key.name + ": damaged row");
  std::memcpy(key.digest.data(), digest.data(), digest.size());
  key.owner = row.text(4);
  key.project = row.text(5);
  auto scopes = parse_scopes(row.text(6));
  // A scope this program does not know grants nothing.
  key.scopes = scopes ? scopes.value() : 0;
  key.enabled = row.integer(7) != 0;
  key.created = row.integer(8);
  key.expires = row.integer(9);
  key.revoked = row.integer(10);
  key.concurrency = static_cast<std::uint32_t>(row.integer(11));
  key.rules.rate = {static_cast<std::uint32_t>(row.integer(12)), static_cast<std::uint32_t>(row.integer(13))};
  key.rules.max_tokens = static_cast<std::uint32_t>(row.integer(14));
  key.rules.budget = row.integer(15);
  return key;
}

Result<std::vector<Key>> read_keys(Statement& statement) {
  std::vector<Key> keys;
  for (;;) {
    PG_TRY(const bool row, statement.step());
    if (!row) return keys;
    PG_TRY(Key key, read_key(statement));
    keys.push_back(std::move(key));
  }
}

Status check_new_key(const NewKey& wanted, UnixMillis now) {
  if (!is_key_name(wanted.name))
    return make_error(Code::bad_request, "a key name is 1 to 64 letters, digits, dots, dashes, underscores or @");
  if (wanted.scopes == 0) return make_error(Code::bad_request, "a key needs at least one scope");
  if (wanted.expires != 0 && wanted.expires <= now) return make_error(Code::bad_request, "the expiry lies in the past");
  if (wanted.owner.size() > 256 || !is_utf8(wanted.owner))
    return make_error(Code::bad_request, "the owner is at most 256 bytes of UTF-8");
  return {};
}

void bind_rules(Statement& to, int at, const LimitRules& rules) {
  to.bind(at, std::int64_t{rules.rate.rpm}).bind(at + 1, std::int64_t{rules.rate.rph});
  to.bind(at + 2, std::int64_t{rules.max_tokens}).bind(at + 3, rules.budget);
}

std::string amount_text(Nanos amount) {
  return amount == 0 ? "none" : spell_usd(amount) + " USD";
}

std::string rules_text(const LimitRules& rules) {
  std::string text;
  if (rules.rate.rpm != 0) text += fmt::format(", rpm {}", rules.rate.rpm);
  if (rules.rate.rph != 0) text += fmt::format(", rph {}", rules.rate.rph);
  if (rules.max_tokens != 0) text += fmt::format(", max tokens {}", rules.max_tokens);
  if (rules.budget != 0) text += ", budget " + amount_text(rules.budget);
  return text;
}

std::string date_text(UnixMillis time) {
  return time == 0 ? "never" : format_rfc3339(time);
}

Key edited(Key key, const KeyEdit& edit) {
  key.owner = edit.owner.value_or(key.owner);
  key.project = edit.project.value_or(key.project);
  key.scopes = edit.scopes.value_or(key.scopes);
  key.expires = edit.expires.value_or(key.expires);
  key.concurrency = edit.concurrency.value_or(key.concurrency);
  key.rules.rate.rpm = edit.rpm.value_or(key.rules.rate.rpm);
  key.rules.rate.rph = edit.rph.value_or(key.rules.rate.rph);
  key.rules.max_tokens = edit.max_tokens.value_or(key.rules.max_tokens);
  key.rules.budget = edit.budget.value_or(key.rules.budget);
  return key;
}

std::string shown(std::string_view which) {
  return escape_controls(which.substr(0, kMaxKeyName));
}

Error no_such_key(std::string_view which, const std::vector<Key>& keys) {
  std::vector<std::string_view> names;
  for (const Key& key : keys) names.push_back(key.name);
  std::string message = "no key named \"" + shown(which) + "\"";
  if (auto near = find_nearest(which, names)) message += ", did you mean \"" + std::string(*near) + "\"?";
  return make_error(Code::not_found, std::move(message));
}

Error several_fit(std::string_view which, const std::vector<Key*>& fits) {
  std::string candidates;
  for (std::size_t i = 0; i < std::min(fits.size(), kMostCandidates); ++i)
    candidates += fmt::format("{}{} ({})", i == 0 ? "" : ", ", fits[i]->id, fits[i]->name);
  return make_error(Code::bad_request, fmt::format("{} keys fit \"{}\"; give the id: {}{}", fits.size(), shown(which), candidates,
                                                   fits.size() > kMostCandidates ? ", …" : ""));
}

}  // namespace

Result<std::vector<Key>> KeyStore::list() {
  PG_TRY(Statement statement, db_.prepare(std::string(kSelectKeys) + "ORDER BY id"));
  return read_keys(statement);
}

Result<Key> KeyStore::find(std::string_view which) {
  PG_TRY(std::vector<Key> keys, list());
  const bool is_id = is_number(which);
  const bool is_beginning = which.size() > kTextStart.size() && which.starts_with(kTextStart);
  std::vector<Key*> fits;
  for (Key& key : keys) {
    if (is_id && std::to_string(key.id) == which) return std::move(key);
    if (key.name == which || (is_beginning && key.prefix.starts_with(which))) fits.push_back(&key);
  }
  if (fits.size() == 1) return std::move(*fits.front());
  if (fits.size() > 1) return several_fit(which, fits);
  if (which.size() > 2 && kTextStart.starts_with(which))
    return make_error(Code::bad_request, "every key begins with that: give more of its prefix, or its name");
  return no_such_key(which, keys);
}

Result<std::vector<Key>> KeyStore::bound_to(std::string_view project) {
  PG_TRY(std::vector<Key> keys, list());
  const UnixMillis now = clock_.wall();
  std::erase_if(keys, [&](const Key& key) {
    const bool ended = key.revoked != 0 || (key.expires != 0 && key.expires <= now);
    return ended || project.empty() || key.project != project;
  });
  return keys;
}

std::string KeyStore::project_text(const std::string& id) const {
  if (id.empty()) return "any";
  const auto known = projects_.find(id);
  return known == projects_.end() ? id : known->second;
}

// "rpm 0 -> 60, budget none -> 50 USD": every difference, for the audit row.
std::string KeyStore::difference(const Key& before, const Key& after) const {
  std::string text;
  const auto say = [&text](std::string_view name, const std::string& was, const std::string& is) {
    if (was != is) text += fmt::format("{}{} {} -> {}", text.empty() ? "" : ", ", name, was, is);
  };
  say("owner", json_quoted(before.owner), json_quoted(after.owner));
  say("project", project_text(before.project), project_text(after.project));
  say("scopes", scopes_text(before.scopes), scopes_text(after.scopes));
  say("expires", date_text(before.expires), date_text(after.expires));
  say("concurrency", std::to_string(before.concurrency), std::to_string(after.concurrency));
  say("rpm", std::to_string(before.rules.rate.rpm), std::to_string(after.rules.rate.rpm));
  say("rph", std::to_string(before.rules.rate.rph), std::to_string(after.rules.rate.rph));
  say("max tokens", std::to_string(before.rules.max_tokens), std::to_string(after.rules.max_tokens));
  say("budget", amount_text(before.rules.budget), amount_text(after.rules.budget));
  return text;
}

// The sums of the log take names that differ in case alone for one, and so may people.
Status KeyStore::check_case(const std::string& name) {
  PG_TRY(Statement twins, db_.prepare("SELECT name FROM keys WHERE name = ? COLLATE NOCASE AND name <> ? COLLATE BINARY"));
  twins.bind(1, name).bind(2, name);
  PG_TRY(const bool found, twins.step());
  if (!found) return {};
  return make_error(Code::bad_request,
                    fmt::format("a key named \"{}\" exists already, and names that differ in case alone would be mixed up in "
                                "'pg usage'; choose another",
                                twins.text(0)));
}

Result<IssuedKey> KeyStore::insert(const NewKey& wanted) {
  const UnixMillis now = clock_.wall();
  PG_TRY_STATUS(check_new_key(wanted, now));
  PG_TRY_STATUS(check_new_name(wanted.name));
  PG_TRY_STATUS(check_case(wanted.name));
  MintedKey minted = mint_key();
  IssuedKey issued;
  issued.text = std::move(minted.text);
  issued.key = {
      0, wanted.name,        minted.prefix, minted.digest, wanted.owner, wanted.project, wanted.scopes, true, now, wanted.expires,
      0, wanted.concurrency, nullptr,       wanted.rules,  nullptr};
  PG_TRY(Statement statement,
         db_.prepare("INSERT INTO keys(name, prefix, digest, owner, project, scopes, enabled, created, expires, "
                     "revoked, concurrency, rpm, rph, max_tokens, budget) VALUES(?, ?, ?, ?, ?, ?, 1, ?, ?, 0, ?, ?, ?, ?, ?)"));
  statement.bind(1, wanted.name).bind(2, minted.prefix).bind_blob(3, as_bytes(minted.digest)).bind(4, wanted.owner);
  statement.bind(5, wanted.project).bind(6, scopes_text(wanted.scopes)).bind(7, now).bind(8, wanted.expires);
  bind_rules(statement.bind(9, std::int64_t{wanted.concurrency}), 10, wanted.rules);
  if (auto done = statement.run(); !done) {
    if (done.error().code != Code::conflict) return std::move(done).error();
    return make_error(Code::conflict, "a key named \"" + wanted.name + "\" exists already; names of revoked keys stay taken");
  }
  issued.key.id = db_.last_rowid();
  AuditStore audit(db_);
  const std::string detail =
      "scopes " + scopes_text(wanted.scopes) + (wanted.project.empty() ? "" : ", project " + project_text(wanted.project)) +
      (wanted.owner.empty() ? "" : ", owner " + json_quoted(wanted.owner)) +
      (wanted.expires == 0 ? "" : ", expires " + date_text(wanted.expires)) +
      (wanted.concurrency == 0 ? "" : fmt::format(", concurrency {}", wanted.concurrency)) + rules_text(wanted.rules);
  if (auto noted = audit.append({0, now, actor_, "key.add", wanted.name, detail}); !noted) return std::move(noted).error();
  return issued;
}

Result<IssuedKey> KeyStore::add(const NewKey& wanted) {
  PG_TRY(Transaction transaction, Transaction::begin(db_));
  PG_TRY(IssuedKey issued, insert(wanted));
  if (auto done = transaction.commit(); !done) return std::move(done).error();
  return issued;
}

Result<IssuedKey> KeyStore::add_first(const NewKey& wanted) {
  PG_TRY(Transaction transaction, Transaction::begin(db_));
  PG_TRY(const std::vector<Key> keys, list());
  if (!keys.empty()) return make_error(Code::conflict, "there is a key already");
  PG_TRY(IssuedKey issued, insert(wanted));
  if (auto done = transaction.commit(); !done) return std::move(done).error();
  return issued;
}

// Free names are looked for in the transaction that takes one: who else looks at the same time waits.
Result<IssuedKey> KeyStore::add_numbered(NewKey wanted) {
  PG_TRY(Transaction transaction, Transaction::begin(db_));
  PG_TRY(const std::vector<Key> keys, list());
  const auto taken = [&](const std::string& name) {
    return std::any_of(keys.begin(), keys.end(), [&](const Key& key) { return equals_ignore_case(key.name, name); });
  };
  const std::string name = wanted.name;
  for (std::size_t number = 2; taken(wanted.name); ++number) wanted.name = fmt::format("{}-{}", name, number);
  PG_TRY(IssuedKey issued, insert(wanted));
  PG_TRY_STATUS(transaction.commit());
  return issued;
}

Result<Key> KeyStore::set_state(const Key& key, std::string_view act, bool enabled) {
  const bool revokes = act == "key.revoke";
  if (key.revoked != 0 && revokes) return key;
  if (key.revoked != 0) return make_error(Code::conflict, "key \"" + key.name + "\" is revoked for good; add a new one");
  const UnixMillis now = clock_.wall();
  Key after = key;
  after.enabled = enabled;
  after.revoked = revokes ? now : 0;
  PG_TRY(Statement statement, db_.prepare("UPDATE keys SET enabled = ?2, revoked = ?3 WHERE id = ?1"));
  statement.bind(1, key.id).bind(2, std::int64_t{enabled}).bind(3, after.revoked);
  PG_TRY_STATUS(statement.run());
  AuditStore audit(db_);
  const std::string detail = fmt::format("{} -> {}", key.enabled ? "enabled" : "disabled",
                                         revokes   ? "revoked"
                                         : enabled ? "enabled"
                                                   : "disabled");
  PG_TRY_STATUS(audit.append({0, now, actor_, std::string(act), key.name, detail}));
  return after;
}

Result<Key> KeyStore::change(std::string_view which, std::string_view act, bool enabled) {
  PG_TRY(Transaction transaction, Transaction::begin(db_));
  PG_TRY(const Key key, find(which));
  PG_TRY(Key after, set_state(key, act, enabled));
  PG_TRY_STATUS(transaction.commit());
  return after;
}

Result<std::vector<std::string>> KeyStore::revoke_bound_to(std::string_view project) {
  PG_TRY(Transaction transaction, Transaction::begin(db_));
  PG_TRY(const std::vector<Key> keys, bound_to(project));
  std::vector<std::string> names;
  for (const Key& key : keys) {
    if (auto done = set_state(key, "key.revoke", false); !done) return std::move(done).error();
    names.push_back(key.name);
  }
  PG_TRY_STATUS(transaction.commit());
  return names;
}

Result<Key> KeyStore::edit(std::string_view which, const KeyEdit& edit) {
  PG_TRY(Transaction transaction, Transaction::begin(db_));
  PG_TRY(const Key before, find(which));
  if (before.revoked != 0) return make_error(Code::conflict, "key \"" + before.name + "\" is revoked for good; add a new one");
  Key after = edited(before, edit);
  const std::string detail = difference(before, after);
  if (detail.empty()) return after;
  const UnixMillis now = clock_.wall();
  // An expiry that is left alone may well have passed.
  NewKey wanted{after.name, after.owner, after.project, after.scopes, edit.expires.value_or(0), after.concurrency, after.rules};
  PG_TRY_STATUS(check_new_key(wanted, now));
  PG_TRY(Statement statement,
         db_.prepare("UPDATE keys SET owner = ?, project = ?, scopes = ?, expires = ?, concurrency = ?, rpm = ?, rph = ?, "
                     "max_tokens = ?, budget = ? WHERE id = ?"));
  statement.bind(1, after.owner).bind(2, after.project).bind(3, scopes_text(after.scopes)).bind(4, after.expires);
  bind_rules(statement.bind(5, std::int64_t{after.concurrency}), 6, after.rules);
  PG_TRY_STATUS(statement.bind(10, after.id).run());
  AuditStore audit(db_);
  PG_TRY_STATUS(audit.append({0, now, actor_, "key.edit", after.name, detail}));
  PG_TRY_STATUS(transaction.commit());
  return after;
}

Result<Key> KeyStore::disable(std::string_view which) {
  return change(which, "key.disable", false);
}
Result<Key> KeyStore::enable(std::string_view which) {
  return change(which, "key.enable", true);
}
Result<Key> KeyStore::revoke(std::string_view which) {
  return change(which, "key.revoke", false);
}

Result<IssuedKey> KeyStore::rotate(std::string_view which) {
  PG_TRY(Transaction transaction, Transaction::begin(db_));
  IssuedKey issued;
  PG_TRY(issued.key, find(which));
  Key& key = issued.key;
  if (key.revoked != 0) return make_error(Code::conflict, "key \"" + key.name + "\" is revoked for good; add a new one");
  MintedKey minted = mint_key();
  PG_TRY(Statement statement, db_.prepare("UPDATE keys SET prefix = ?, digest = ? WHERE id = ?"));
  if (auto done = statement.bind(1, minted.prefix).bind_blob(2, as_bytes(minted.digest)).bind(3, key.id).run(); !done)
    return std::move(done).error();
  AuditStore audit(db_);
  const std::string detail = key.prefix + " -> " + minted.prefix;
  if (auto noted = audit.append({0, clock_.wall(), actor_, "key.rotate", key.name, detail}); !noted)
    return std::move(noted).error();
  if (auto done = transaction.commit(); !done) return std::move(done).error();
  key.prefix = minted.prefix;
  key.digest = minted.digest;
  issued.text = std::move(minted.text);
  return issued;
}

Result<std::int64_t> policy_version(Db& db) {
  PG_TRY(const std::optional<std::int64_t> version, db.read_number("SELECT value FROM facts WHERE name = 'policy_version'"));
  if (!version) return make_error(Code::io_failed, db.path() + ": a fact is missing");
  return *version;
}

}  // namespace pg
