// What must fit together in the services of a project, and what may go wrong with them.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "config/paths.h"
#include "config/settings.h"

namespace pg {

/// "api" alone has services, and no providers; each service must lead somewhere and have what its auth asks for.
void check_services(const ProjectSettings& project, std::vector<Problem>& problems);

/// Variables that are not set, files that are not there, credentials that travel unencrypted.
void warn_services(const Settings& settings, const ProjectSettings& project, const Environment& environment,
                   std::vector<std::string>& warnings);

/// The same for where an MCP server is asked, as service_of() gives it: its table is [servers.NAME], and the place its url.
void check_server_url(const ProjectSettings& project, const ServiceSettings& server, std::vector<Problem>& problems);

/// Of `who`: variables that are not set, files that are not there; a credential that travels unencrypted.
void warn_credentials(const Settings& settings, const Environment& environment, const std::string& who,
                      const std::vector<std::pair<std::string, std::string>>& credentials, std::vector<std::string>& warnings);
void warn_unencrypted(const std::string& who, const ServiceSettings& service, std::vector<std::string>& warnings);

/// Every credential that a service names, with what it is for: ("credential", "env:X"), ("oauth.client_secret", …).
std::vector<std::pair<std::string, std::string>> credentials_of(const ServiceSettings& service);
/// The name that a credential is sealed under, "" when it is not sealed.
std::string sealed_name(const ServiceSettings& service, const std::string& credential);

}  // namespace pg
