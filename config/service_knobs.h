// The tables of [services.NAME] and of its oauth, and the reader of both.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "config/knobs.h"
#include "config/table_reader.h"

namespace pg {

std::span<const Knob<ServiceSettings>> service_knobs();  // base_url, …: [services.NAME]
std::span<const Knob<OAuthSettings>> oauth_knobs();      // token_url, …: [services.NAME.oauth]

/// Reads [services] of a project's file.
void read_services(const TableReader& reader, const TomlEntry& entry, std::map<std::string, ServiceSettings>& services);
/// Reads the oauth table of one.
void read_service_oauth(const TableReader& reader, const TomlEntry& entry, ServiceSettings& service);

/// "bearer", "basic", "header:NAME", "query:NAME", "oauth" or "none".
std::optional<Complaint> check_service_auth(std::string_view text);

/// The fixed words of `auth`, and what stands behind the colon of "header:NAME" and "query:NAME".
bool names_own_field(std::string_view auth);
std::string_view own_field_of(std::string_view auth);

}  // namespace pg
