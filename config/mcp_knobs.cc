// Rows, checks of single values, and the reading of [servers]; what must fit together is looked at in validate_mcp.
#include "config/mcp_knobs.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/checks.h"
#include "config/read_guards.h"
#include "config/service_knobs.h"
#include "config/validate.h"
#include "config/validate_services.h"
#include "core/base/ascii.h"
#include "core/base/encode.h"
#include "core/base/text.h"
#include "core/base/url.h"

namespace pg {
namespace {

constexpr std::int64_t kLongestWait = 86'400'000;
constexpr std::size_t kLongestServerName = 32;
constexpr std::size_t kMostVariables = 200;

const char* const kNoSecret = "a credential must not stand in a settings file";

// Callers see a tool as server__tool, so that a name ends where the first underscore is, and a resource as server+file:///…,
// whose scheme the name has to begin as RFC 3986 §3.1 wants it.
std::optional<Complaint> check_server_name(const std::string& name) {
  const auto fits = [](char c) { return is_lower(c) || is_digit(c) || c == '-'; };
  const bool ends_well = !name.empty() && is_lower(name.front()) && is_alnum(name.back());
  const bool is_name = ends_well && name.size() <= kLongestServerName && std::all_of(name.begin(), name.end(), fits);
  // "key" leads to a key in a path.
  if (is_name && name != "key") return std::nullopt;
  return Complaint{fmt::format("a server's name is a lower-case letter and at most {} more letters, digits and dashes, and not "
                               "\"key\"",
                               kLongestServerName - 1),
                   "such as [servers.files]: its tools are shown as files__NAME"};
}

// Of a place everything counts: "/mcp" and "/mcp/" may be two, and some are configured by a query.
std::optional<Complaint> check_mcp_url(std::string_view text) {
  const auto url = parse_url(text);
  if (!url) return Complaint{url.error().message, "such as \"https://api.githubcopilot.com/mcp/\""};
  for (const std::string_view field : split(url.value().query, '&'))
    if (mask_credentials(field) != field) return Complaint{kNoSecret, "it goes into a header: credential = \"env:NAME\""};
  return std::nullopt;
}

std::optional<Complaint> check_mcp_credential(std::string_view text) {
  if (text == "client")
    return Complaint{"a caller's own credential never goes to a server", "\"env:NAME\", \"file:PATH\" or \"sealed\""};
  return check_credential(text);
}

// Fields that Streamable HTTP itself is made of.
bool is_mcp_field(std::string_view name) {
  constexpr std::array<std::string_view, 4> kFields = {"accept", "content-type", "last-event-id", "cache-control"};
  const std::string lower = to_lower(name);
  return lower.starts_with("mcp-") || std::find(kFields.begin(), kFields.end(), lower) != kFields.end();
}

std::optional<Complaint> check_mcp_auth(std::string_view text) {
  if (text.starts_with("query:"))
    return Complaint{"auth: an MCP server gets its credential in a header",
                     fmt::format("such as \"header:{}\"", text.size() > 6 ? text.substr(6) : "X-API-Key")};
  if (names_own_field(text) && is_mcp_field(own_field_of(text)))
    return Complaint{"auth: no credential can be sent under this name", "such as \"header:X-API-Key\""};
  auto complaint = check_service_auth(text);
  if (!complaint) return complaint;
  if (names_own_field(text)) return Complaint{complaint->message, "such as \"header:X-API-Key\""};
  complaint->message = "auth must be one of \"bearer\", \"basic\", \"header:NAME\", \"oauth\", \"none\"";
  return complaint;
}

std::optional<Complaint> check_tool_glob(std::string_view text) {
  const auto fits = [](char c) { return c > ' ' && c < 0x7f; };
  if (!text.empty() && std::all_of(text.begin(), text.end(), fits)) return std::nullopt;
  return Complaint{"a tool's name has no blanks in it", "such as \"search_*\""};
}

#define PG_MCP_SLOT(field) [](McpServerSettings& s) -> KnobSlot { return &s.field; }

constexpr auto kMcpServers = [] {
  using enum KnobKind;
  return std::to_array<Knob<McpServerSettings>>({
      {{"command", list, 0, 0, check_plain_text}, PG_MCP_SLOT(command)},
      {{"directory", text, 0, 0, check_plain_text}, PG_MCP_SLOT(directory)},
      {{"idle_stop", duration, 0, kLongestWait}, PG_MCP_SLOT(idle_stop)},
      {{"url", text, 0, 0, check_mcp_url}, PG_MCP_SLOT(http.base_url)},
      {{"credential", text, 0, 0, check_mcp_credential}, PG_MCP_SLOT(http.credential)},
      {{"auth", text, 0, 0, check_mcp_auth}, PG_MCP_SLOT(http.auth)},
      {{"private", flag}, PG_MCP_SLOT(http.is_private)},
      {{"ca_file", text, 0, 0, check_plain_text}, PG_MCP_SLOT(http.ca_file)},
      {{"connect_timeout", duration, 100, kLongestWait}, PG_MCP_SLOT(http.connect_timeout)},
      {{"tools", list, 0, 0, check_tool_glob}, PG_MCP_SLOT(tools)},
      {{"deny_tools", list, 0, 0, check_tool_glob}, PG_MCP_SLOT(deny_tools)},
      {{"start_timeout", duration, 100, kLongestWait}, PG_MCP_SLOT(start_timeout)},
      {{"call_timeout", duration, 100, kLongestWait}, PG_MCP_SLOT(call_timeout)},
      {{"max_reply", bytes, 1024, std::int64_t{1} << 30}, PG_MCP_SLOT(max_reply)},
  });
}();
#undef PG_MCP_SLOT

// One text is what a shell would be given; pg starts programs without one.
std::string list_hint(const std::string& line) {
  if (line.find_first_of("\"'\\$`|&;<>") != std::string::npos) return "such as command = [\"npx\", \"-y\", \"some-mcp-server\"]";
  std::string words;
  for (const std::string_view word : split(line, ' '))
    if (!trim(word).empty()) words += (words.empty() ? "" : ", ") + json_quoted(trim(word));
  return fmt::format("write command = [{}]", mask_credentials(words));
}

void read_command(const TableReader& reader, const TomlEntry& entry, McpServerSettings& server) {
  const SourcePlace place = reader.document.value_place(entry.value);
  if (const std::string* line = entry.value.text())
    return reader.complain(place, "command is a list: the program and its arguments, and no shell reads it", list_hint(*line));
  const KnobType type{entry.key, KnobKind::list, 0, 0, check_plain_text};
  if (auto complaint = set_knob(type, &server.command, entry.value))
    return reader.complain(place, complaint->message, complaint->hint);
  if (server.command.empty())
    return reader.complain(place, "command is empty", "such as command = [\"npx\", \"-y\", \"some-mcp-server\"]");
  reader.note(entry.key, place);
}

bool is_variable(std::string_view name) {
  const auto fits = [](char c) { return is_alnum(c) || c == '_'; };
  return !name.empty() && name.size() <= 128 && !is_digit(name.front()) && std::all_of(name.begin(), name.end(), fits);
}

// A key, a token, or the password of a URL; what only its name makes suspicious is warned of.
bool is_plain_secret(std::string_view value) {
  const auto words = split(value, ' ');
  if (std::any_of(words.begin(), words.end(), looks_like_credential)) return true;
  const std::size_t start = value.find("://");
  if (start == std::string_view::npos) return false;
  const std::string_view authority = value.substr(start + 3, value.find_first_of("/?#", start + 3) - start - 3);
  const std::size_t sign = authority.rfind('@');
  return sign != std::string_view::npos && authority.substr(0, sign).find(':') != std::string_view::npos;
}

void read_variable(const TableReader& reader, const TomlEntry& field, McpServerSettings& server) {
  const std::string* value = reader.text(field);
  if (value == nullptr) return;
  const SourcePlace place = reader.document.value_place(field.value);
  if (!is_variable(field.key)) return reader.complain(reader.document.key_place(field), "not the name of a variable", "");
  if (is_looked_up(*value)) {
    if (auto complaint = check_credential(*value)) return reader.complain(place, complaint->message, complaint->hint);
  } else if (value->find('\0') != std::string::npos) {
    return reader.complain(place, "a variable cannot hold a NUL byte", "");
  } else if (is_plain_secret(*value)) {
    return reader.complain(place, kNoSecret,
                           fmt::format("such as {} = \"env:{}\", \"file:PATH\", or \"sealed:NAME\" with pg providers login NAME",
                                       field.key, field.key));
  }
  server.env.emplace_back(field.key, *value);
  reader.note(field.key, place);
}

void read_variables(const TableReader& outer, const TomlEntry& entry, McpServerSettings& server) {
  const TomlTable* table = outer.table(entry);
  if (table == nullptr) return;
  const TableReader reader = outer.within(entry.key);
  outer.note(entry.key, outer.document.key_place(entry));
  if (table->size() > kMostVariables)
    return outer.complain(outer.document.key_place(entry), fmt::format("more than {} variables", kMostVariables));
  for (const TomlEntry& field : *table) read_variable(reader, field, server);
}

void read_mcp_headers(const TableReader& reader, const TomlEntry& entry, McpServerSettings& server) {
  read_headers(reader, entry, server.http.headers);
  if (entry.value.table() == nullptr) return;
  for (const TomlEntry& field : *entry.value.table())
    if (is_mcp_field(field.key))
      reader.complain(reader.document.key_place(field),
                      fmt::format("the header \"{}\" is set by pg itself", to_lower(field.key)));
}

void read_mcp_server(const TableReader& reader, const TomlTable& fields, McpServerSettings& server) {
  for (const TomlEntry& field : fields) {
    server.has_command |= field.key == "command";
    server.has_url |= field.key == "url";
  }
  const auto into = [&server](auto read) {
    return [&server, read](const TableReader& within, const TomlEntry& field) { read(within, field, server); };
  };
  const TableHandlers handlers = {
      {"command", into(read_command)},
      {"env", into(read_variables)},
      {"headers", into(read_mcp_headers)},
      {"oauth", [&](const TableReader& within, const TomlEntry& field) { read_service_oauth(within, field, server.http); }},
      {"guards", [&](const TableReader& within, const TomlEntry& field) { read_guard_overlay(within, field, server.guards); }}};
  read_table<McpServerSettings>(reader, fields, mcp_server_knobs(), server, "", handlers);
}

using KeyHint = std::pair<std::string_view, const char*>;

constexpr std::array<KeyHint, 3> kProgramKeys = {
    KeyHint{"env", "what goes with every request is headers = { … }, and a credential of its own"},
    KeyHint{"directory", "it runs where it is; take the line out"},
    KeyHint{"idle_stop", "it is not started by pg; take the line out"},
};
constexpr std::array<KeyHint, 7> kPlaceKeys = {
    KeyHint{"credential", "a program gets it as a variable: env = { API_TOKEN = \"env:API_TOKEN\" }"},
    KeyHint{"auth", "a program gets its credential as a variable: env = { API_TOKEN = \"env:API_TOKEN\" }"},
    KeyHint{"headers", "a program gets variables: env = { LOG_LEVEL = \"info\" }"},
    KeyHint{"oauth", "a program gets its credential as a variable: env = { API_TOKEN = \"env:API_TOKEN\" }"},
    KeyHint{"private", "a program runs on this machine; take the line out"},
    KeyHint{"ca_file", "a program may read it from a variable: env = { SSL_CERT_FILE = \"…\" }"},
    KeyHint{"connect_timeout", "did you mean \"start_timeout\"?"},
};

const char* hint_in(std::span<const KeyHint> rows, std::string_view key) {
  const auto found = std::find_if(rows.begin(), rows.end(), [key](const KeyHint& row) { return row.first == key; });
  return found == rows.end() ? nullptr : found->second;
}

// What stands behind the last @ of a package or an image may be its digest: no credential.
std::string_view without_digest(std::string_view word) {
  const std::size_t sign = word.rfind('@');
  if (sign == std::string_view::npos) return word;
  std::string_view tail = word.substr(sign + 1);
  if (tail.starts_with("sha256:")) tail.remove_prefix(7);
  const auto is_hex = [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); };
  return tail.size() >= 7 && std::all_of(tail.begin(), tail.end(), is_hex) ? word.substr(0, sign) : word;
}

}  // namespace

std::span<const Knob<McpServerSettings>> mcp_server_knobs() {
  return kMcpServers;
}

const char* hint_of_program_key(std::string_view key) {
  return hint_in(kProgramKeys, key);
}
const char* hint_of_place_key(std::string_view key) {
  return hint_in(kPlaceKeys, key);
}

void read_mcp_servers(const TableReader& outer, const TomlEntry& entry, std::map<std::string, McpServerSettings>& servers) {
  const TomlTable* table = outer.table(entry);
  if (table == nullptr) return;
  const TableReader reader = outer.within(entry.key);
  for (const TomlEntry& row : *table) {
    const TomlTable* fields = reader.table(row);
    if (fields == nullptr) continue;
    if (auto complaint = check_server_name(row.key)) {
      reader.complain(reader.document.key_place(row), complaint->message, complaint->hint);
      continue;
    }
    McpServerSettings& server = servers[row.key];
    server.name = server.http.name = row.key;
    reader.note(row.key, reader.document.key_place(row));
    read_mcp_server(reader.within(row.key), *fields, server);
  }
}

bool is_local(const McpServerSettings& server) {
  if (!server.has_url) return true;
  const auto url = parse_url(server.http.base_url);
  return url && is_loopback_host(url.value().host);
}

ServiceSettings service_of(const McpServerSettings& server) {
  ServiceSettings service = server.http;
  service.methods = {"POST", "GET", "DELETE"};
  service.is_private |= is_local(server);
  // What answers may be silent as long as a call may take; what it says of its progress are signs of life.
  service.first_byte_timeout = service.idle_timeout = server.call_timeout;
  return service;
}

bool is_looked_up(std::string_view value) {
  return value.starts_with("env:") || value.starts_with("file:") || value.starts_with("sealed:");
}

std::vector<std::pair<std::string, std::string>> credentials_of(const McpServerSettings& server) {
  auto all = credentials_of(server.http);
  for (const auto& [name, value] : server.env)
    if (is_looked_up(value)) all.emplace_back("env." + name, value);
  return all;
}

std::string sealed_name(const McpServerSettings& server, const std::string& credential) {
  return sealed_name(server.http, credential);
}

std::string shown_argument(std::string_view word) {
  const std::string_view kept = without_digest(word);
  const std::size_t mark = std::min(kept.find('?'), kept.size());
  std::string shown = mask_credentials(kept.substr(0, mark));
  // Of a query not everything is hidden, as elsewhere: it may say what the server is to do.
  for (std::size_t at = mark; at < kept.size();) {
    const std::size_t end = std::min(kept.find('&', at + 1), kept.size());
    shown += mask_credentials(kept.substr(at, end - at));
    at = end;
  }
  return shown.append(word.substr(kept.size()));
}

}  // namespace pg
