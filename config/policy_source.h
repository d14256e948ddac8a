// Where policies come from: settings files, project files and the database, watched together. Used by one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "config/settings.h"
#include "core/base/result.h"
#include "core/policy.h"
#include "core/store/db.h"

namespace pg {

class PolicySource {
 public:
  /// Reads everything once; invalid_config names file, line and column of every problem.
  static Result<PolicySource> open(Settings settings);
  PolicySource(PolicySource&&) noexcept;
  PolicySource& operator=(PolicySource&&) noexcept;
  ~PolicySource();

  std::shared_ptr<const Policy> current() const;
  const Settings& settings() const;  // those that the current policy was made of
  /// policy_version() of the database as the current policy has it.
  std::int64_t policy_version() const;

  /// True while a file is wrong, so that the settings of before stay in force.
  bool keeps_out() const;

  /// Seals a credential that serve itself was given, such as a new refresh token, in place of the one of that name. The next
  /// poll() makes a policy of it.
  Status seal(std::string_view name, const SecretString& credential);

  /// Looks for changed files (mtime, size, inode) and database commits; a fresh Policy when something changed and is valid,
  /// nullptr otherwise. A bad file keeps the old policy; what is wrong with it is appended to `problems` once per change.
  /// Costs a few stat() calls when nothing changed; serve calls it every 250 ms.
  std::shared_ptr<const Policy> poll(std::vector<std::string>& problems);

  /// Re-reads everything now (SIGHUP): environment and credential files too.
  std::shared_ptr<const Policy> reload(std::vector<std::string>& problems);

 private:
  struct State;
  explicit PolicySource(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace pg
