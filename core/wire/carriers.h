// Thoughts signed by one vendor, carried through the history of a client that speaks another's dialect: in Anthropic's
// `signature` and in Responses' `encrypted_content`, behind a prefix that tells whose they are. No vendor is ever sent another's.
#pragma once

#include <string>
#include <string_view>

#include "core/wire/call.h"

namespace pg {

/// The value for an Anthropic `signature` field. Anthropic's own signatures go as they are.
std::string write_signature(const Proof& proof);
/// Undoes it; a value without our prefix is Anthropic's own.
Proof read_signature(std::string_view signature);

/// The value for a Responses `encrypted_content`. An Anthropic proof carries the thought's text too: its signature is over that
/// text, and a client shows, shortens and rewrites summaries as it likes.
std::string write_encrypted(const Proof& proof, std::string_view thought);
/// Undoes it; `thought` is set when it was carried. A value without our prefix is OpenAI's own.
Proof read_encrypted(std::string_view encrypted, std::string& thought);

/// The `encrypted_index` of a citation that another vendor made: Anthropic would not take it back.
inline constexpr std::string_view kForeignIndex = "pg:citation";

/// True when `value` was made by write_signature() or write_encrypted(), or is kForeignIndex, and is not the vendor's own.
bool is_carrier(std::string_view value);

}  // namespace pg
