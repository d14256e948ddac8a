// Random JSON texts: letters, spellings, values, and what spoils them.
#include "tests/support/json_gen.h"

#include <array>
#include <cstdint>
#include <cstdio>

namespace pg::test {
namespace {

void append_letter(std::string& out, std::uint32_t c) {
  const auto put = [&out](std::uint32_t byte) { out.push_back(static_cast<char>(static_cast<unsigned char>(byte))); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xC0 | (c >> 6));
    put(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    put(0xE0 | (c >> 12));
    put(0x80 | ((c >> 6) & 0x3F));
    put(0x80 | (c & 0x3F));
  } else {
    put(0xF0 | (c >> 18));
    put(0x80 | ((c >> 12) & 0x3F));
    put(0x80 | ((c >> 6) & 0x3F));
    put(0x80 | (c & 0x3F));
  }
}

std::uint32_t random_letter(Gen& gen) {
  static constexpr std::array<std::uint32_t, 12> kOdd = {'"',  '\\',   '/',    '\n',    '\t',     '\b',
                                                         0x7F, 0x2028, 0xFEFF, 0x1F600, 0x10FFFF, 0xE9};
  switch (gen.number(0, 5)) {
    case 0:
      return kOdd[gen.number(0, kOdd.size() - 1)];
    case 1:
      return static_cast<std::uint32_t>(gen.number(0, 0x1F));
    case 2:
      return static_cast<std::uint32_t>(gen.number(0x80, 0xD7FF));
    case 3:
      return static_cast<std::uint32_t>(gen.number(0xE000, 0x1FFFF));
    default:
      return static_cast<std::uint32_t>(gen.number('A', 'z'));
  }
}

/// The code point at text[at], whose encoding is well-formed; moves `at` behind it.
std::uint32_t next_letter(std::string_view text, std::size_t& at) {
  const auto byte = [&text](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])); };
  const std::uint32_t first = byte(at);
  const std::size_t more = first < 0x80 ? 0 : first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
  std::uint32_t c = more == 0 ? first : first & (0x3Fu >> more);
  for (std::size_t i = 1; i <= more; ++i) c = (c << 6) | (byte(at + i) & 0x3F);
  at += more + 1;
  return c;
}

void append_unit(Gen& gen, std::string& out, std::uint32_t unit) {
  char digits[8];
  std::snprintf(digits, sizeof digits, gen.coin() ? "%04x" : "%04X", unit);
  out += std::string("\\u") + digits;
}

void append_hex_spelling(Gen& gen, std::string& out, std::uint32_t c) {
  if (c < 0x10000) return append_unit(gen, out, c);
  append_unit(gen, out, 0xD800 + ((c - 0x10000) >> 10));
  append_unit(gen, out, 0xDC00 + ((c - 0x10000) & 0x3FF));
}

/// The letter behind the backslash of a short escape (RFC 8259 §7), or 0.
char short_escape(std::uint32_t c) {
  static constexpr std::string_view kFrom = "\"\\/\b\f\n\r\t", kTo = "\"\\/bfnrt";
  const std::size_t at = c < 0x80 ? kFrom.find(static_cast<char>(c)) : std::string_view::npos;
  return at == std::string_view::npos ? '\0' : kTo[at];
}

std::string blanks(Gen& gen) {
  return gen.number(0, 3) == 0 ? gen.text(gen.number(1, 3), " \n\r\t") : "";
}

std::string random_number(Gen& gen) {
  std::string out = gen.coin() ? "-" : "";
  out += gen.coin() ? "0" : gen.text(1, "123456789") + gen.text(gen.number(0, 12), "0123456789");
  if (gen.coin()) out += "." + gen.text(gen.number(1, 8), "0123456789");
  if (gen.coin()) out += gen.text(1, "eE") + (gen.coin() ? gen.text(1, "+-") : "") + gen.text(1, "0123456789");
  return out;
}

std::string random_container(Gen& gen, std::size_t depth, bool object) {
  std::string out = object ? "{" : "[";
  const std::size_t count = gen.number(0, 4);
  for (std::size_t i = 0; i < count; ++i) {
    out += (i > 0 ? "," : "") + blanks(gen);
    if (object) out += "\"" + spell(gen, random_utf8(gen, 3) + std::to_string(i)) + "\"" + blanks(gen) + ":" + blanks(gen);
    out += random_json(gen, depth - 1) + blanks(gen);
  }
  return out + (count == 0 ? blanks(gen) : "") + (object ? "}" : "]");
}

}  // namespace

std::string random_utf8(Gen& gen, std::size_t most) {
  std::string out;
  for (std::size_t i = gen.number(0, most); i > 0; --i) append_letter(out, random_letter(gen));
  return out;
}

std::string spell(Gen& gen, std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = at;
    const std::uint32_t c = next_letter(text, at);
    const char escape = short_escape(c);
    const bool must = c < 0x20 || c == '"' || c == '\\';
    const std::size_t choice = gen.number(0, 4);
    if (escape != '\0' && (choice == 0 || (must && choice < 4))) {
      out += '\\';
      out += escape;
    } else if (must || choice == 4) {
      append_hex_spelling(gen, out, c);
    } else {
      out += text.substr(begin, at - begin);
    }
  }
  return out;
}

std::string random_json(Gen& gen, std::size_t depth) {
  switch (depth == 0 ? gen.number(0, 3) : gen.number(0, 7)) {
    case 0:
      return "\"" + spell(gen, random_utf8(gen, 40)) + "\"";
    case 1:
      return random_number(gen);
    case 2:
      return gen.coin() ? "true" : "false";
    case 3:
      return "null";
    default:
      return random_container(gen, depth, gen.coin());
  }
}

std::string spoil(Gen& gen, std::string json) {
  for (std::size_t times = gen.number(1, 3); times > 0 && !json.empty(); --times) {
    const std::size_t at = gen.number(0, json.size() - 1);
    switch (gen.number(0, 3)) {
      case 0:
        json[at] = gen.text(1, "{}[]:,\"\\0123456789.-+eEtfnul \n\x01/")[0];
        break;
      case 1:
        json.insert(at, 1, json[at]);
        break;
      case 2:
        json.erase(at, 1);
        break;
      default:
        json.resize(at);
        break;
    }
  }
  return json;
}

}  // namespace pg::test
