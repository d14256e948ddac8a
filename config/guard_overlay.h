// What a provider's row makes of a project's guards: whoever may see the text decides how much of it goes there.
#pragma once

#include <string>

#include "config/settings.h"

namespace pg {

/// `under` with the row's own words above it. One word gives that action to everything `under` looks for ("off": to nothing);
/// a table replaces what it names, rule by rule, and leaves the rest.
GuardSettings lay_over(GuardSettings under, const GuardOverlay& over);

/// All of it in one text: same text, same guards.
std::string spell_guards(GuardSettings guards);

}  // namespace pg
