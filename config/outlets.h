// From a provider's row to its outlets, and from what its credential says to what the outlets send.
#pragma once

#include <string>
#include <string_view>

#include "config/settings.h"
#include "core/base/result.h"
#include "core/policy.h"

namespace pg {

/// Fills provider.outlets, each with its way of authentication, and provider.auth with the first one's. Echo has one for each
/// dialect that clients speak.
void add_outlets(const ProviderSettings& row, Provider& provider);

/// Puts a credential's text where provider.auth wants it: one line of printable ASCII, AWS keys, or a service account's key file.
/// bad_request, which never quotes the text.
Status put_credential(std::string_view text, const ProviderSettings& row, Provider& provider);

/// The region a Bedrock row signs for: its own, or the one in its URL; "" when neither says.
std::string bedrock_region(const ProviderSettings& row);

}  // namespace pg
