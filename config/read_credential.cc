// The same three ways for providers and services.
#include "config/read_credential.h"

#include <fmt/format.h>

#include "config/providers.h"
#include "core/store/files.h"

namespace pg {
namespace {

constexpr std::uint64_t kMaxCredentialFile = 16384;

}  // namespace

Result<SecretString> read_credential(const std::string& credential, const std::string& name, bool or_sealed,
                                     const Settings& settings, const PolicyParts& parts) {
  if (credential.substr(0, 4) == "env:") {
    const auto value = find_variable(parts.environment, credential.substr(4));
    if (value) return SecretString(*value);
    // The shipped rows name a variable; `pg providers login NAME` must work beside them without an edit.
    if (parts.open_sealed && or_sealed)
      if (auto stored = parts.open_sealed(name)) return stored;
    return make_error(Code::not_found, fmt::format("environment variable {} is not set", credential.substr(4)));
  }
  if (credential.substr(0, 5) == "file:") {
    const std::string path = credential_path(credential, settings, find_paths(parts.environment).home);
    // Orchestrators mount secrets as links that others may read; their directory is what is private.
    PG_TRY(std::string text, read_file(path, kMaxCredentialFile, FileTrust::shared));
    SecretString secret(text);
    wipe(text.data(), text.size());
    return secret;
  }
  if (!parts.open_sealed) return make_error(Code::not_found, "no sealed credentials here");
  return parts.open_sealed(credential.substr(0, 7) == "sealed:" ? credential.substr(7) : name);
}

}  // namespace pg
