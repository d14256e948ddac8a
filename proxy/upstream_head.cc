// The head of a request to a provider: the client's fields as they came, without hop-by-hop ones, pg's own, and credentials that
// are not meant for this provider.
#include "proxy/upstream_head.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/base/text.h"

namespace pg {
namespace {

// Never passed on: hop-by-hop (RFC 9110 §7.6.1), framing that we write ourselves, cookies, pg's own. Sorted.
constexpr std::array<std::string_view, 20> kDropped = {"accept-encoding",
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
                                                       "x-forwarded-proto"};

constexpr std::string_view kAnthropicVersion = "2023-06-01";  // the one there is (Anthropic API, Versions)

// Most names are told from all of these by their size and first letter.
constexpr std::size_t dropped_bit(std::string_view name) {
  return (name.size() * 5 + static_cast<unsigned char>(name[0])) % 64;
}
constexpr std::uint64_t kDroppedBits = [] {
  std::uint64_t bits = 0;
  for (const std::string_view name : kDropped) bits |= std::uint64_t{1} << dropped_bit(name);
  return bits;
}();

bool is_dropped(std::string_view lower) {
  if (lower.starts_with("x-pg-")) return true;
  return (kDroppedBits >> dropped_bit(lower) & 1) != 0 && std::binary_search(kDropped.begin(), kDropped.end(), lower);
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

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

void append_client_fields(std::string& out, const Exchange& x) {
  const std::string_view connection = x.head.find("connection").value_or("");
  for (const Field& field : x.head.fields) {
    const LowerName name(field.name);
    const std::string_view lower = name.view();
    if (is_dropped(lower) || is_named_by(connection, field.name)) continue;
    if (lower == "content-encoding" && (!x.decoded.empty() || x.to.body)) continue;
    if (x.to.translated && is_vendor_field(lower)) continue;
    if (is_credential(lower) && !passes_credential(x, field.value)) continue;
    append_field(out, field.name, field.value);
  }
}

void append_credential(std::string& out, const Provider& provider) {
  if (provider.credential.empty()) return;
  if (provider.auth == AuthStyle::bearer)
    out.append("Authorization: Bearer ").append(provider.credential.reveal()).append("\r\n");
  if (provider.auth == AuthStyle::x_api_key) append_field(out, "x-api-key", provider.credential.reveal());
}

}  // namespace

std::string write_upstream_head(const Exchange& x, std::string_view method, std::string_view path,
                                std::optional<std::size_t> size) {
  const Url& base = x.to.outlet->base;
  std::string out;
  out.reserve(2'048);
  out.append(method)
      .append(" ")
      .append(base.path)
      .append(path)
      .append(x.surface.query)
      .append(" HTTP/1.1\r\nHost: ")
      .append(base.authority())
      .append("\r\n");
  append_client_fields(out, x);
  append_credential(out, *x.to.provider);
  if (x.to.translated && x.to.outlet->dialect == DialectId::anthropic) append_field(out, "anthropic-version", kAnthropicVersion);
  for (const auto& [name, value] : x.to.provider->headers) append_field(out, name, value);
  out += "Accept-Encoding: identity\r\n";  // what we must read and restore should not be compressed
  if (size) {
    const fmt::format_int digits(*size);
    append_field(out, "Content-Length", {digits.data(), digits.size()});
  }
  return out += "\r\n";
}

}  // namespace pg
