// The head of a request to a provider.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/exchange.h"

namespace pg {

/// Request line and fields up to and with the empty line, for `target` (path and query); with a Content-Length when `size`
/// (bytes) is given. Outlets that sign want the body in x.to.body.
std::string write_upstream_head(const Exchange& x, std::string_view method, std::string_view target,
                                std::optional<std::size_t> size);

}  // namespace pg
