// Servers undo escapes once, twice or never, take "\" for "/", cut at ";" and drop dots at the end of a name: none of these may
// make of an allowed path another one.
#include "core/route/service_path.h"

#include <algorithm>
#include <vector>

#include "core/base/ascii.h"
#include "core/base/encode.h"
#include "core/base/text.h"

namespace pg {
namespace {

Error bad_path(const char* why) {
  return make_error(Code::bad_request, std::string("the path ") + why);
}

// RFC 3986 §3.3 pchar, and the escapes' own sign.
bool is_path_byte(char c) {
  return is_alnum(c) || std::string_view("-._~!$&'()*+,=:@%").find(c) != std::string_view::npos;
}

bool is_only_dots(std::string_view segment) {
  return segment.find_first_not_of(". ") == std::string_view::npos;
}

// An escape that is still one when it was undone: a server behind the server may undo it again.
bool holds_escape(std::string_view plain) {
  for (std::size_t at = plain.find('%'); at != std::string_view::npos; at = plain.find('%', at + 1))
    if (at + 2 < plain.size() && hex_value(plain[at + 1]) >= 0 && hex_value(plain[at + 2]) >= 0) return true;
  return false;
}

Status read_segment(std::string_view raw, std::string& path) {
  if (raw.empty()) return bad_path("has an empty segment (//)");
  if (!std::all_of(raw.begin(), raw.end(), is_path_byte)) return bad_path("holds a byte that must be escaped");
  const auto plain = from_percent(raw);
  if (!plain) return bad_path("has a broken escape");
  if (is_only_dots(*plain)) return bad_path("has a dot segment");
  const auto is_foul = [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '/' || c == '\\' || c == ';';
  };
  if (std::any_of(plain->begin(), plain->end(), is_foul))
    return bad_path("has an escaped slash, backslash, semicolon or control");
  if (holds_escape(*plain)) return bad_path("is escaped twice");
  if (!is_utf8(*plain)) return bad_path("is not UTF-8");
  path.append("/").append(*plain);
  return {};
}

using Segments = std::vector<std::string_view>;

Segments segments_of(std::string_view path) {
  if (path.starts_with('/')) path.remove_prefix(1);
  if (path.ends_with('/')) path.remove_suffix(1);
  return path.empty() ? Segments() : split(path, '/');
}

// fits[i]: what of the glob has been read fits the first i segments.
std::vector<bool> fit_prefixes(const Segments& glob, const Segments& path) {
  std::vector<bool> fits(path.size() + 1, false);
  fits[0] = true;
  for (const std::string_view piece : glob) {
    if (piece == "**") {
      for (std::size_t i = 1; i < fits.size(); ++i) fits[i] = fits[i] || fits[i - 1];
      continue;
    }
    for (std::size_t i = path.size(); i > 0; --i) fits[i] = fits[i - 1] && matches_glob(piece, path[i - 1]);
    fits[0] = false;
  }
  return fits;
}

}  // namespace

Result<std::string> read_service_path(std::string_view raw) {
  std::string path;
  if (raw.starts_with('/')) raw.remove_prefix(1);
  if (raw.empty()) return std::string("/");
  if (raw.ends_with('/')) raw.remove_suffix(1);
  for (const std::string_view segment : Pieces(raw, '/')) PG_TRY_STATUS(read_segment(segment, path));
  return path;
}

bool matches_path_glob(std::string_view glob, std::string_view path) {
  return fit_prefixes(segments_of(glob), segments_of(path)).back();
}

bool matches_path_or_above(std::string_view glob, std::string_view path) {
  const std::string low_glob = to_lower(glob), low_path = to_lower(path);
  const std::vector<bool> fits = fit_prefixes(segments_of(low_glob), segments_of(low_path));
  return std::find(fits.begin(), fits.end(), true) != fits.end();
}

}  // namespace pg
