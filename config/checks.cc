// What each kind of value may be.
#include "config/checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/base/address.h"
#include "core/base/ascii.h"
#include "core/base/ids.h"
#include "core/base/network.h"
#include "core/base/text.h"
#include "core/base/time_zone.h"
#include "core/base/url.h"
#include "core/store/alert.h"

namespace pg {
namespace {

const char* const kKeepOut = "use \"env:NAME\", \"file:PATH\", or \"sealed\" with pg providers login NAME";

Complaint choose(std::string_view what, std::string_view word, std::span<const std::string_view> choices) {
  std::string list;
  for (std::size_t i = 0; i < choices.size(); ++i)
    list += fmt::format("{}\"{}\"", i == 0 ? "" : i + 1 == choices.size() ? " or " : ", ", choices[i]);
  const auto near = find_nearest(word, choices);
  return {fmt::format("{} must be {}", what, list), near ? fmt::format("did you mean \"{}\"?", *near) : ""};
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

// RFC 9110 §5.6.2 token.
bool is_token(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  const auto fits = [&](char c) { return is_alnum(c) || kMarks.find(c) != std::string_view::npos; };
  return !text.empty() && std::all_of(text.begin(), text.end(), fits);
}

bool is_variable_name(std::string_view text) {
  const auto fits = [](char c) { return is_alnum(c) || c == '_'; };
  return !text.empty() && !is_digit(text.front()) && std::all_of(text.begin(), text.end(), fits);
}

}  // namespace

std::optional<Complaint> check_credential(std::string_view text) {
  constexpr std::array<std::string_view, 3> kWords = {"sealed", "client", "none"};
  if (std::find(kWords.begin(), kWords.end(), text) != kWords.end()) return std::nullopt;
  if (text.substr(0, 4) == "env:") {
    if (is_variable_name(text.substr(4)) && !looks_like_credential(text.substr(4))) return std::nullopt;
    return Complaint{"credential: \"env:\" takes the name of a variable", "such as \"env:OPENAI_API_KEY\""};
  }
  if (text.substr(0, 5) == "file:" && text.size() > 5 && !has_control(text)) return std::nullopt;
  if (text.substr(0, 7) == "sealed:" && !check_provider_name(text.substr(7))) return std::nullopt;
  if (looks_like_credential(text) || text.size() >= 16)
    return Complaint{"a credential must not stand in a settings file", kKeepOut};
  constexpr std::array<std::string_view, 5> kForms = {"env:NAME", "file:PATH", "sealed", "client", "none"};
  return choose("credential", text, kForms);
}

std::optional<Complaint> check_own_credential(std::string_view text) {
  if (text == "client" || text == "none")
    return Complaint{fmt::format("\"{}\" cannot be one of several", text), "such as [\"env:KEY_A\", \"env:KEY_B\"]"};
  return check_credential(text);
}

std::optional<Complaint> check_base_url(std::string_view text) {
  const auto url = parse_url(text);
  if (!url) return Complaint{url.error().message, "such as \"https://api.openai.com/v1\""};
  if (!url.value().query.empty()) return Complaint{"a base URL has no query", "such as \"https://api.openai.com/v1\""};
  return std::nullopt;
}

std::optional<Complaint> check_vertex_url(std::string_view text) {
  if (auto complaint = check_base_url(text)) return complaint;
  if (text.find("/projects/") != std::string_view::npos && text.find("/locations/") != std::string_view::npos)
    return std::nullopt;
  return Complaint{"vertex_base_url names the project and the location",
                   "such as \"https://us-east5-aiplatform.googleapis.com/v1/projects/PROJECT/locations/us-east5\""};
}

std::optional<Complaint> check_api_version(std::string_view text) {
  const auto fits = [](char c) { return is_alnum(c) || c == '-' || c == '.'; };
  if (!text.empty() && text.size() <= 40 && std::all_of(text.begin(), text.end(), fits)) return std::nullopt;
  return Complaint{"api_version must be a version of Azure's", "such as \"2024-10-21\"; without it the v1 API is used"};
}

std::optional<Complaint> check_region(std::string_view text) {
  const auto fits = [](char c) { return is_lower(c) || is_digit(c) || c == '-'; };
  if (!text.empty() && text.size() <= 40 && text.front() != '-' && text.back() != '-' &&
      std::all_of(text.begin(), text.end(), fits))
    return std::nullopt;
  return Complaint{"region must be the name of an AWS region", "such as \"us-east-1\""};
}

std::optional<Complaint> check_auth(std::string_view text) {
  constexpr std::array<std::string_view, 7> kAuth = {"bearer", "x-api-key", "x-goog-api-key", "api-key", "sigv4",
                                                     "google", "none"};
  if (std::find(kAuth.begin(), kAuth.end(), text) != kAuth.end()) return std::nullopt;
  return choose("auth", text, kAuth);
}

std::optional<Complaint> check_bind_host(std::string_view text) {
  if (text == "localhost" || parse_address(text)) return std::nullopt;
  return Complaint{"host must be an IP address or \"localhost\"", "\"127.0.0.1\" keeps it on this machine"};
}

std::optional<Complaint> check_host_name(std::string_view text) {
  const auto url = parse_url("http://" + std::string(text));
  if (url && equals_ignore_case(url.value().host, text)) return std::nullopt;
  return Complaint{"must be a host name without port", "such as \"pg.example.com\""};
}

std::optional<Complaint> check_network(std::string_view text) {
  const auto network = parse_network(text);
  if (network && network->bits == 0) return Complaint{"this is everybody: whoever reaches pg could say who they are", ""};
  if (network) return std::nullopt;
  return Complaint{"must be an IP address or a network", "such as \"10.0.0.0/8\" or \"::1\""};
}

std::optional<Complaint> check_origin(std::string_view text) {
  const auto url = parse_url(text);
  if (url && url.value().path.empty() && url.value().query.empty() && text.back() != '/') return std::nullopt;
  return Complaint{"must be an origin", "such as \"https://app.example.com\""};
}

std::optional<Complaint> check_uuid(std::string_view text) {
  if (is_uuid(text)) return std::nullopt;
  return Complaint{"id must be a UUID", "such as \"" + make_uuid() + "\", made for you just now"};
}

std::optional<Complaint> check_project_type(std::string_view text) {
  const std::span<const std::string_view> types = project_types();
  if (std::find(types.begin(), types.end(), text) != types.end()) return std::nullopt;
  return choose("type", text, types);
}

std::span<const std::string_view> project_types() {
  static constexpr std::array<std::string_view, 5> kTypes = {"agent", "wrapper", "gateway", "api", "mcp"};
  return kTypes;
}

std::optional<Complaint> check_log_failure(std::string_view text) {
  if (text == "serve" || text == "refuse") return std::nullopt;
  return Complaint{"on_failure must be \"serve\" or \"refuse\"", ""};
}

std::optional<Complaint> check_metrics(std::string_view text) {
  constexpr std::array<std::string_view, 3> kChoices = {"key", "loopback", "off"};
  if (std::find(kChoices.begin(), kChoices.end(), text) != kChoices.end()) return std::nullopt;
  return choose("metrics", text, kChoices);
}

MetricsAccess metrics_access(std::string_view word) {
  return word == "off" ? MetricsAccess::off : word == "loopback" ? MetricsAccess::loopback : MetricsAccess::key;
}

std::optional<Complaint> check_body_choice(std::string_view text) {
  constexpr std::array<std::string_view, 2> kChoices = {"off", "redacted"};
  if (std::find(kChoices.begin(), kChoices.end(), text) != kChoices.end()) return std::nullopt;
  return choose("log_bodies", text, kChoices);
}

std::optional<Complaint> check_file_name(std::string_view text) {
  if (!has_control(text)) return std::nullopt;
  return Complaint{"must not hold control characters", ""};
}

std::optional<Complaint> check_provider_name(std::string_view text) {
  const auto fits = [](char c) { return is_lower(c) || is_digit(c) || c == '-' || c == '_'; };
  if (!text.empty() && text.size() <= 63 && text.front() != '-' && text.front() != '_' &&
      std::all_of(text.begin(), text.end(), fits))
    return std::nullopt;
  return Complaint{"a provider name is lower-case letters, digits, dashes and underscores", ""};
}

std::optional<Complaint> check_plain_text(std::string_view text) {
  if (!text.empty() && !has_control(text)) return std::nullopt;
  return Complaint{"must not be empty or hold control characters", ""};
}

std::optional<Complaint> check_alert_filter(std::string_view text) {
  const auto filter = parse_alert_filter(text);
  if (filter) return std::nullopt;
  const Error& error = filter.error();
  return Complaint{"when: " + error.message,
                   fmt::format("{}{}'pg help filters' has the language", error.detail, error.detail.empty() ? "" : "; ")};
}

std::optional<Complaint> check_time_zone(std::string_view text) {
  const auto zone = TimeZone::find(std::string(text));
  if (zone) return std::nullopt;
  return Complaint{zone.error().message, "\"local\", \"UTC\", or a name such as \"Europe/Berlin\""};
}

std::optional<Complaint> check_unknown_prices(std::string_view text) {
  if (text == "refuse" || text == "allow") return std::nullopt;
  return Complaint{"unknown_prices must be \"refuse\" or \"allow\"", ""};
}

std::optional<Complaint> check_header(std::string_view name, std::string_view value) {
  // Framing and identity are the proxy's own business.
  constexpr std::array<std::string_view, 10> kOwn = {"host",       "connection",     "content-length", "transfer-encoding",
                                                     "te",         "trailer",        "upgrade",        "expect",
                                                     "keep-alive", "accept-encoding"};
  constexpr std::array<std::string_view, 6> kSecret = {"authorization", "x-api-key",           "api-key",
                                                       "cookie",        "proxy-authorization", "x-goog-api-key"};
  const std::string lower = to_lower(name);
  if (!is_token(name)) return Complaint{"not a header name", ""};
  if (std::find(kOwn.begin(), kOwn.end(), lower) != kOwn.end())
    return Complaint{fmt::format("the header \"{}\" is set by pg itself", lower), ""};
  const auto words = split(value, ' ');
  const bool secret = std::any_of(words.begin(), words.end(), looks_like_credential);
  if (secret || std::find(kSecret.begin(), kSecret.end(), lower) != kSecret.end())
    return Complaint{"a credential must not stand in a settings file",
                     "set credential instead: \"env:NAME\", \"file:PATH\" or \"sealed\""};
  if (has_control(value) || !is_utf8(value)) return Complaint{"a header value must not hold control characters", ""};
  return std::nullopt;
}

}  // namespace pg
