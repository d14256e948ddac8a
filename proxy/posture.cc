// Host, Origin and Sec-Fetch-Site. Node's fetch sends sec-fetch-mode, so the mode alone says nothing; the site does.
#include "proxy/posture.h"

#include <algorithm>

#include "core/base/text.h"

namespace pg {
namespace {

bool is_own_host(std::string_view host, const Policy& policy, const std::string& listen_host) {
  if (equals_ignore_case(host, "localhost") || host == "127.0.0.1" || host == "[::1]" || equals_ignore_case(host, listen_host))
    return true;
  const auto is_host = [host](const std::string& allowed) { return equals_ignore_case(host, allowed); };
  if (std::any_of(policy.allowed_hosts.begin(), policy.allowed_hosts.end(), is_host)) return true;
  return std::any_of(policy.hosts.begin(), policy.hosts.end(), [&](const auto& row) { return is_host(row.first); });
}

bool is_own_origin(std::string_view origin, const Policy& policy, const std::string& listen_host, const Arrival& arrival) {
  if (std::find(policy.allowed_origins.begin(), policy.allowed_origins.end(), origin) != policy.allowed_origins.end())
    return true;
  for (const std::string_view scheme : {std::string_view("http://"), std::string_view("https://")})
    if (starts_with_ignore_case(origin, scheme))
      // Whoever can change http pages is no part of a host that is reached by https.
      return (arrival.scheme.empty() || scheme.substr(0, scheme.size() - 3) == arrival.scheme) &&
             is_own_host(without_port(origin.substr(scheme.size())), policy, listen_host);
  return false;
}

}  // namespace

Status check_posture(const RequestHead& head, const Policy& policy, const std::string& listen_host, const Arrival& arrival) {
  const auto host = head.find("host");
  const bool named = arrival.forwarded && !arrival.host.empty();
  if ((host && !is_own_host(without_port(*host), policy, listen_host)) ||
      (named && !is_own_host(arrival.host, policy, listen_host)))
    return make_error(Code::host_not_allowed, "this Host is not one of ours; add it to serve.allowed_hosts if it is");
  if (const auto origin = head.find("origin"); origin && !is_own_origin(*origin, policy, listen_host, arrival))
    return make_error(Code::host_not_allowed, "pages of other origins may not call this server");
  if (const auto site = head.find("sec-fetch-site"); site && *site != "same-origin" && *site != "none")
    return make_error(Code::host_not_allowed, "pages of other sites may not call this server");
  return {};
}

bool is_from_here(const Arrival& arrival) {
  return !arrival.forwarded || (arrival.client && arrival.client->is_loopback());
}

Status check_json_type(const RequestHead& head) {
  std::string_view type = head.find("content-type").value_or("");
  type = trim(type.substr(0, type.find(';')));
  if (equals_ignore_case(type, "application/json")) return {};
  return make_error(Code::unsupported_media, "the content type must be application/json");
}

}  // namespace pg
