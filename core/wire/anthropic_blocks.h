// Content blocks of a Messages request, written from parts. Only core/wire includes it.
#pragma once

#include <string>
#include <vector>

#include "core/wire/call_io.h"

namespace pg {

/// One block; nothing for a part that Anthropic does not take (an empty text, another vendor's thought).
Status write_anthropic_block(const Part& part, WriteWork& work, JsonOut& json);

/// True when write_anthropic_block() would write something.
bool is_anthropic_block(const Part& part);

}  // namespace pg
