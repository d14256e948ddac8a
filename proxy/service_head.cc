// The head of a call to a service: what the caller said of the call, nothing of who the caller is.
#include <algorithm>

#include "core/base/text.h"
#include "core/route/service.h"
#include "proxy/serve_service.h"
#include "proxy/service_credential.h"

namespace pg {
namespace {

// Never passed on: hop-by-hop (RFC 9110 §7.6.1), framing that we write ourselves, who the caller is and where from.
constexpr FieldNames kDroppedOfCall({"accept-encoding",
                                     "api-key",
                                     "authorization",
                                     "cf-connecting-ip",
                                     "client-ip",
                                     "connection",
                                     "content-length",
                                     "cookie",
                                     "cookie2",
                                     "expect",
                                     "forwarded",
                                     "host",
                                     "keep-alive",
                                     "origin",
                                     "proxy",
                                     "proxy-authorization",
                                     "proxy-connection",
                                     "referer",
                                     "sec-fetch-site",
                                     "te",
                                     "trailer",
                                     "transfer-encoding",
                                     "true-client-ip",
                                     "upgrade",
                                     "via",
                                     "x-api-key",
                                     "x-authorization",
                                     "x-client-ip",
                                     "x-goog-api-key",
                                     "x-host",
                                     "x-http-method",
                                     "x-http-method-override",
                                     "x-method-override",
                                     "x-original-host",
                                     "x-original-url",
                                     "x-real-ip",
                                     "x-rewrite-url"});

// What is set by the project's file, or is the credential's place.
bool is_set_by_us(const Exchange& x, std::string_view name) {
  const auto is_name = [name](const auto& row) { return equals_ignore_case(row.first, name); };
  const auto& headers = x.service->provider->headers;
  if (std::any_of(headers.begin(), headers.end(), is_name)) return true;
  return x.service->auth == ServiceAuth::header && equals_ignore_case(x.service->auth_name, name);
}

std::string write_target(const Exchange& x, const SecretString& credential) {
  std::string target = x.to.outlet->base.path;
  target.append(x.surface.rest);
  if (target.empty()) target = "/";
  append_service_query(target, *x.service, x.surface.query, credential.reveal());
  return target;
}

}  // namespace

std::vector<Field> fields_for_service(const Exchange& x) {
  std::vector<Field> fields;
  const std::string_view connection = x.head.find("connection").value_or("");
  for (const Field& field : x.head.fields) {
    const LowerName name(field.name);
    const std::string_view lower = name.view();
    if (lower.starts_with("x-pg-") || kDroppedOfCall.has(lower) || is_named_by(connection, field.name)) continue;
    // Where underscores and dashes are the same (CGI, WSGI, Rack), such a name would pass for one of those above.
    if (lower.find('_') != std::string_view::npos || lower.starts_with("x-forwarded-")) continue;
    if (is_set_by_us(x, field.name)) continue;
    fields.push_back(field);
  }
  return fields;
}

std::string write_service_head(const Exchange& x, std::size_t size) {
  const std::string_view secret = x.to.token != nullptr ? x.to.token->reveal() : x.service->provider->credential.reveal();
  const SecretString credential = service_credential(*x.service, secret);
  std::string out;
  out.reserve(x.client.head_bytes().size() + 512);
  out.append(x.head.method).append(" ").append(write_target(x, credential)).append(" HTTP/1.1\r\nHost: ");
  x.to.outlet->base.append_authority(out);
  out += kLineEnd;
  for (const Field& field : fields_for_service(x)) {
    // What was unfolded and edited goes without its coding.
    if (!x.decoded.empty() && equals_ignore_case(field.name, "content-encoding")) continue;
    append_field(out, field.name, field.value);
  }
  append_service_credential(out, *x.service, credential.reveal());
  for (const auto& [name, value] : x.service->provider->headers) append_field(out, name, value);
  out += "Accept-Encoding: identity\r\n";  // what we must read should not be compressed
  if (size > 0 || (x.head.method != "GET" && x.head.method != "HEAD")) append_field(out, "Content-Length", size);
  out += kLineEnd;
  return out;  // not the result of +=, which would be copied
}

}  // namespace pg
