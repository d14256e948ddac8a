// Text encodings of bytes: base64, base64url, hex, percent, and JSON string escaping.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pg {

std::string to_hex(std::string_view bytes);  // lower case
std::optional<std::string> from_hex(std::string_view text);

std::string to_base64(std::string_view bytes);     // RFC 4648 §4, padded
std::string to_base64url(std::string_view bytes);  // RFC 4648 §5, unpadded
/// Accepts padded or unpadded input of the standard alphabet, no line breaks; nullopt for anything else.
std::optional<std::string> from_base64(std::string_view text);
std::optional<std::string> from_base64url(std::string_view text);

/// Percent-decodes; nullopt on a cut or non-hex escape. `+` stays `+`.
std::optional<std::string> from_percent(std::string_view text);
std::string to_percent(std::string_view text);  // everything but RFC 3986 unreserved

/// Appends `text` as the inside of a JSON string (no quotes): `"` `\` and control characters escaped, all else as it is (RFC 8259
/// §7). Half a surrogate pair in its three-byte form becomes U+FFFD.
void append_json_escaped(std::string& out, std::string_view text);
std::string json_escaped(std::string_view text);
std::string json_quoted(std::string_view text);  // with the quotes

}  // namespace pg
