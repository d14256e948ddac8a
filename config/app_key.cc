// The app key from the environment or its file.
#include "config/app_key.h"

#include "core/base/crypto.h"
#include "core/base/encode.h"
#include "core/base/text.h"
#include "core/store/files.h"

namespace pg {
namespace {

constexpr std::size_t kKeyBytes = 32;
constexpr std::uint64_t kMaxFile = 4096;

}  // namespace

Result<SecretString> parse_app_key(std::string_view text) {
  text = trim(text);
  std::optional<std::string> bytes;
  if (text.size() == 2 * kKeyBytes) bytes = from_hex(text);
  if (text.size() == 43 || text.size() == 44) {
    bytes = from_base64(text);
    if (!bytes) bytes = from_base64url(text);
  }
  if (!bytes || bytes->size() != kKeyBytes)
    return make_error(Code::invalid_config, "the app key is not 32 bytes as 64 hex digits or 43 characters of base64");
  SecretString key(*bytes);
  wipe(bytes->data(), bytes->size());
  return key;
}

Result<SecretString> load_app_key(const Environment& environment, const std::string& file) {
  if (const auto text = find_variable(environment, "PG_APP_KEY")) {
    auto key = parse_app_key(*text);
    if (!key) return make_error(key.error().code, "PG_APP_KEY: " + key.error().message);
    return key;
  }
  auto text = read_file(file, kMaxFile, FileTrust::secret);
  if (!text && text.error().code == Code::not_found)
    return make_error(Code::not_found, file + ": there is no app key; hint: pg init makes one, or set PG_APP_KEY");
  if (!text) return std::move(text).error();
  auto key = parse_app_key(text.value());
  wipe(text.value().data(), text.value().size());
  if (!key) return make_error(key.error().code, file + ": " + key.error().message);
  return key;
}

Result<bool> create_app_key(const std::string& file) {
  if (auto made = make_private_directory(directory_of(file)); !made) return std::move(made).error();
  std::string random = random_bytes(kKeyBytes);
  std::string line = to_hex(random) + "\n";
  auto made = create_file(file, line);
  wipe(random.data(), random.size());
  wipe(line.data(), line.size());
  return made;
}

}  // namespace pg
