// URLs that a service names in the head of a reply, as the caller must ask for them: below the service's base they lead back
// through the gateway, and nothing else may lead to another place behind it.
#pragma once

#include <string>
#include <string_view>

namespace pg {

struct ServicePlace {
  std::string_view base;     // of the service: scheme, authority and path, without a slash at its end
  std::string_view called;   // the URL that was asked for, there
  std::string_view gateway;  // the path that stands for the base, for the caller
};

/// `url` (Location, Content-Location) resolved against what was asked for (RFC 3986 §5.2; `\` is taken for `/`, `%2e` for a dot,
/// and blanks and controls are left out, as browsers do): below the base it becomes the gateway's path and what follows,
/// elsewhere an absolute URL. One that was absolute and leads elsewhere stays.
std::string map_service_url(std::string_view url, const ServicePlace& place);
/// The same for every <URL> of a Link field (RFC 8288).
std::string map_service_links(std::string_view links, const ServicePlace& place);

}  // namespace pg
