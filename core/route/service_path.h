// The path of a call to an API service: read once, so that what was matched is what is sent. Whatever two servers could read in
// two ways is refused.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"

namespace pg {

/// `raw`, percent-decoded, as globs see it: "/repos/a b", "/" for nothing, no slash at its end. `raw` is what follows the
/// service's base URL, "" or with its "/", and is sent as it came. bad_request for dot segments, empty ones, encoded slashes,
/// backslashes and semicolons, escapes of escapes, controls, and what is not UTF-8.
Result<std::string> read_service_path(std::string_view raw);

/// Whether a glob fits the whole of a path: `*` and `?` stay within a segment, `**` is any number of segments, none included.
bool matches_path_glob(std::string_view glob, std::string_view path);
/// The same for a path or anything above it, in any case: what is denied is denied with all that lies below.
bool matches_path_or_above(std::string_view glob, std::string_view path);

}  // namespace pg
