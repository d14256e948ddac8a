// A file's first bytes tell images and archives; text is what holds next to no control characters.
#include "core/guard/media_text.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <optional>

#include "core/base/encode.h"
#include "core/base/text.h"
#include "core/base/utf16.h"
#include "core/guard/byte_set.h"

namespace pg {
namespace {

constexpr std::size_t kShortestMedia = 16;  // characters of base64
constexpr std::size_t kHeadOfMedia = 32;
constexpr std::string_view kMarker = ";base64,";
constexpr ByteSet kBlanks(" \t\r\n");

struct Magic {
  std::size_t offset;
  std::string_view bytes;
};
// What images, audio, video, PDF and archives begin with: base64 of these is what it says and holds no text to read.
constexpr std::array<Magic, 17> kMagic = {{{0, "\x89PNG\r\n\x1a\n"},
                                           {0, "\xff\xd8\xff"},
                                           {0, "GIF87a"},
                                           {0, "GIF89a"},
                                           {8, "WEBP"},
                                           {8, "WAVE"},
                                           {0, "%PDF-"},
                                           {0, "ID3"},
                                           {0, "\xff\xfb"},
                                           {0, "\xff\xf3"},
                                           {0, "OggS"},
                                           {0, "fLaC"},
                                           {4, "ftyp"},
                                           {0, "BM"},
                                           {0, "II*"},
                                           {0, "MM"},
                                           {0, "PK\x03\x04"}}};

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\r' && c != '\t' && c != '\f';
}

bool is_known_binary(std::string_view head) {
  // Some of these are letters that a text may begin with; a file has lengths or versions behind them.
  const bool is_ascii = static_cast<unsigned char>(head.front()) < 0x80 && std::none_of(head.begin(), head.end(), is_control);
  if (is_ascii && !head.starts_with("%PDF-")) return false;
  return std::any_of(kMagic.begin(), kMagic.end(), [head](const Magic& magic) {
    return head.substr(std::min(magic.offset, head.size())).starts_with(magic.bytes);
  });
}

// One control character in 32 at most: bytes at random have one in nine.
bool is_text(std::string_view bytes) {
  return static_cast<std::size_t>(std::count_if(bytes.begin(), bytes.end(), is_control)) * 32 <= bytes.size();
}

constexpr std::uint32_t kPrivateUse = 0xE000;  // three bytes in UTF-8

std::string from_bytes(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() + bytes.size() / 4);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    append_utf8(out, byte < 0x80 ? byte : kPrivateUse + byte);
  }
  return out;
}

// `utf8` holds what from_bytes() made, and ASCII.
std::string to_bytes(std::string_view utf8) {
  std::string out;
  out.reserve(utf8.size());
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    if (static_cast<unsigned char>(utf8[i]) < 0x80 || i + 2 >= utf8.size()) {
      out += utf8[i];
      continue;
    }
    out += static_cast<char>((static_cast<unsigned char>(utf8[i + 1]) & 0x03u) << 6 |
                             (static_cast<unsigned char>(utf8[i + 2]) & 0x3Fu));
    i += 2;
  }
  return out;
}

std::string without_blanks(std::string_view data) {
  std::string out;
  out.reserve(data.size());
  std::copy_if(data.begin(), data.end(), std::back_inserter(out), [](char c) { return !kBlanks.has(c); });
  return out;
}

// Base64 of the usual alphabet or of the one for URLs; `for_urls` tells which.
std::optional<std::string> decode_either(std::string_view data, bool& for_urls) {
  for_urls = false;
  if (auto bytes = from_base64(data)) return bytes;
  for_urls = true;
  return from_base64url(data);
}

bool read_text(std::string bytes, MediaText& out) {
  bool marked = false;
  if (const auto big_endian = utf16_order(bytes, marked)) {
    out.charset = *big_endian ? MediaCharset::utf16_be : MediaCharset::utf16_le;
    out.rest = bytes.substr(bytes.size() / 2 * 2);
    bytes.resize(bytes.size() / 2 * 2);
    out.text = from_utf16(bytes, *big_endian);  // the mark is a character like any other
    return true;
  }
  if (!is_text(bytes)) return false;
  const bool utf8 = is_utf8(bytes);
  out.charset = utf8 ? MediaCharset::utf8 : MediaCharset::bytes;
  out.text = utf8 ? std::move(bytes) : from_bytes(bytes);
  return true;
}

}  // namespace

MediaKind decode_media(std::string_view data, MediaText& out) {
  out = {};
  if (starts_with_ignore_case(data, "data:")) {
    const std::size_t marker = to_lower(data.substr(0, 256)).find(kMarker);
    if (marker == std::string::npos) return MediaKind::plain;
    out.prefix = data.substr(0, marker + kMarker.size());
    data.remove_prefix(marker + kMarker.size());
  }
  std::string head = without_blanks(data.substr(0, 2 * kHeadOfMedia));
  head.resize(std::min(head.size() / 4 * 4, kHeadOfMedia));
  const auto start = decode_either(head, out.for_urls);
  if (head.size() < kShortestMedia || !start) return MediaKind::plain;  // whatever it says of itself, it is read as it stands
  if (is_known_binary(*start)) return MediaKind::binary;
  std::string joined;
  if (std::any_of(data.begin(), data.end(), [](char c) { return kBlanks.has(c); })) data = joined = without_blanks(data);
  auto bytes = decode_either(data, out.for_urls);
  if (!bytes) return MediaKind::opaque;
  if (read_text(std::move(*bytes), out)) return MediaKind::text;
  return out.prefix.empty() ? MediaKind::opaque : MediaKind::binary;
}

std::string encode_media(const MediaText& of, std::string_view text) {
  std::string bytes;
  switch (of.charset) {
    case MediaCharset::utf8:
      bytes = text;
      break;
    case MediaCharset::bytes:
      bytes = to_bytes(text);
      break;
    case MediaCharset::utf16_le:
    case MediaCharset::utf16_be:
      bytes = to_utf16(text, of.charset == MediaCharset::utf16_be) + of.rest;
  }
  return of.prefix + (of.for_urls ? to_base64url(bytes) : to_base64(bytes));
}

}  // namespace pg
