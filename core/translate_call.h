// A call for a provider that speaks another dialect: which of its exits, and what that model can be told.
#pragma once

#include <string_view>

#include "core/targets.h"
#include "core/wire/dialect.h"
#include "core/wire/translate.h"

namespace pg {

/// `body`, guarded, in the dialect of the target's outlet. Where that cannot say what the client does and another outlet of the
/// provider can, target.outlet becomes that one. `session` names the conversation for the provider's prompt cache; may be "".
/// bad_request that names the parameter.
Result<Translated> translate_call(DialectId from, std::string_view body, std::string_view session, Target& target);

}  // namespace pg
