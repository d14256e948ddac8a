// Where a credential comes from: a variable, a file, or sealed in the database.
#pragma once

#include <string>

#include "config/build_policy.h"

namespace pg {

/// What "env:NAME", "file:PATH", "sealed:NAME" or "sealed" (under `name`) leads to. With `or_sealed` a variable that is not set
/// is looked for under `name`, too. not_found, or why it cannot be read.
Result<SecretString> read_credential(const std::string& credential, const std::string& name, bool or_sealed,
                                     const Settings& settings, const PolicyParts& parts);

}  // namespace pg
