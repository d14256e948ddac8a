// Services of a project as calls run under them, with their credentials.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "config/build_policy.h"
#include "core/route/service.h"

namespace pg {

/// A credential that cannot be had is no problem of the file: it stands in Provider::credential_problem.
std::map<std::string, std::shared_ptr<const Service>, std::less<>> build_services(const ProjectSettings& project,
                                                                                  const Settings& settings,
                                                                                  const PolicyParts& parts);

/// One of them, of that project; nullptr without a URL.
std::shared_ptr<const Service> build_service(const ProjectSettings& project, const ServiceSettings& wanted,
                                             const Settings& settings, const PolicyParts& parts);

}  // namespace pg
