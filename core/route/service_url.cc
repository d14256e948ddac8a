// The caller resolves what it is told against the gateway's URL, where other services are neighbours: "../../other" would be a
// call to one of them. So nothing relative is left, and what is compared is what a client would make of it.
#include "core/route/service_url.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "core/base/ascii.h"
#include "core/base/text.h"

namespace pg {
namespace {

struct UrlPieces {
  std::string origin;  // scheme and authority, lower case, without the scheme's own port
  std::string path;
  std::string tail;  // query and fragment, with their signs
};

// What clients skip when they read a URL.
std::string without_controls(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) out += c;
  return std::string(trim(out));
}

// "https" of "https:…", in lower case; "" when it has none.
std::string url_scheme(std::string_view url) {
  const std::size_t colon = url.find(':');
  if (colon == std::string_view::npos || !is_letter(url.front())) return {};
  const std::string_view scheme = url.substr(0, colon);
  const auto fits = [](char c) { return is_alnum(c) || c == '+' || c == '-' || c == '.'; };
  return std::all_of(scheme.begin(), scheme.end(), fits) ? to_lower(scheme) : std::string();
}

std::string lower_origin(std::string_view scheme, std::string_view authority) {
  std::string out = std::string(scheme).append("://").append(to_lower(authority));
  const std::string_view port = scheme == "https" ? ":443" : ":80";
  if (out.ends_with(port)) out.resize(out.size() - port.size());
  if (out.ends_with(':')) out.pop_back();
  return out;
}

// `rest` begins behind the authority's two slashes.
UrlPieces pieces_of(std::string_view scheme, std::string_view rest) {
  const std::size_t end = std::min(rest.find_first_of("/?#"), rest.size());
  const std::size_t tail = std::min(rest.find_first_of("?#"), rest.size());
  return {lower_origin(scheme, rest.substr(0, end)), std::string(rest.substr(end, tail - end)), std::string(rest.substr(tail))};
}

std::optional<UrlPieces> read_absolute(std::string_view url) {
  const std::string scheme = url_scheme(url);
  const std::string_view rest = scheme.empty() ? std::string_view() : url.substr(scheme.size() + 1);
  if (!rest.starts_with("//")) return std::nullopt;
  return pieces_of(scheme, rest.substr(2));
}

// 1 for ".", 2 for "..", however they are escaped; else 0.
int dots_of(std::string_view segment) {
  int dots = 0;
  while (!segment.empty()) {
    const std::size_t size = segment.front() == '.' ? 1 : starts_with_ignore_case(segment, "%2e") ? 3 : 0;
    if (size == 0 || ++dots > 2) return 0;
    segment.remove_prefix(size);
  }
  return dots;
}

// RFC 3986 §5.2.4, of a path that begins with "/".
std::string without_dots(std::string_view path) {
  std::vector<std::string_view> kept;
  bool is_open = false;  // what comes last is a place that ends in "/"
  for (const std::string_view segment : split(path.substr(1), '/')) {
    const int dots = dots_of(segment);
    if (dots == 2 && !kept.empty()) kept.pop_back();
    if (dots == 0) kept.push_back(segment);
    is_open = dots > 0;
  }
  std::string out;
  for (const std::string_view segment : kept) out.append("/").append(segment);
  if (is_open || out.empty()) out += '/';
  return out;
}

// RFC 3986 §5.2.2, of a reference without scheme and authority.
UrlPieces resolve_path(std::string_view reference, const UrlPieces& called) {
  const std::size_t mark = std::min(reference.find_first_of("?#"), reference.size());
  const std::string_view path = reference.substr(0, mark);
  UrlPieces out{called.origin, std::string(path), std::string(reference.substr(mark))};
  if (path.empty()) {
    out.path = called.path;
    if (!out.tail.starts_with('?')) out.tail.insert(0, called.tail, 0, called.tail.find('#'));
  } else if (!path.starts_with('/')) {
    const std::size_t slash = called.path.rfind('/');
    out.path.insert(0, slash == std::string::npos ? "/" : called.path.substr(0, slash + 1));
  }
  return out;
}

/// Whether `path` is `start`, or goes on behind it with another segment.
bool is_path_below(std::string_view path, std::string_view start) {
  return path.starts_with(start) && (path.size() == start.size() || path[start.size()] == '/');
}

// What `url`, of http or https or of no scheme, means to who asked for `called`.
UrlPieces resolve_url(std::string_view url, const UrlPieces& called) {
  const std::string_view own = std::string_view(called.origin).substr(0, called.origin.find(':'));
  const std::string scheme = url_scheme(url);
  if (!scheme.empty()) url.remove_prefix(scheme.size() + 1);
  if (url.starts_with("//")) return pieces_of(scheme.empty() ? own : scheme, url.substr(2));
  // "https:path" is a path where the scheme is the same, and a host where it is not.
  if (scheme.empty() || scheme == own) return resolve_path(url, called);
  return pieces_of(scheme, url.substr(std::min(url.find_first_not_of('/'), url.size())));
}

}  // namespace

std::string map_service_url(std::string_view url, const ServicePlace& place) {
  const std::optional<UrlPieces> base = read_absolute(place.base), called = read_absolute(place.called);
  std::string plain = without_controls(url);
  if (!base || !called) return plain;
  const std::string scheme = url_scheme(plain);
  const bool is_web = scheme == "http" || scheme == "https";
  if (!scheme.empty() && !is_web) return plain;
  std::replace(plain.begin(), plain.begin() + static_cast<std::ptrdiff_t>(std::min(plain.find_first_of("?#"), plain.size())),
               '\\', '/');
  UrlPieces meant = resolve_url(plain, *called);
  if (!meant.path.empty()) meant.path = without_dots(meant.path);
  if (meant.origin == base->origin && is_path_below(meant.path, base->path))
    return std::string(place.gateway).append(meant.path, base->path.size()).append(meant.tail);
  if (is_web && plain.compare(scheme.size(), 3, "://") == 0) return plain;
  return meant.origin + meant.path + meant.tail;
}

std::string map_service_links(std::string_view links, const ServicePlace& place) {
  std::string out;
  bool is_quoted = false;
  for (std::size_t at = 0; at < links.size(); ++at) {
    const char c = links[at];
    out += c;
    if (is_quoted && c == '\\' && at + 1 < links.size()) {
      out += links[++at];
    } else if (c == '"') {
      is_quoted = !is_quoted;
    } else if (c == '<' && !is_quoted) {
      const std::size_t close = std::min(links.find('>', at), links.size());
      out.append(map_service_url(links.substr(at + 1, close - at - 1), place));
      at = close - 1;
    }
  }
  return out;
}

}  // namespace pg
