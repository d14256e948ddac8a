// Checks of single values: names, URLs, hosts, credentials, header fields. Messages never repeat what might be a credential.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "config/knobs.h"

namespace pg {

/// "env:NAME", "file:PATH", "sealed", "client" or "none"; a credential in plain text is refused with the ways to keep it out.
std::optional<Complaint> check_credential(std::string_view text);
std::optional<Complaint> check_own_credential(std::string_view text);  // one of several: not the caller's, not none
std::optional<Complaint> check_base_url(std::string_view text);        // http or https, no query
std::optional<Complaint> check_vertex_url(std::string_view text);      // with /projects/ and /locations/
std::optional<Complaint> check_api_version(std::string_view text);     // Azure's
std::optional<Complaint> check_region(std::string_view text);          // an AWS region
std::optional<Complaint> check_auth(std::string_view text);            // "bearer", "x-api-key", …, "none"
std::optional<Complaint> check_bind_host(std::string_view text);       // an IP literal or "localhost"
std::optional<Complaint> check_host_name(std::string_view text);       // as in a Host field, without port
std::optional<Complaint> check_network(std::string_view text);         // an IP address or a range of them
std::optional<Complaint> check_origin(std::string_view text);          // scheme://host[:port]
std::optional<Complaint> check_uuid(std::string_view text);
std::optional<Complaint> check_project_type(std::string_view text);
/// "agent", "wrapper", …
std::span<const std::string_view> project_types();
std::optional<Complaint> check_provider_name(std::string_view text);  // [a-z0-9][a-z0-9_-]{0,62}
std::optional<Complaint> check_log_failure(std::string_view text);    // "serve", "refuse"
std::optional<Complaint> check_metrics(std::string_view text);        // "key", "loopback", "off"
MetricsAccess metrics_access(std::string_view word);                  // what one of these means
std::optional<Complaint> check_body_choice(std::string_view text);    // "off", "redacted"
std::optional<Complaint> check_file_name(std::string_view text);      // no control characters; "" = none
std::optional<Complaint> check_plain_text(std::string_view text);     // no control characters, not empty
std::optional<Complaint> check_alert_filter(std::string_view text);   // as parse_alert_filter()
std::optional<Complaint> check_time_zone(std::string_view text);      // "local", "UTC" or an IANA name that is there
std::optional<Complaint> check_unknown_prices(std::string_view text);
std::optional<Complaint> check_header(std::string_view name, std::string_view value);

}  // namespace pg
