// One strict reading of URLs, so that what was checked is what is connected to.
#include "core/base/url.h"

#include <algorithm>
#include <cstddef>

#include "core/base/address.h"
#include "core/base/ascii.h"
#include "core/base/text.h"

namespace pg {
namespace {

Error refuse(const char* why) {
  return make_error(Code::bad_request, why);
}

/// Anything a URL may hold unescaped (RFC 3986 §2), and `%`. Leaves out blanks, controls, backslash, non-ASCII.
bool is_url_byte(char c) {
  return is_alnum(c) || std::string_view("-._~:/?#[]@!$&'()*+,;=%|{}").find(c) != std::string_view::npos;
}

/// True for what resolvers would read as an IPv4 number although it is no dotted quad: `127.1`, `0x7f.1`, `2130706433`.
bool ends_in_number(std::string_view host) {
  const std::string_view last = host.substr(host.rfind('.') + 1);
  const bool decimal = std::all_of(last.begin(), last.end(), is_digit);
  return decimal || last.substr(0, 2) == "0x";
}

bool is_label(std::string_view label) {
  const auto allowed = [](char c) { return is_alnum(c) || c == '-' || c == '_'; };
  return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
         std::all_of(label.begin(), label.end(), allowed);
}

Result<std::string> parse_host(std::string_view text) {
  if (text.empty()) return refuse("the URL has no host");
  if (text.front() == '[') {
    if (text.back() != ']' || !parse_address(text)) return refuse("the URL's IPv6 address is malformed");
    return to_lower(text.substr(1, text.size() - 2));
  }
  std::string host = to_lower(text);
  if (host.size() > 253) return refuse("the URL's host is too long");
  for (const std::string_view label : split(host, '.')) {
    if (!is_label(label)) return refuse("the URL's host is malformed");
  }
  if (ends_in_number(host) && !parse_address(host)) return refuse("the URL's IPv4 address is malformed");
  return host;
}

Result<std::uint16_t> parse_port(std::string_view text) {
  unsigned port = 0;
  for (const char c : text) {
    if (!is_digit(c) || port > 65'535) return refuse("the URL's port is not a number from 1 to 65535");
    port = port * 10 + static_cast<unsigned>(c - '0');
  }
  if (port == 0 || port > 65'535) return refuse("the URL's port is not a number from 1 to 65535");
  return static_cast<std::uint16_t>(port);
}

Status read_authority(std::string_view text, Url& url) {
  if (text.find('@') != std::string_view::npos) return refuse("a URL may not hold a user name or password");
  const std::size_t bracket = text.rfind(']');
  const std::size_t colon = text.find(':', bracket == std::string_view::npos ? 0 : bracket);
  PG_TRY(url.host, parse_host(text.substr(0, colon)));
  url.port = url.tls ? 443 : 80;
  if (colon != std::string_view::npos) {
    PG_TRY(url.port, parse_port(text.substr(colon + 1)));
  }
  return {};
}

}  // namespace

void Url::append_authority(std::string& out) const {
  const bool is_v6 = host.find(':') != std::string::npos;
  if (is_v6) out += '[';
  out += host;
  if (is_v6) out += ']';
  if (port != (tls ? 443 : 80)) out.append(1, ':').append(std::to_string(port));
}

std::string Url::authority() const {
  std::string out;
  append_authority(out);
  return out;
}

std::string Url::text() const {
  std::string out = (tls ? "https://" : "http://") + authority() + path;
  if (!query.empty()) out += "?" + query;
  return out;
}

Result<Url> parse_url(std::string_view text) {
  if (!std::all_of(text.begin(), text.end(), is_url_byte))
    return refuse("the URL holds a blank, a backslash or another byte that must be escaped");
  if (text.find('#') != std::string_view::npos) return refuse("a URL may not hold a fragment here");
  Url url;
  url.tls = starts_with_ignore_case(text, "https://");
  if (!url.tls && !starts_with_ignore_case(text, "http://")) return refuse("a URL begins with http:// or https://");
  text.remove_prefix(url.tls ? 8 : 7);
  const std::size_t end = std::min(text.find_first_of("/?"), text.size());
  if (Status status = read_authority(text.substr(0, end), url); !status) return status.error();
  text.remove_prefix(end);
  const std::size_t mark = std::min(text.find('?'), text.size());
  std::string_view path = text.substr(0, mark);
  while (!path.empty() && path.back() == '/') path.remove_suffix(1);
  url.path = path;
  url.query = text.substr(std::min(mark + 1, text.size()));
  return url;
}

}  // namespace pg
