// What joins the groups of cards, phones and addresses.
#pragma once

#include "core/guard/byte_set.h"

namespace pg {

inline constexpr ByteSet kGroupJoiner(" .()-");
inline constexpr ByteSet kGroupStart(" (0-9");

}  // namespace pg
