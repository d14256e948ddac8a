// Whether a text may hold something encoded, 64 bytes a step: one look for long runs and for the signs that escapes begin with.
#pragma once

#include <cstddef>
#include <string_view>

#include "core/base/processor.h"

#ifdef PG_AVX512
namespace pg {

struct EncodedSigns {
  bool has_run = false;        // kShortestBase64 bytes of kRunBytes in a row; what follows is not looked at then
  std::size_t first_sign = 0;  // of the first backslash or percent sign; the text's size when there is none
};

/// Only where has_avx512() holds.
EncodedSigns find_encoded_signs_512(std::string_view text);

}  // namespace pg
#endif
