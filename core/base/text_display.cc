// Text on its way to a terminal: what must not reach it, and how many cells the rest takes.
#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>

#include "core/base/text.h"

namespace pg {
namespace {

struct Character {
  char32_t value = 0;
  std::size_t length = 1;
  bool valid = false;  // otherwise one stray byte
};

Character read_character(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return {lead, 1, true};
  const std::size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (!is_utf8(text.substr(0, length))) return {lead, 1, false};
  char32_t value = lead & (0xFFu >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) value = value << 6 | (static_cast<unsigned char>(text[i]) & 0x3Fu);
  return {value, length, true};
}

struct Range {
  char32_t first;
  char32_t last;
};

template <std::size_t N>
constexpr bool is_sorted_table(const Range (&ranges)[N]) {
  for (std::size_t i = 0; i < N; ++i) {
    if (ranges[i].first > ranges[i].last || (i > 0 && ranges[i].first <= ranges[i - 1].last)) return false;
  }
  return true;
}

template <std::size_t N>
bool holds(const Range (&ranges)[N], char32_t value) {
  const auto* row =
      std::lower_bound(std::begin(ranges), std::end(ranges), value, [](const Range& r, char32_t v) { return r.last < v; });
  return row != std::end(ranges) && row->first <= value;
}

// Unicode's Bidi_Control property: these reorder what a person sees.
constexpr Range kBidiControls[] = {{0x061C, 0x061C}, {0x200E, 0x200F}, {0x202A, 0x202E}, {0x2066, 0x2069}};

// Combining marks and invisible format characters of the scripts in common use.
constexpr Range kNarrowest[] = {
    {0x0300, 0x036F},   {0x0483, 0x0489},   {0x0591, 0x05BD},   {0x05BF, 0x05BF}, {0x05C1, 0x05C2}, {0x05C4, 0x05C5},
    {0x0610, 0x061A},   {0x061C, 0x061C},   {0x064B, 0x065F},   {0x0670, 0x0670}, {0x06D6, 0x06DC}, {0x06DF, 0x06E4},
    {0x06E7, 0x06E8},   {0x06EA, 0x06ED},   {0x0900, 0x0902},   {0x093A, 0x093A}, {0x093C, 0x093C}, {0x0941, 0x0948},
    {0x094D, 0x094D},   {0x0951, 0x0957},   {0x0E31, 0x0E31},   {0x0E34, 0x0E3A}, {0x0E47, 0x0E4E}, {0x1160, 0x11FF},
    {0x1AB0, 0x1ACE},   {0x1DC0, 0x1DFF},   {0x200B, 0x200F},   {0x202A, 0x202E}, {0x2060, 0x2064}, {0x2066, 0x206F},
    {0x20D0, 0x20F0},   {0x302A, 0x302D},   {0x3099, 0x309A},   {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0xFEFF, 0xFEFF},
    {0x1F3FB, 0x1F3FF}, {0xE0001, 0xE007F}, {0xE0100, 0xE01EF},
};
static_assert(is_sorted_table(kNarrowest));

// East Asian Width W and F (Unicode 15), neighbouring blocks joined over their unassigned gaps.
constexpr Range kWideRanges[] = {
    {0x1100, 0x115F},   {0x231A, 0x231B},   {0x2329, 0x232A},   {0x23E9, 0x23EC},   {0x23F0, 0x23F0},   {0x23F3, 0x23F3},
    {0x25FD, 0x25FE},   {0x2614, 0x2615},   {0x2648, 0x2653},   {0x267F, 0x267F},   {0x2693, 0x2693},   {0x26A1, 0x26A1},
    {0x26AA, 0x26AB},   {0x26BD, 0x26BE},   {0x26C4, 0x26C5},   {0x26CE, 0x26CE},   {0x26D4, 0x26D4},   {0x26EA, 0x26EA},
    {0x26F2, 0x26F3},   {0x26F5, 0x26F5},   {0x26FA, 0x26FA},   {0x26FD, 0x26FD},   {0x2705, 0x2705},   {0x270A, 0x270B},
    {0x2728, 0x2728},   {0x274C, 0x274C},   {0x274E, 0x274E},   {0x2753, 0x2755},   {0x2757, 0x2757},   {0x2795, 0x2797},
    {0x27B0, 0x27B0},   {0x27BF, 0x27BF},   {0x2B1B, 0x2B1C},   {0x2B50, 0x2B50},   {0x2B55, 0x2B55},   {0x2E80, 0x303E},
    {0x3041, 0x4DBF},   {0x4E00, 0xA4CF},   {0xA960, 0xA97F},   {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE10, 0xFE19},
    {0xFE30, 0xFE6F},   {0xFF01, 0xFF60},   {0xFFE0, 0xFFE6},   {0x16FE0, 0x18AFF}, {0x1AFF0, 0x1B2FF}, {0x1F004, 0x1F004},
    {0x1F0CF, 0x1F0CF}, {0x1F18E, 0x1F18E}, {0x1F191, 0x1F19A}, {0x1F200, 0x1F320}, {0x1F32D, 0x1F335}, {0x1F337, 0x1F37C},
    {0x1F37E, 0x1F393}, {0x1F3A0, 0x1F3CA}, {0x1F3CF, 0x1F3D3}, {0x1F3E0, 0x1F3F0}, {0x1F3F4, 0x1F3F4}, {0x1F3F8, 0x1F43E},
    {0x1F440, 0x1F440}, {0x1F442, 0x1F4FC}, {0x1F4FF, 0x1F53D}, {0x1F54B, 0x1F54E}, {0x1F550, 0x1F567}, {0x1F57A, 0x1F57A},
    {0x1F595, 0x1F596}, {0x1F5A4, 0x1F5A4}, {0x1F5FB, 0x1F64F}, {0x1F680, 0x1F6C5}, {0x1F6CC, 0x1F6CC}, {0x1F6D0, 0x1F6D2},
    {0x1F6D5, 0x1F6D7}, {0x1F6DC, 0x1F6DF}, {0x1F6EB, 0x1F6EC}, {0x1F6F4, 0x1F6FC}, {0x1F7E0, 0x1F7EB}, {0x1F7F0, 0x1F7F0},
    {0x1F90C, 0x1F93A}, {0x1F93C, 0x1F945}, {0x1F947, 0x1F9FF}, {0x1FA70, 0x1FAFF}, {0x20000, 0x2FFFD}, {0x30000, 0x3FFFD},
};
static_assert(is_sorted_table(kWideRanges));

bool drives_terminal(char32_t value) {
  return value < 0x20 || (value >= 0x7F && value <= 0x9F) || holds(kBidiControls, value);
}

int width_of(const Character& character) {
  if (!character.valid) return 1;
  if (character.value < 0x20 || (character.value >= 0x7F && character.value < 0xA0)) return 0;
  if (character.value < 0x300) return 1;
  if (holds(kNarrowest, character.value)) return 0;
  return holds(kWideRanges, character.value) ? 2 : 1;
}

}  // namespace

std::string escape_controls(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Character character = read_character(text);
    if (!character.valid || character.value == 0x7F || character.value < 0x20) {
      out += fmt::format("\\x{:02X}", static_cast<unsigned>(character.value));
    } else if (drives_terminal(character.value)) {
      out += fmt::format("\\u{{{:04X}}}", static_cast<unsigned>(character.value));
    } else {
      out += text.substr(0, character.length);
    }
    text.remove_prefix(character.length);
  }
  return out;
}

std::string escape_controls_in_json(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  while (!json.empty()) {
    const Character character = read_character(json);
    const bool driving = character.valid && character.value >= 0x7F && drives_terminal(character.value);
    if (driving) out += fmt::format("\\u{:04x}", static_cast<unsigned>(character.value));
    if (!driving) out += json.substr(0, character.length);
    json.remove_prefix(character.length);
  }
  return out;
}

int display_width(std::string_view utf8) {
  int width = 0;
  while (!utf8.empty()) {
    const Character character = read_character(utf8);
    width += width_of(character);
    utf8.remove_prefix(character.length);
  }
  return width;
}

std::string to_ascii(std::string_view utf8) {
  constexpr std::pair<std::string_view, char> kSigns[] = {{"–", '-'}, {"→", '>'}, {"…", '~'}, {"·", '|'}, {"─", '-'}, {"│", '|'},
                                                          {"├", '+'}, {"└", '`'}, {"█", '#'}, {"▌", '#'}, {"▁", '_'}, {"▂", '.'},
                                                          {"▃", '-'}, {"▄", '='}, {"▅", '+'}, {"▆", '*'}, {"▇", '%'}};
  std::string out;
  while (!utf8.empty()) {
    std::size_t size = 1;
    if (static_cast<unsigned char>(utf8[0]) >= 0x80)
      while (size < utf8.size() && size < 4 && (static_cast<unsigned char>(utf8[size]) & 0xC0u) == 0x80u) ++size;
    const std::string_view character = utf8.substr(0, size);
    const auto* sign =
        std::find_if(std::begin(kSigns), std::end(kSigns), [&](const auto& row) { return row.first == character; });
    if (static_cast<unsigned char>(utf8[0]) < 0x80)
      out += utf8[0];
    else if (sign != std::end(kSigns))
      out += sign->second;
    else
      out.append(static_cast<std::size_t>(std::max(display_width(character), 0)), '?');
    utf8.remove_prefix(size);
  }
  return out;
}

}  // namespace pg
