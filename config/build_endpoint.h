// An endpoint's settings to what a call of it runs under, but for what other settings know: its fallbacks and its limits.
#pragma once

#include <map>
#include <string>

#include "config/settings.h"
#include "core/route/endpoint.h"

namespace pg {

/// Of settings without a problem: prompts and schemas that were found sound when they were read. `aliases` are the project's.
Endpoint build_endpoint(const EndpointSettings& settings, const std::map<std::string, std::string>& aliases);

}  // namespace pg
