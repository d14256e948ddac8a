// Checks across settings: what one file says about another.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/load.h"

namespace pg {

/// Appends a problem for each project that names an unknown provider, each id used twice, each provider row that leads nowhere,
/// a caller's credential that would leave its vendor, and an open door (no key needed beyond loopback).
void check_settings(const Settings& settings, std::vector<Problem>& problems);

/// What works but may surprise: credentials that cannot be found now, credentials over plain http to another machine.
std::vector<std::string> find_warnings(const Settings& settings, const Environment& environment);

/// True for 127.0.0.0/8, ::1 and localhost.
bool is_loopback_host(std::string_view host);

}  // namespace pg
