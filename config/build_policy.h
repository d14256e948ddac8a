// Settings, keys and credentials to the Policy that exchanges run under.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/lasting.h"
#include "config/problem.h"
#include "config/settings.h"
#include "core/base/secret_string.h"
#include "core/policy.h"

namespace pg {

/// Compiled guards by the settings that made them, so that a new key does not compile a regular expression.
using GuardCache = std::map<std::string, std::shared_ptr<const Guards>>;

struct PolicyParts {
  std::uint64_t version = 1;
  std::vector<Key> keys;
  Environment environment;
  /// Opens the sealed credential of a provider.
  std::function<Result<SecretString>(std::string_view provider)> open_sealed;
  /// What a key or project has spent so far; unset: nothing.
  std::function<Result<SpentByMonth>(SpendKind kind, std::string_view name)> read_spent;
  std::shared_ptr<const SecretRules> secrets;
  GuardCache* guards = nullptr;     // may be null
  LastingState* lasting = nullptr;  // may be null
};

/// A Policy, or the problems (bad custom rules, unknown rule ids) with their places. A credential that cannot be had is not a
/// problem: it stands in Provider::credential_problem.
std::shared_ptr<const Policy> build_policy(const Settings& settings, const PolicyParts& parts, std::vector<Problem>& problems);

/// One provider with its credential, as projects get it; nullptr when there is none of that name.
std::shared_ptr<const Provider> build_provider(const Settings& settings, const PolicyParts& parts, const std::string& name);

/// Appends a problem for each custom rule that does not compile and each rule id that does not exist. Compiles regular
/// expressions: for checks and edits, not for every start.
void check_guards(const Settings& settings, std::vector<Problem>& problems);

}  // namespace pg
