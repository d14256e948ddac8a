// One function per kind of base URL; what their paths look like further down is proxy/address_call's.
#include "config/outlets.h"

#include <algorithm>
#include <utility>

#include "config/providers.h"
#include "core/base/aws_sign.h"
#include "core/base/service_account.h"
#include "core/base/text.h"

namespace pg {
namespace {

constexpr std::pair<std::string_view, AuthStyle> kStyles[] = {
    {"bearer", AuthStyle::bearer},   {"x-api-key", AuthStyle::x_api_key}, {"x-goog-api-key", AuthStyle::goog_key},
    {"api-key", AuthStyle::api_key}, {"sigv4", AuthStyle::sigv4},         {"google", AuthStyle::google},
    {"none", AuthStyle::none}};

// What the row says, for all its outlets; else each dialect's own way.
AuthStyle auth_for(const ProviderSettings& row, AuthStyle usual) {
  const std::string credential = credentials_of(row).front();
  if (credential == "client") return AuthStyle::client;
  if (credential == "none") return AuthStyle::none;
  for (const auto& [name, style] : kStyles)
    if (row.auth && *row.auth == name) return style;
  return usual;
}

class OutletList {
 public:
  OutletList(const ProviderSettings& row, Provider& provider) : row_(row), provider_(provider) {}

  void add(const std::string& base, std::string_view below, Outlet outlet) {
    auto url = parse_url(base);
    if (!url) return;  // complained about where it was read
    outlet.auth = auth_for(row_, outlet.auth);
    outlet.base = std::move(url).value();
    outlet.base.path += below;
    if (outlet.form == OutletForm::azure) outlet.base.query = "api-version=" + row_.api_version.value_or("");
    provider_.outlets.push_back(std::move(outlet));
  }

  void add_openai(const std::string& base, std::string_view below, AuthStyle usual) {
    add(base, below, {DialectId::openai_chat, {}, OutletForm::plain, usual});
    if (row_.responses.value_or(true)) add(base, below, {DialectId::openai_responses, {}, OutletForm::plain, usual});
  }

  // With a version, the deployment stands in the path and Responses are spoken beside it only where the row says so.
  void add_azure(std::string base) {
    for (const std::string_view end : {"/", "/openai/v1", "/openai"})
      if (base.ends_with(end)) base.resize(base.size() - end.size());
    if (!row_.api_version) return add_openai(base, "/openai/v1", AuthStyle::api_key);
    add(base, "/openai", {DialectId::openai_chat, {}, OutletForm::azure, AuthStyle::api_key});
    if (row_.responses.value_or(false))
      add(base, "/openai/v1", {DialectId::openai_responses, {}, OutletForm::plain, AuthStyle::api_key});
  }

  void add_vertex(const std::string& base) {
    add(base, "/publishers/google", {DialectId::gemini, {}, OutletForm::plain, AuthStyle::google, "gemini"});
    add(base, "/publishers/anthropic", {DialectId::anthropic, {}, OutletForm::vertex, AuthStyle::google, "anthropic"});
  }

 private:
  const ProviderSettings& row_;
  Provider& provider_;
};

Status put_aws_keys(std::string_view text, const ProviderSettings& row, Provider& provider) {
  PG_TRY(AwsKeys keys, read_aws_keys(text));
  keys.region = bedrock_region(row);
  if (keys.region.empty()) return make_error(Code::bad_request, "region is not set");
  provider.aws = std::make_shared<const AwsKeys>(std::move(keys));
  return {};
}

}  // namespace

void add_outlets(const ProviderSettings& row, Provider& provider) {
  provider.names_freely = names_models_freely(row);
  if (provider.echo) {
    for (const DialectId id : {DialectId::openai_chat, DialectId::openai_responses, DialectId::anthropic})
      provider.outlets.push_back({id, Url{}});
    return;
  }
  OutletList list(row, provider);
  if (row.openai_base_url) list.add_openai(*row.openai_base_url, "", AuthStyle::bearer);
  if (row.anthropic_base_url)
    list.add(*row.anthropic_base_url, "",
             {DialectId::anthropic, {}, OutletForm::plain, row.openai_base_url ? AuthStyle::bearer : AuthStyle::x_api_key});
  if (row.gemini_base_url) list.add(*row.gemini_base_url, "", {DialectId::gemini, {}, OutletForm::plain, AuthStyle::goog_key});
  if (row.cohere_base_url) list.add(*row.cohere_base_url, "", {DialectId::cohere, {}, OutletForm::plain, AuthStyle::bearer});
  if (row.azure_base_url) list.add_azure(*row.azure_base_url);
  if (row.vertex_base_url) list.add_vertex(*row.vertex_base_url);
  if (const std::string bedrock = bedrock_url(row); !bedrock.empty())
    list.add(bedrock, "", {DialectId::anthropic, {}, OutletForm::bedrock, AuthStyle::sigv4, "anthropic"});
  if (!provider.outlets.empty()) provider.auth = provider.outlets.front().auth;
}

Status put_credential(std::string_view text, const ProviderSettings& row, Provider& provider) {
  text = trim(text);
  if (provider.auth == AuthStyle::sigv4) return put_aws_keys(text, row, provider);
  if (provider.auth == AuthStyle::google) {
    PG_TRY(ServiceAccount account, read_service_account(text));
    provider.google = std::make_shared<const ServiceAccount>(std::move(account));
    return {};
  }
  const auto fits = [](char c) { return c >= 0x20 && c < 0x7f; };
  if (text.empty() || !std::all_of(text.begin(), text.end(), fits))
    return make_error(Code::bad_request, "not one line of printable ASCII");
  provider.credential = SecretString(text);
  return {};
}

std::string bedrock_region(const ProviderSettings& row) {
  if (row.region) return *row.region;
  constexpr std::string_view kStart = "bedrock-runtime.";
  const auto url = parse_url(row.bedrock_base_url.value_or(""));
  if (!url || !url.value().host.starts_with(kStart)) return "";
  const std::string_view rest = std::string_view(url.value().host).substr(kStart.size());
  return std::string(rest.substr(0, rest.find('.')));
}

}  // namespace pg
