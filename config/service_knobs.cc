// Rows, checks of single values, and the reading of [services]; what must fit together is looked at in validate_services.
#include "config/service_knobs.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/checks.h"
#include "core/base/ascii.h"
#include "core/base/text.h"
#include "core/route/service_path.h"

namespace pg {
namespace {

constexpr std::array<std::string_view, 7> kMethods = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
constexpr std::array<std::string_view, 6> kAuthForms = {"bearer", "basic", "header:NAME", "query:NAME", "oauth", "none"};
constexpr std::int64_t kDayMs = 86'400'000;

Complaint one_of_words(std::string_view what, std::string_view word, std::span<const std::string_view> words) {
  const auto near = find_nearest(word, words);
  std::string list;
  for (const std::string_view each : words) list += fmt::format("{}\"{}\"", list.empty() ? "" : ", ", each);
  return {fmt::format("{} must be one of {}", what, list), near ? fmt::format("did you mean \"{}\"?", *near) : ""};
}

std::optional<Complaint> check_method(std::string_view text) {
  if (std::find(kMethods.begin(), kMethods.end(), text) != kMethods.end()) return std::nullopt;
  return one_of_words("methods", text, kMethods);
}

// What no path can be never fits, and nobody would notice.
std::optional<Complaint> check_path_globs(std::string_view text) {
  // Case is ignored in ASCII alone, and one letter may be spelt in several ways beyond it.
  if (!std::all_of(text.begin(), text.end(), [](char c) { return c > 0; }))
    return Complaint{"a path is told in ASCII", "such as \"/users/*\""};
  const bool starts = text.starts_with('/') && text.size() > 1;
  const bool is_odd = text.find_first_of("?#;\\%") != std::string_view::npos || text.find("//") != std::string_view::npos ||
                      text.find("/./") != std::string_view::npos || text.find("/..") != std::string_view::npos;
  if (starts && !is_odd && is_utf8(text)) return std::nullopt;
  return Complaint{"a path begins with / and is written without escapes",
                   "such as \"/repos/**\": * stays within a segment, ** is any number of them"};
}

std::optional<Complaint> check_service_credential(std::string_view text) {
  if (text == "client")
    return Complaint{"a caller's own credential never goes to a service", "\"env:NAME\", \"file:PATH\" or \"sealed\""};
  return check_credential(text);
}

std::optional<Complaint> check_oauth_secret(std::string_view text) {
  if (text == "client" || text == "none" || text == "sealed")
    return Complaint{"must be \"env:NAME\", \"file:PATH\" or \"sealed:NAME\"",
                     "pg providers login NAME seals one under that name"};
  return check_credential(text);
}

std::optional<Complaint> check_unreadable(std::string_view text) {
  if (text == "refuse" || text == "pass") return std::nullopt;
  return Complaint{"unreadable must be \"refuse\" or \"pass\"", ""};
}

std::optional<Complaint> check_client_auth(std::string_view text) {
  if (text == "basic" || text == "body") return std::nullopt;
  return Complaint{"client_auth must be \"basic\" or \"body\"", ""};
}

#define PG_SERVICE_SLOT(S, field) [](S& s) -> KnobSlot { return &s.field; }

constexpr auto kServices = [] {
  using enum KnobKind;
  return std::to_array<Knob<ServiceSettings>>({
      {{"base_url", text, 0, 0, check_base_url}, PG_SERVICE_SLOT(ServiceSettings, base_url)},
      {{"methods", list, 0, 0, check_method}, PG_SERVICE_SLOT(ServiceSettings, methods)},
      {{"paths", list, 0, 0, check_path_globs}, PG_SERVICE_SLOT(ServiceSettings, paths)},
      {{"deny_paths", list, 0, 0, check_path_globs}, PG_SERVICE_SLOT(ServiceSettings, deny_paths)},
      {{"credential", text, 0, 0, check_service_credential}, PG_SERVICE_SLOT(ServiceSettings, credential)},
      {{"auth", text, 0, 0, check_service_auth}, PG_SERVICE_SLOT(ServiceSettings, auth)},
      {{"private", flag}, PG_SERVICE_SLOT(ServiceSettings, is_private)},
      {{"unreadable", text, 0, 0, check_unreadable}, PG_SERVICE_SLOT(ServiceSettings, unreadable)},
      {{"ca_file", text, 0, 0, check_plain_text}, PG_SERVICE_SLOT(ServiceSettings, ca_file)},
      {{"connect_timeout", duration, 100, kDayMs}, PG_SERVICE_SLOT(ServiceSettings, connect_timeout)},
      {{"first_byte_timeout", duration, 100, kDayMs}, PG_SERVICE_SLOT(ServiceSettings, first_byte_timeout)},
      {{"idle_timeout", duration, 100, kDayMs}, PG_SERVICE_SLOT(ServiceSettings, idle_timeout)},
      {{"max_reply", bytes, 0, std::int64_t{1} << 40}, PG_SERVICE_SLOT(ServiceSettings, max_reply)},
  });
}();

constexpr auto kOAuth = [] {
  using enum KnobKind;
  return std::to_array<Knob<OAuthSettings>>({
      {{"token_url", text, 0, 0, check_base_url}, PG_SERVICE_SLOT(OAuthSettings, token_url)},
      {{"client_id", text, 0, 0, check_plain_text}, PG_SERVICE_SLOT(OAuthSettings, client_id)},
      {{"client_secret", text, 0, 0, check_oauth_secret}, PG_SERVICE_SLOT(OAuthSettings, client_secret)},
      {{"refresh_token", text, 0, 0, check_oauth_secret}, PG_SERVICE_SLOT(OAuthSettings, refresh_token)},
      {{"scope", text, 0, 0, check_plain_text}, PG_SERVICE_SLOT(OAuthSettings, scope)},
      {{"audience", text, 0, 0, check_plain_text}, PG_SERVICE_SLOT(OAuthSettings, audience)},
      {{"client_auth", text, 0, 0, check_client_auth}, PG_SERVICE_SLOT(OAuthSettings, client_auth)},
  });
}();
#undef PG_SERVICE_SLOT

}  // namespace

std::span<const Knob<ServiceSettings>> service_knobs() {
  return kServices;
}
std::span<const Knob<OAuthSettings>> oauth_knobs() {
  return kOAuth;
}

bool names_own_field(std::string_view auth) {
  return auth.starts_with("header:") || auth.starts_with("query:");
}
std::string_view own_field_of(std::string_view auth) {
  return auth.substr(std::min(auth.find(':') + 1, auth.size()));
}

std::optional<Complaint> check_service_auth(std::string_view text) {
  if (names_own_field(text)) {
    const std::string_view name = own_field_of(text);
    const auto fits = [](char c) { return is_alnum(c) || c == '-' || c == '_' || c == '.'; };
    constexpr std::array<std::string_view, 9> kOwn = {"host",    "connection", "content-length",  "transfer-encoding", "te",
                                                      "upgrade", "expect",     "accept-encoding", "content-encoding"};
    const bool is_own = std::find(kOwn.begin(), kOwn.end(), to_lower(name)) != kOwn.end();
    if (!name.empty() && name.size() < 64 && std::all_of(name.begin(), name.end(), fits) && !is_own) return std::nullopt;
    return Complaint{"auth: no credential can be sent under this name", "such as \"header:X-API-Key\" or \"query:key\""};
  }
  constexpr std::array<std::string_view, 4> kWords = {"bearer", "basic", "oauth", "none"};
  if (std::find(kWords.begin(), kWords.end(), text) != kWords.end()) return std::nullopt;
  return one_of_words("auth", text, kAuthForms);
}

void read_service_oauth(const TableReader& reader, const TomlEntry& entry, ServiceSettings& service) {
  const TomlTable* table = reader.table(entry);
  if (table == nullptr) return;
  service.has_oauth = true;
  read_table<OAuthSettings>(reader.within(entry.key), *table, oauth_knobs(), service.oauth, "");
  reader.note(entry.key, reader.document.key_place(entry));
}

void read_services(const TableReader& outer, const TomlEntry& entry, std::map<std::string, ServiceSettings>& services) {
  const TomlTable* table = outer.table(entry);
  if (table == nullptr) return;
  const TableReader reader = outer.within(entry.key);
  for (const TomlEntry& row : *table) {
    const TomlTable* fields = reader.table(row);
    if (fields == nullptr) continue;
    // "key" leads to a key in a path.
    if (check_provider_name(row.key) || row.key == "key") {
      reader.complain(reader.document.key_place(row),
                      "a service's name is lower-case letters, digits, dashes and underscores, and not \"key\"");
      continue;
    }
    ServiceSettings& service = services[row.key];
    service.name = row.key;
    reader.note(row.key, reader.document.key_place(row));
    const TableHandlers handlers = {
        {"headers", [&](const TableReader& within, const TomlEntry& field) { read_headers(within, field, service.headers); }},
        {"oauth", [&](const TableReader& within, const TomlEntry& field) { read_service_oauth(within, field, service); }}};
    read_table<ServiceSettings>(reader.within(row.key), *fields, service_knobs(), service, "", handlers);
  }
}

}  // namespace pg
