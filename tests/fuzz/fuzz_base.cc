// libFuzzer over the ground floor's readers of foreign bytes: UTF-8, URLs, addresses, units, encodings, compressed bodies.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/address.h"
#include "core/base/compress.h"
#include "core/base/encode.h"
#include "core/base/retry_after.h"
#include "core/base/text.h"
#include "core/base/url.h"
#include "tests/fuzz/harness.h"

namespace pg {
namespace {

void fuzz_url(std::string_view text) {
  const auto url = parse_url(text);
  if (url) expect(parse_url(url->text()).value().text() == url->text());
}

void read_units(std::string_view text) {
  if (const auto wait = parse_retry_after(text, 0)) expect(*wait >= Millis{0} && *wait <= Millis{86'400'000});
  const auto time = parse_rfc3339(text);
  if (time) expect(parse_rfc3339(format_rfc3339(*time)).has_value());
  (void)parse_duration_ms(text);
  (void)parse_bytes(text);
  (void)parse_address(text);
}

void read_text(std::string_view text) {
  const std::string shown = escape_controls(text);
  expect(is_utf8(shown) && escape_controls(shown) == shown);
  expect(display_width(text) >= 0);
  const std::size_t half = text.size() / 2;
  (void)matches_glob(text.substr(0, half), text.substr(half));
  (void)edit_distance(text.substr(0, half), text.substr(half), 3);
}

void read_encodings(std::string_view text) {
  expect(from_base64(to_base64(text)) == text && from_percent(to_percent(text)) == text && from_hex(to_hex(text)) == text);
  const auto plain = from_base64(text);
  if (plain) expect(to_base64(*plain).substr(0, text.size()) == text);
}

/// Whole and in two pieces must agree.
void read_compressed(std::string_view bytes, Coding coding) {
  constexpr std::size_t kMostOut = 1 << 16;
  const auto whole = decompress(bytes, coding, kMostOut);
  Decompressor decompressor = Decompressor::make(coding);
  std::string out;
  const std::size_t half = bytes.size() / 2;
  const bool first = decompressor.push(bytes.substr(0, half), out, kMostOut).has_value();
  const bool second = first && decompressor.push(bytes.substr(half), out, kMostOut).has_value();
  expect(whole.has_value() == (second && decompressor.finished()));
  if (whole) expect(*whole == out);
}

}  // namespace
}  // namespace pg

int fuzz_base_one(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  switch (data[0] % 7) {
    case 0:
      pg::fuzz_url(text);
      break;
    case 1:
      pg::read_units(text);
      break;
    case 2:
      pg::read_text(text);
      break;
    case 3:
      pg::read_encodings(text);
      break;
    case 4:
      pg::read_compressed(text, pg::Coding::gzip);
      break;
    case 5:
      pg::read_compressed(text, pg::Coding::deflate);
      break;
    default:
      pg::read_compressed(text, pg::Coding::zstd);
      break;
  }
  return 0;
}

#ifndef PG_FUZZ_REPLAY
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz_base_one(data, size);
}
#endif
