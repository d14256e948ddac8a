// One case per AuthStyle.
#include "proxy/provider_auth.h"

#include "core/base/aws_sign.h"

namespace pg {
namespace {

constexpr std::string_view kBedrockService = "bedrock";

void append_secret(std::string& head, std::string_view name, std::string_view value) {
  if (!value.empty()) head.append(name).append(value).append("\r\n");
}

void append_signature(std::string& head, const AwsKeys& keys, const Outlet& outlet, const SignedRequest& request) {
  const AwsRequest signing{request.method, request.target, {{"host", outlet.base.authority()}}, request.body};
  for (const auto& [name, value] : sign_aws(signing, keys, kBedrockService, request.now))
    head.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

void append_credential(std::string& head, const Provider& provider, const Outlet& outlet, const SecretString* token,
                       const SignedRequest& request) {
  const std::string_view credential = provider.credential.reveal();
  switch (outlet.auth) {
    case AuthStyle::bearer:
      return append_secret(head, "Authorization: Bearer ", credential);
    case AuthStyle::x_api_key:
      return append_secret(head, "x-api-key: ", credential);
    case AuthStyle::goog_key:
      return append_secret(head, "x-goog-api-key: ", credential);
    case AuthStyle::api_key:
      return append_secret(head, "api-key: ", credential);
    case AuthStyle::google:
      return append_secret(head, "Authorization: Bearer ", token == nullptr ? std::string_view() : token->reveal());
    case AuthStyle::sigv4:
      if (provider.aws != nullptr) append_signature(head, *provider.aws, outlet, request);
      return;
    case AuthStyle::none:
    case AuthStyle::client:
      return;
  }
}

}  // namespace pg
