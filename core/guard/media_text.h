// Text that a request carries in base64, in an attachment's data or a data: URL: read as UTF-8, and spelled as it was afterwards.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pg {

/// How the bytes in the base64 spell characters. `bytes`: some alphabet of one or two bytes a character; ASCII is read, and the
/// others stand as code points for private use, which no finder takes for a letter.
enum class MediaCharset : std::uint8_t { utf8, bytes, utf16_le, utf16_be };

struct MediaText {
  std::string text;  // UTF-8
  MediaCharset charset = MediaCharset::utf8;
  std::string prefix;  // of a data: URL, what stands before the base64
  std::string rest;    // the odd byte behind UTF-16
  bool for_urls = false;
};

/// What decode_media() found.
enum class MediaKind : std::uint8_t {
  text,    // base64 of text
  binary,  // base64 of an image or of another file that holds no text to read
  plain,   // no base64: a URL, or text as it stands
  opaque,  // it could be base64, but of nothing that is known: a token may look so
};

/// Looks into `data`; what `out` says counts for MediaKind::text only. Blanks and line breaks in the base64 are passed over.
MediaKind decode_media(std::string_view data, MediaText& out);

/// The base64 of `text` in the characters of `of`, behind its prefix: decode_media() undone, but for blanks and line breaks.
std::string encode_media(const MediaText& of, std::string_view text);

}  // namespace pg
