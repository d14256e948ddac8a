// libFuzzer over attachments: any bytes are text of some alphabet or none, and text comes back byte for byte, whatever base64 it
// came in and whether or not something in it was replaced.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/encode.h"
#include "core/base/utf16.h"
#include "core/guard/media_text.h"
#include "tests/fuzz/harness.h"

namespace pg {
namespace {

void check_file(std::string_view bytes) {
  MediaText media;
  for (const std::string& data : {to_base64(bytes), "data:text/plain;base64," + to_base64(bytes), to_base64url(bytes)}) {
    if (decode_media(data, media) != MediaKind::text) continue;
    const std::string again = encode_media(media, media.text).substr(media.prefix.size());
    expect((media.for_urls ? from_base64url(again) : from_base64(again)) == bytes);
    MediaText edited;
    const std::string marked = encode_media(media, media.text + " [[EMAIL_001]] ");
    if (decode_media(marked, edited) == MediaKind::text && edited.charset == media.charset)
      expect(edited.text == media.text + " [[EMAIL_001]] ");
  }
}

}  // namespace
}  // namespace pg

int fuzz_media_one(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  pg::MediaText media;
  (void)pg::decode_media(bytes, media);
  pg::check_file(bytes);
  for (const bool big_endian : {false, true}) {
    const std::string_view units = bytes.substr(0, size / 2 * 2);
    pg::expect(pg::to_utf16(pg::from_utf16(units, big_endian), big_endian) == units);
  }
  return 0;
}

#ifndef PG_FUZZ_REPLAY
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz_media_one(data, size);
}
#endif
