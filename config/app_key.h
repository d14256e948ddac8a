// The app key: 32 bytes that seal provider credentials. PG_APP_KEY, or a 0600 file that init makes.
#pragma once

#include <string>
#include <string_view>

#include "config/paths.h"
#include "core/base/result.h"
#include "core/base/secret_string.h"

namespace pg {

/// 64 hex digits, or 43/44 characters of base64 or base64url, to 32 bytes; invalid_config otherwise, without repeating the text.
Result<SecretString> parse_app_key(std::string_view text);

/// PG_APP_KEY if set, else the file; not_found with a hint when there is neither, io_failed when others may read the file.
Result<SecretString> load_app_key(const Environment& environment, const std::string& file);

/// Makes the file with a fresh key unless it exists; true when it was made.
Result<bool> create_app_key(const std::string& file);

}  // namespace pg
