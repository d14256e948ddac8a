// A request body through the guards in one line, and what a provider would then see.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/guard/guard.h"
#include "core/guard/guard_call.h"
#include "core/guard/vault.h"
#include "core/wire/dialect.h"
#include "tests/support/model_wire.h"

namespace pg::test {

/// Whose address the guards' tests use.
inline const std::string kJane = make_email("jane.doe");

/// Guards with the shipped secret rules; fails the test when the settings are refused.
std::shared_ptr<const Guards> make_guards(GuardSettings settings = {});

struct Guarded {
  RequestView view;
  GuardedCall call;
  Vault vault;
  std::string body;  // with the edits made
};

Guarded guard_body(std::string_view body, DialectId dialect, const Guards& guards, VerdictCache* cache = nullptr);
/// With a vault that already holds an earlier turn's.
Guarded guard_body_after(const Vault& earlier, std::string_view body, DialectId dialect, const Guards& guards);

/// Fails the test unless the edits are ordered, apart, inside `body`, between the quotes of strings, and the result is JSON.
void check_edits(std::string_view body, const Guarded& guarded);

/// `body` with every token of the vault replaced by its original, in texts, in JSON inside strings and in base64; as compact
/// JSON, with JSON inside strings made compact too. What is the same after this was the same before the guards.
std::string restored(std::string_view body, const Vault& vault);

}  // namespace pg::test
