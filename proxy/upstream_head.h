// The head of a request to a provider.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/exchange.h"

namespace pg {

/// Request line and fields up to and with the empty line, for `path` below the base URL of x.to.outlet; with a Content-Length
/// when `size` (bytes) is given.
std::string write_upstream_head(const Exchange& x, std::string_view method, std::string_view path,
                                std::optional<std::size_t> size);

}  // namespace pg
