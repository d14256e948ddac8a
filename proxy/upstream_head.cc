// The head of a request to a provider: the client's fields as they came, without hop-by-hop ones, pg's own, and credentials that
// are not meant for this provider.
#include "proxy/upstream_head.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/base/text.h"
#include "proxy/provider_auth.h"

namespace pg {
namespace {

// Never passed on: hop-by-hop (RFC 9110 §7.6.1), framing that we write ourselves, cookies, pg's own.
constexpr FieldNames kDroppedOfRequest({"accept-encoding",
                                        "connection",
                                        "content-length",
                                        "cookie",
                                        "expect",
                                        "forwarded",
                                        "host",
                                        "keep-alive",
                                        "origin",
                                        "proxy-authorization",
                                        "proxy-connection",
                                        "sec-fetch-site",
                                        "te",
                                        "trailer",
                                        "transfer-encoding",
                                        "upgrade",
                                        "via",
                                        "x-forwarded-for",
                                        "x-forwarded-host",
                                        "x-forwarded-proto"});

constexpr std::string_view kAnthropicVersion = "2023-06-01";  // the one there is (Anthropic API, Versions)

bool is_dropped(std::string_view lower) {
  return lower.starts_with("x-pg-") || kDroppedOfRequest.has(lower);
}

// What clients tell their own vendor about themselves means nothing to another.
bool is_vendor_field(std::string_view lower) {
  constexpr std::array<std::string_view, 6> kStarts = {"anthropic-", "chatgpt-",  "openai-",
                                                       "x-codex-",   "x-openai-", "x-stainless-"};
  return std::any_of(kStarts.begin(), kStarts.end(), [lower](std::string_view start) { return lower.starts_with(start); });
}

bool is_credential(std::string_view lower) {
  return lower == "authorization" || lower == "x-api-key" || lower == "api-key" || lower == "x-goog-api-key";
}

// The caller's own credential may go on only in client mode, and never when it is a key of ours.
bool passes_credential(const Exchange& x, std::string_view value) {
  if (x.to.provider->auth != AuthStyle::client) return false;
  const std::string_view bare = starts_with_ignore_case(value, "bearer ") ? trim(value.substr(7)) : trim(value);
  return !bare.starts_with("pg_live_");
}

void append_client_fields(std::string& out, const Exchange& x) {
  const std::string_view connection = x.head.find("connection").value_or("");
  const bool bedrock = x.to.outlet->form == OutletForm::bedrock;
  for (const Field& field : x.head.fields) {
    const LowerName name(field.name);
    const std::string_view lower = name.view();
    if (is_dropped(lower) || is_named_by(connection, field.name)) continue;
    if (lower == "content-encoding" && (!x.decoded.empty() || x.to.body)) continue;
    if ((x.to.translated || x.to.embedding) && is_vendor_field(lower)) continue;
    if (bedrock && (lower == "accept" || is_vendor_field(lower))) continue;  // betas are in the body, streams are a path
    if (is_credential(lower) && !passes_credential(x, field.value)) continue;
    append_field(out, field.name, field.value);
  }
}

}  // namespace

std::string write_upstream_head(const Exchange& x, std::string_view method, std::string_view target,
                                std::optional<std::size_t> size) {
  const Url& base = x.to.outlet->base;
  std::string out;
  out.reserve(x.client.head_bytes().size() + 512);
  out.append(method).append(" ").append(target).append(" HTTP/1.1\r\nHost: ");
  base.append_authority(out);
  out += kLineEnd;
  append_client_fields(out, x);
  const UnixMillis now = x.to.outlet->auth == AuthStyle::sigv4 ? x.gw.clock.wall() : 0;
  append_credential(out, *x.to.provider, *x.to.outlet, x.to.token.get(),
                    {method, target, x.to.body ? std::string_view(*x.to.body) : std::string_view(), now});
  if (x.to.translated && x.to.outlet->dialect == DialectId::anthropic && x.to.outlet->form == OutletForm::plain)
    append_field(out, "anthropic-version", kAnthropicVersion);
  for (const auto& [name, value] : x.to.provider->headers) append_field(out, name, value);
  out += "Accept-Encoding: identity\r\n";  // what we must read and restore should not be compressed
  if (size) append_field(out, "Content-Length", *size);
  out += kLineEnd;
  return out;  // not the result of +=, which would be copied
}

}  // namespace pg
