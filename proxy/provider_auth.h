// How a request proves to a provider on whose behalf it comes.
#pragma once

#include <string>
#include <string_view>

#include "core/base/clock.h"
#include "core/base/secret_string.h"
#include "core/policy.h"

namespace pg {

/// What a request is about to say, for outlets that sign it.
struct SignedRequest {
  std::string_view method;
  std::string_view target;  // path and query, as in the request line
  std::string_view body;
  UnixMillis now = 0;
};

/// Appends the header fields that the outlet wants; none without a credential. `token` is a service account's, else nullptr.
void append_credential(std::string& head, const Provider& provider, const Outlet& outlet, const SecretString* token,
                       const SignedRequest& request);

}  // namespace pg
