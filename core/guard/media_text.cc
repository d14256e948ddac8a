// A file's first bytes tell images and archives; text is what holds next to no control characters.
#include "core/guard/media_text.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "core/base/encode.h"
#include "core/base/text.h"
#include "core/base/utf16.h"

namespace pg {
namespace {

constexpr std::size_t kShortestMedia = 16;  // characters of base64
constexpr std::size_t kHeadOfMedia = 32;
constexpr std::size_t kLongestLine = 80;  // MIME breaks base64 after 76 characters, PEM after 64

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

std::string from_bytes(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() + bytes.size() / 4);
  for (const char c : bytes) append_utf8(out, static_cast<unsigned char>(c));
  return out;
}

// `utf8` holds what from_bytes() made, and ASCII.
std::string to_bytes(std::string_view utf8) {
  std::string out;
  out.reserve(utf8.size());
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto first = static_cast<unsigned char>(utf8[i]);
    out += first < 0x80 ? utf8[i] : static_cast<char>((first & 0x1Fu) << 6 | (static_cast<unsigned char>(utf8[++i]) & 0x3Fu));
  }
  return out;
}

bool read_text(std::string bytes, MediaText& out) {
  bool marked = false;
  if (const auto big_endian = utf16_order(bytes, marked)) {
    out.charset = *big_endian ? MediaCharset::utf16_be : MediaCharset::utf16_le;
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
  if (data.starts_with("data:")) {
    constexpr std::string_view kMarker = ";base64,";
    const std::size_t marker = data.substr(0, 256).find(kMarker);
    if (marker == std::string_view::npos) return MediaKind::plain;
    out.prefix = data.substr(0, marker + kMarker.size());
    data.remove_prefix(marker + kMarker.size());
  }
  std::string joined;
  if (data.substr(0, kLongestLine).find_first_of("\r\n") != std::string_view::npos) {
    std::copy_if(data.begin(), data.end(), std::back_inserter(joined), [](char c) { return c != '\r' && c != '\n'; });
    data = joined;
  }
  if (data.size() < kShortestMedia) return MediaKind::plain;
  const auto head = from_base64(data.substr(0, std::min(data.size() / 4 * 4, kHeadOfMedia)));
  if (!head) return MediaKind::plain;  // whatever it says of itself, it is read as it stands
  if (is_known_binary(*head)) return MediaKind::binary;
  auto bytes = from_base64(data);
  if (!bytes) return MediaKind::plain;
  if (read_text(std::move(*bytes), out)) return MediaKind::text;
  return out.prefix.empty() ? MediaKind::plain : MediaKind::binary;  // a token may happen to be base64 as well
}

std::string encode_media(const MediaText& of, std::string_view text) {
  switch (of.charset) {
    case MediaCharset::utf8:
      return of.prefix + to_base64(text);
    case MediaCharset::bytes:
      return of.prefix + to_base64(to_bytes(text));
    case MediaCharset::utf16_le:
    case MediaCharset::utf16_be:
      return of.prefix + to_base64(to_utf16(text, of.charset == MediaCharset::utf16_be));
  }
  return {};
}

}  // namespace pg
