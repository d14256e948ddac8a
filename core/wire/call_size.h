// How large a call is before anybody has answered it: what it brings, and what it asks for. For caps and budgets.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/wire/dialect.h"

namespace pg {

/// No estimate_call_tokens() of that body is larger: from its size and the words it holds, without reading it. The largest number
/// there is when that cannot be said.
std::int64_t input_tokens_at_most(std::string_view body);

/// Tokens of input, as estimate_request_tokens() guesses them; for embeddings of everything the body says.
std::int64_t estimate_call_tokens(DialectId dialect, std::string_view body);

/// Output tokens a call asks for at most, all its choices together; -1 when it does not say.
std::int64_t output_tokens_asked(DialectId dialect, std::string_view body);

}  // namespace pg
