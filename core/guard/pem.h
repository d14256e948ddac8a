// Private keys in PEM: the block behind a BEGIN line, in whatever quoting or escaping it was pasted.
#pragma once

#include "core/guard/validators.h"

namespace pg {

/// The match is a BEGIN line; its value grows to the END line, or to the last line of the body when there is none. Whatever
/// stands around the lines (numbers, a diff's signs, colours) goes with them. Linear: a body stops at the next BEGIN. Refuses
/// bodies of fewer than 64 base64 characters, poor ones, and code between two lines that only speak of a key.
Judgement check_pem(Candidate& candidate);

/// The match is the "Private-Lines: n" of a PuTTY key; its value becomes those lines, whatever stands before each.
Judgement check_ppk(Candidate& candidate);

/// The match is base64 of such a block: refuses what does not decode to one.
Judgement check_pem_base64(Candidate& candidate);

}  // namespace pg
