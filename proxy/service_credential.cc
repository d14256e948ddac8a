// `secret` is what service_credential() makes of the credential.
#include "proxy/service_credential.h"

#include "core/base/http.h"

namespace pg {

void append_service_credential(std::string& head, const Service& service, std::string_view secret) {
  switch (service.auth) {
    case ServiceAuth::bearer:
    case ServiceAuth::basic:
    case ServiceAuth::oauth:
      return append_field(head, "Authorization", secret);
    case ServiceAuth::header:
      return append_field(head, service.auth_name, secret);
    case ServiceAuth::query:
    case ServiceAuth::none:
      return;
  }
}

void append_service_query(std::string& target, const Service& service, std::string_view query, std::string_view secret) {
  target.append(query);
  if (service.auth != ServiceAuth::query) return;
  if (query.empty()) target += '?';
  if (query.size() > 1) target += '&';
  target.append(service.auth_name).append("=").append(secret);
}

}  // namespace pg
