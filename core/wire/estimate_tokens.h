// How many tokens a call costs, guessed without a tokenizer: for count_tokens where the provider cannot count, and for the usage
// a stream must name before the provider has told it. Errs high: a client that trusts it compacts too early rather than too late.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/result.h"
#include "core/wire/call.h"

namespace pg {

/// Tokens of a text: words, digits, punctuation and letters beyond ASCII are counted apart. English prose and source code come to
/// 1.5 to 1.7 times o200k_base's count, which leaves room for other vocabularies. On recorded requests of over 300 tokens, whose
/// words are made up and cost more, a whole call comes to 1.12 to 1.8 times (tests/core/wire/estimate_tokens_test.cc).
std::int64_t estimate_text_tokens(std::string_view text);

/// Tokens of a whole call: system, tools, messages, media.
std::int64_t estimate_tokens(const Call& call);

/// Tokens of a request body; bad_request when it is none. The answer to count_tokens.
Result<std::int64_t> estimate_request_tokens(Wire dialect, std::string_view body);

}  // namespace pg
