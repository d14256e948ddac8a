// inspect_span(): one raw JSON string through the guards, whatever is encoded in it; findings come back as raw offsets.
#pragma once

#include <string>
#include <string_view>

#include "core/guard/guard.h"
#include "core/guard/verdict_cache.h"
#include "core/wire/spans.h"

namespace pg {

/// The verdict on `raw`, the bytes between the quotes of a span of that role.
Verdict inspect_span(std::string_view raw, const Span& span, const Guards& guards);

/// The text behind a finding of `raw`, one of `verdict`: unescaped, twice inside JSON text.
std::string original_of(std::string_view raw, const Span& span, const Verdict& verdict, const Finding& finding);

}  // namespace pg
