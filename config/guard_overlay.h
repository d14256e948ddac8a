// What a provider's row or an MCP server makes of a project's guards: whoever may see the text decides how much of it goes there.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "core/guard/guard.h"

namespace pg {

/// `guards` of a row: what is different for whatever is sent there.
struct GuardOverlay {
  std::optional<Action> all;  // one word: that action for everything the project looks for
  std::set<std::string> set;  // keys of the table that stand there
  GuardSettings own;

  bool empty() const { return !all && set.empty(); }
};

/// `under` with the row's own words above it. One word gives that action to everything `under` looks for ("off": to nothing);
/// a table replaces what it names, rule by rule, and leaves the rest.
GuardSettings lay_over(GuardSettings under, const GuardOverlay& over);

/// `under` for what stays on this machine, at first: nothing puts a placeholder, which would stay in a file. Secrets that would
/// be redacted are blocked, personal data is left alone; what blocks or only notes goes on.
GuardSettings lay_local(GuardSettings under);

/// All of it in one text: same text, same guards.
std::string spell_guards(GuardSettings guards);

}  // namespace pg
