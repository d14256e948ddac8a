// URLs, parsed once by the same code that connects.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace pg {

/// An absolute http or https URL without userinfo or fragment.
struct Url {
  bool tls = false;
  std::string host;  // lower case; IPv6 without brackets
  std::uint16_t port = 0;
  std::string path;   // "" or begins with "/", no trailing "/"
  std::string query;  // without "?"

  /// `host`, or `host:port` when the port is not the scheme's own: the Host field (RFC 9112 §3.2).
  std::string authority() const;
  void append_authority(std::string& out) const;
  std::string text() const;
};

/// bad_request for other schemes, userinfo, empty or malformed host, port out of range, control characters or backslashes.
Result<Url> parse_url(std::string_view text);

}  // namespace pg
