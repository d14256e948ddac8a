// Private keys in PEM: the block behind a BEGIN line, in whatever quoting or escaping it was pasted.
#pragma once

#include "core/guard/validators.h"

namespace pg {

/// The match is a BEGIN line; its value grows to the END line, or to the end of the body when there is none. Linear: a body stops
/// at the next five dashes. Refuses bodies of fewer than 64 base64 characters and poor ones.
Judgement check_pem(Candidate& candidate);

/// The match is base64 of such a block: refuses what does not decode to one.
Judgement check_pem_base64(Candidate& candidate);

}  // namespace pg
