// How many tokens a call costs, guessed without a tokenizer: for count_tokens where the provider cannot count, and for the usage
// a stream must name before the provider has told it. Errs high: a client that trusts it compacts too early rather than too late.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/result.h"
#include "core/wire/call.h"

namespace pg {

/// Tokens of a text. For English and code a modern tokenizer makes 3 to 4.5 bytes a token; this counts words, digits, punctuation
/// and non-Latin letters apart and gives 1.05 to 1.6 times its count (tests/core/wire/estimate_tokens_test.cc holds the bound).
std::int64_t estimate_text_tokens(std::string_view text);

/// Tokens of a whole call: system, tools, messages, media.
std::int64_t estimate_tokens(const Call& call);

/// Tokens of a request body; bad_request when it is none. The answer to count_tokens.
Result<std::int64_t> estimate_request_tokens(Wire dialect, std::string_view body);

}  // namespace pg
