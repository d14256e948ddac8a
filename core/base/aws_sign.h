// AWS Signature Version 4: the header fields that prove who sends a request, made from static keys.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/base/secret_string.h"

namespace pg {

/// Static credentials of an AWS identity, and the region they are used in.
struct AwsKeys {
  std::string key_id;
  SecretString secret;
  SecretString session_token;  // empty for long-lived keys
  std::string region;
};

/// What is signed. Fields are given in lower case, without those that sign_aws() adds.
struct AwsRequest {
  std::string_view method;
  std::string_view target;                                  // as it is sent: percent-encoded path and "?query"
  std::vector<std::pair<std::string, std::string>> fields;  // host at least
  std::string_view body;
};

/// The fields to send beside those of `request`: x-amz-date, x-amz-security-token with a session token, and authorization.
/// (AWS General Reference, "Create a signed AWS API request": every path segment is encoded once more, as all services but S3
/// want it.)
std::vector<std::pair<std::string, std::string>> sign_aws(const AwsRequest& request, const AwsKeys& keys,
                                                          std::string_view service, UnixMillis now);

/// Keys as AWS's own tools keep them: an INI file (`aws_access_key_id = …`, its [default] profile), the JSON of a credential
/// process (`AccessKeyId`), or "ID:SECRET" and "ID:SECRET:TOKEN". bad_request, which never quotes the text.
Result<AwsKeys> read_aws_keys(std::string_view text);

}  // namespace pg
