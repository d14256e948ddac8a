// The ways in which a reply may quote a credential: as it is, and as JSON, URLs, forms and base64 would have it.
#pragma once

#include <string_view>
#include <vector>

#include "core/base/secret_string.h"

namespace pg {

/// Each once, the credential itself first: escaped for JSON (with `/` as it is or as `\/`, and with `<>&` as `\u003c` and so on),
/// for URLs and forms in both cases of hex, in base64 and base64url, alone and wherever it stands within a longer text (then
/// without the digits that its neighbours have a share in). Padding is not part of it.
std::vector<SecretString> credential_spellings(std::string_view credential);

}  // namespace pg
