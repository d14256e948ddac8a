// What `pg providers test` and `pg models list --remote` share: a provider as serve would use it, and what an answer of it means.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cmd/command.h"
#include "config/settings.h"
#include "core/policy.h"
#include "proxy/probe_provider.h"

namespace pg {

/// A sealed credential, opened under the app key.
Result<SecretString> open_sealed_credential(const Settings& settings, std::string_view name);

/// The provider of that name with its credential; nullptr when there is none.
std::shared_ptr<const Provider> open_provider(const Settings& settings, const std::string& name);

/// The name as a provider's; not_found with "did you mean".
std::string named_provider(const Settings& settings, const std::string& name);

/// The names of the providers that projects use, sorted.
std::vector<std::string> used_providers(const Settings& settings);

struct ProbeVerdict {
  std::string name, asked;
  std::string verdict;  // "ok", "warn", "fail", "skip"
  std::string detail;   // what happened, one line
  std::string hint;     // how to mend it, "" when nothing is wrong
  int exit = exit_ok;
  int status = 0;  // HTTP
  std::int64_t took_ms = -1;
  std::vector<ListedModel> models;
};

/// Asks the provider and says what came of it; providers that cannot be asked are skipped with the reason.
ProbeVerdict judge_provider(const Settings& settings, const std::string& name, Millis timeout);

}  // namespace pg
