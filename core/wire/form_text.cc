// One step of decoding, shared by those who want the text and those who want a place in it.
#include "core/wire/form_text.h"

#include <algorithm>

#include "core/base/ascii.h"
#include "core/base/encode.h"

namespace pg {
namespace {

// How many raw bytes stand for the byte at `at`, which is put into `out`.
std::size_t form_step(std::string_view raw, std::size_t at, char& out) {
  out = raw[at] == '+' ? ' ' : raw[at];
  if (raw[at] != '%' || at + 2 >= raw.size()) return 1;
  const int high = hex_value(raw[at + 1]), low = hex_value(raw[at + 2]);
  if (high < 0 || low < 0) return 1;
  out = static_cast<char>(high * 16 + low);
  return 3;
}

}  // namespace

std::vector<FormPiece> read_form(std::string_view text) {
  std::vector<FormPiece> pieces;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find('&', at), text.size());
    const std::size_t equals = std::min(text.find('=', at), end);
    if (end > at) {
      pieces.push_back({static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(equals), true});
      if (equals < end) pieces.push_back({static_cast<std::uint32_t>(equals + 1), static_cast<std::uint32_t>(end), false});
    }
    at = end + 1;
  }
  return pieces;
}

std::string decode_form(std::string_view raw) {
  std::string out;
  out.reserve(raw.size());
  char c = '\0';
  for (std::size_t at = 0; at < raw.size();) {
    at += form_step(raw, at, c);
    out += c;
  }
  return out;
}

std::size_t form_offset_of(std::string_view raw, std::size_t offset) {
  std::size_t at = 0;
  char c = '\0';
  for (; offset > 0 && at < raw.size(); --offset) at += form_step(raw, at, c);
  return at;
}

std::string encode_form(std::string_view text) {
  return to_percent(text);
}

}  // namespace pg
