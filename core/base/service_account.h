// A Google service account: its key file, the signed claim that is exchanged for an access token, and the answer (RFC 7523).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/base/secret_string.h"
#include "core/base/url.h"

namespace pg {

struct ServiceAccount {
  std::string email;
  std::string key_id;
  SecretString private_key;  // PEM
  Url token_uri;
  std::string id;  // changes with the key: what a cached token belongs to
};

/// A key file as Google hands it out. bad_request, which never quotes the text: no such file, a key that cannot sign, or a
/// token_uri that is neither https nor on this machine.
Result<ServiceAccount> read_service_account(std::string_view json);

/// The form body that asks token_uri for a token for Google Cloud, valid for an hour from `now`.
Result<std::string> write_token_request(const ServiceAccount& account, UnixMillis now);

struct AccessToken {
  SecretString text;
  std::int64_t seconds = 0;    // it is good for
  SecretString refresh_token;  // takes the place of the one that it was bought with; mostly empty
};
/// The token of a 200 reply; upstream_failed with the provider's own word ("invalid_grant") for anything else.
Result<AccessToken> read_token_reply(int status, std::string_view body);

}  // namespace pg
