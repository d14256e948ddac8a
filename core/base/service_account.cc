// Small documents: a tree is fine here. Nothing of a key ever gets into an error.
#include "core/base/service_account.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/base/address.h"
#include "core/base/ascii.h"
#include "core/base/crypto.h"
#include "core/base/encode.h"
#include "core/base/text.h"

namespace pg {
namespace {

constexpr std::string_view kScope = "https://www.googleapis.com/auth/cloud-platform";
constexpr std::string_view kGrant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
constexpr std::int64_t kLifetime = 3600;  // seconds; Google allows no more

std::string member_text(const nlohmann::json& json, const char* name) {
  const auto found = json.is_object() ? json.find(name) : json.end();
  return json.is_object() && found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool is_safe_to_ask(const Url& url) {
  if (url.tls || url.host == "localhost") return true;
  const auto address = parse_address(url.host);
  return address && address->is_loopback();
}

// One word of the provider's, such as "invalid_grant": safe to show.
std::string plain_word(const std::string& text) {
  const bool fits = !text.empty() && text.size() <= 40 &&
                    std::all_of(text.begin(), text.end(), [](char c) { return is_letter(c) || c == '_' || c == '-'; });
  return fits ? text : std::string();
}

}  // namespace

Result<ServiceAccount> read_service_account(std::string_view text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return make_error(Code::bad_request, "the service account's key file is no JSON object");
  if (member_text(json, "type") != "service_account")
    return make_error(Code::bad_request, "the key file is not one of a service account (\"type\": \"service_account\")");
  ServiceAccount account;
  account.email = member_text(json, "client_email");
  account.key_id = member_text(json, "private_key_id");
  account.private_key = SecretString(member_text(json, "private_key"));
  if (account.email.empty() || account.private_key.empty())
    return make_error(Code::bad_request, "the service account's key file lacks client_email or private_key");
  const auto uri = parse_url(member_text(json, "token_uri"));
  if (!uri || !is_safe_to_ask(uri.value()))
    return make_error(Code::bad_request, "the service account's token_uri is not an https URL");
  account.token_uri = uri.value();
  if (!sign_rs256(account.private_key.reveal(), "probe"))
    return make_error(Code::bad_request, "the service account's private_key is no RSA key");
  account.id = to_hex(as_bytes(sha256(text))).substr(0, 32);
  return account;
}

Result<std::string> write_token_request(const ServiceAccount& account, UnixMillis now) {
  const nlohmann::ordered_json head = {{"alg", "RS256"}, {"typ", "JWT"}, {"kid", account.key_id}};
  const std::int64_t seconds = now / 1000;
  const nlohmann::ordered_json claims = {{"iss", account.email},
                                         {"scope", kScope},
                                         {"aud", account.token_uri.text()},
                                         {"iat", seconds},
                                         {"exp", seconds + kLifetime}};
  const std::string signed_part = to_base64url(head.dump()) + "." + to_base64url(claims.dump());
  PG_TRY(const std::string signature, sign_rs256(account.private_key.reveal(), signed_part));
  return fmt::format("grant_type={}&assertion={}.{}", to_percent(kGrant), signed_part, to_base64url(signature));
}

Result<AccessToken> read_token_reply(int status, std::string_view body) {
  const auto json = nlohmann::json::parse(body, nullptr, false);
  AccessToken token{SecretString(trim(member_text(json, "access_token"))), 0, SecretString(member_text(json, "refresh_token"))};
  if (status == 200 && !token.text.empty()) {
    const auto seconds = json.find("expires_in");
    token.seconds = seconds != json.end() && seconds->is_number_integer() ? seconds->get<std::int64_t>() : kLifetime;
    const auto fits = [](char c) { return c > ' ' && c < 0x7f; };
    const std::string_view word = token.text.reveal();
    if (token.seconds > 0 && std::all_of(word.begin(), word.end(), fits)) return token;
  }
  const std::string word = plain_word(member_text(json, "error"));
  return make_error(Code::upstream_failed, "the provider's token endpoint gave no access token",
                    fmt::format("status {}{}{}", status, word.empty() ? "" : ": ", word));
}

}  // namespace pg
