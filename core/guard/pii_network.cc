// IPv4 addresses that belong to somebody: global unicast, not a version number, not one that every document uses.
#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "core/guard/byte_set.h"
#include "core/guard/edges.h"
#include "core/guard/pii_finders.h"

namespace pg {
namespace {

struct Ipv4Block {
  std::uint32_t address;
  unsigned bits;
};
constexpr std::uint32_t ip(unsigned a, unsigned b, unsigned c, unsigned d) {
  return a << 24 | b << 16 | c << 8 | d;
}

// RFC 6890 and the IANA special-purpose registry: nobody's machine on the internet.
constexpr Ipv4Block kSpecial[] = {
    {ip(0, 0, 0, 0), 8},
    {ip(127, 0, 0, 0), 8},
    {ip(192, 0, 0, 0), 24},
    {ip(192, 0, 2, 0), 24},
    {ip(192, 88, 99, 0), 24},
    {ip(198, 18, 0, 0), 15},
    // Not reserved, but object identifiers, versions and made-up examples; and X.500's attributes and certificate extensions.
    {ip(1, 2, 0, 0), 15},
    {ip(2, 5, 4, 0), 24},
    {ip(2, 5, 29, 0), 24},
    {ip(198, 51, 100, 0), 24},
    {ip(203, 0, 113, 0), 24},
    {ip(224, 0, 0, 0), 4},
    {ip(240, 0, 0, 0), 4},
};
constexpr Ipv4Block kPrivate[] = {
    {ip(10, 0, 0, 0), 8}, {ip(172, 16, 0, 0), 12}, {ip(192, 168, 0, 0), 16}, {ip(100, 64, 0, 0), 10}, {ip(169, 254, 0, 0), 16},
};
// Public resolvers and the number everybody types.
constexpr std::uint32_t kWellKnown[] = {
    ip(1, 1, 1, 1),         ip(1, 0, 0, 1),        ip(1, 1, 1, 2),        ip(1, 0, 0, 2),      ip(1, 1, 1, 3),
    ip(1, 0, 0, 3),         ip(8, 8, 8, 8),        ip(8, 8, 4, 4),        ip(9, 9, 9, 9),      ip(9, 9, 9, 10),
    ip(149, 112, 112, 112), ip(208, 67, 222, 222), ip(208, 67, 220, 220), ip(4, 2, 2, 1),      ip(4, 2, 2, 2),
    ip(4, 2, 2, 3),         ip(4, 2, 2, 4),        ip(64, 6, 64, 6),      ip(64, 6, 65, 6),    ip(94, 140, 14, 14),
    ip(94, 140, 15, 15),    ip(76, 76, 2, 0),      ip(76, 76, 10, 0),     ip(84, 200, 69, 80), ip(84, 200, 70, 40),
    ip(185, 228, 168, 9),   ip(185, 228, 169, 9),  ip(77, 88, 8, 8),      ip(77, 88, 8, 1),    ip(114, 114, 114, 114),
    ip(223, 5, 5, 5),       ip(223, 6, 6, 6),      ip(119, 29, 29, 29),   ip(180, 76, 76, 76), ip(1, 2, 3, 4),
};

bool in(std::uint32_t address, const Ipv4Block& block) {
  return (address ^ block.address) >> (32 - block.bits) == 0;
}

bool is_personal(std::uint32_t address, bool also_private) {
  for (const Ipv4Block& block : kSpecial)
    if (in(address, block)) return false;
  for (const Ipv4Block& block : kPrivate)
    if (in(address, block)) return also_private;
  if ((address & 0x0000FFFFU) == 0) return false;  // X.Y.0.0 is a network or a version
  for (const std::uint32_t known : kWellKnown)
    if (address == known) return false;
  return true;
}

constexpr Labels kVersionWords(
    "version|assemblyversion|fileversion|packageversion|release notes|upgrade|oid|section|sec|rfc|chapter|clause|v8|es6");
constexpr WordSet kReleaseWords("ver|rel|release|build|rev|revision");  // right before the number only
constexpr WordSet kCountedNames(
    "git|cmake|make|boost|python|perl|ruby|php|node|java|jdk|gcc|clang|llvm|qt|kernel|linux|android|chrome|chromium|firefox|"
    "opera|"
    "edge|safari|electron|openssl|mysql|postgresql|oracle|nginx|apache|docker|maven|gradle|curl|zlib|vim|emacs");
constexpr WordSet kMachineWords(
    "server|proxy|host|hostname|client|peer|node|gateway|gw|router|remote|origin|addr|address|ip|ipv|src|dst|target|upstream|"
    "backend|ping|ssh|connected|blocked|banned");
constexpr WordSet kPlaceWords("source|nginx|from|to|at|by|for|via|on");  // a version may stand behind them as well
constexpr ByteSet kBeforeNumber(" \t:=\"'\\");

/// 3.40.1 next to 3.40.1.1, in a list of versions.
bool has_short_neighbour(std::string_view text, std::size_t begin, std::size_t end) {
  static constexpr ByteSet kPart("0-9.");
  const auto is_short = [](std::string_view number) {
    return number.size() >= 5 && std::count(number.begin(), number.end(), '.') == 2 && kDigits.has(number.back()) &&
           kDigits.has(number.front());
  };
  std::size_t last = begin;
  while (last > 0 && begin - last < 2 && (text[last - 1] == ' ' || text[last - 1] == ',')) --last;
  std::size_t first = last;
  while (first > 0 && last - first < 16 && kPart.has(text[first - 1])) --first;
  if (last < begin && is_short(text.substr(first, last - first))) return true;
  std::size_t next = end;
  while (next < text.size() && next - end < 2 && (text[next] == ' ' || text[next] == ',')) ++next;
  std::size_t stop = next;
  while (stop < text.size() && stop - next < 16 && kPart.has(text[stop])) ++stop;
  return next > end && is_short(text.substr(next, stop - next));
}

/// In the path data of an SVG numbers touch: M10.5 3.51.98.32, where letters begin numbers and dots those without a zero.
bool is_path_data(std::string_view text, std::size_t begin) {
  static constexpr ByteSet kData("0-9 .,MmLlHhVvCcSsQqTtAaZz-");
  std::size_t at = begin, dots = 0;
  bool command = false;
  for (; at > 0 && begin - at < 40 && kData.has(text[at - 1]); --at) {
    dots += text[at - 1] == '.' ? 1 : 0;
    command |= !kDigits.has(text[at - 1]) && kAlnum.has(text[at - 1]) && kDigits.has(byte_at(text, at));
  }
  return dots >= 1 && command;
}

/// v1.2.3.4, foo-1.2.3.4, Chrome/1.2.3.4, ==1.2.3.4, "version": "1.2.3.4".
bool is_version_number(std::string_view text, std::size_t begin, std::size_t end) {
  if (text.substr(0, begin).ends_with("\xC2\xA7")) return true;  // § 13.2.5.69
  if (begin > 0) {
    const char before = text[begin - 1];
    if (before == '^' || before == '~' || before == '$') return true;
    const char earlier = begin >= 2 ? text[begin - 2] : '\0';
    const std::string_view word = word_before(text, begin - 1, 0, kBeforeNumber);
    const bool behind_machine = kMachineWords.has(word) || kPlaceWords.has(word);
    if ((before == '/' || before == '-') && kWord.has(earlier) && !(before == '/' && behind_machine)) return true;
    if (before == '=' && (earlier == '=' || earlier == '>' || earlier == '<' || earlier == '~' || earlier == '!')) return true;
  }
  const char next = end < text.size() ? text[end] : '\0';
  if ((next == '-' || next == '+') && end + 1 < text.size() && kLower.has(text[end + 1])) return true;
  if (kReleaseWords.has(word_before(text, begin, 4, kBeforeNumber))) return true;
  // Git 1.7.12.4: a program that counts so in front of a small number
  const std::string_view name = word_before(text, begin, 1, ByteSet(" "));
  if (kCountedNames.has(name) && byte_at(text, begin + 1) == '.' && next != ':' && next != '/') return true;
  return has_short_neighbour(text, begin, end) || is_path_data(text, begin) || label_before(text, begin, 24, kVersionWords);
}

/// 5.2.1.6 of a standard, 1.5.4.1 of a program: four numbers of no more than thirty are seldom a machine's, unless a port or a
/// length follows, or a word says so.
bool is_counted_so(std::string_view text, std::size_t begin, std::size_t end, std::uint32_t address) {
  constexpr std::uint32_t kMost = 30;
  for (unsigned shift = 0; shift < 32; shift += 8)
    if ((address >> shift & 0xFF) > kMost) return false;
  for (const Ipv4Block& block : kPrivate)
    if (in(address, block)) return false;
  const char next = end < text.size() ? text[end] : '\0';
  if ((next == ':' || next == '/') && kDigits.has(byte_at(text, end + 1))) return false;
  return !kMachineWords.has(word_before(text, begin, 4, kBeforeNumber));
}

}  // namespace

std::optional<Place> ipv4_at(std::string_view text, Place run, bool also_private) {
  static constexpr ByteSet kLeft("A-Za-z0-9_.");
  if (!left_edge(text, run.begin, kLeft)) return std::nullopt;
  std::uint32_t address = 0;
  std::size_t at = run.begin;
  for (int part = 0; part < 4; ++part) {
    if (part > 0 && (at >= text.size() || text[at++] != '.')) return std::nullopt;
    const std::size_t begin = at;
    unsigned value = 0;
    for (; at < text.size() && kDigits.has(text[at]) && at - begin < 4; ++at)
      value = value * 10 + static_cast<unsigned>(text[at] - '0');
    const std::size_t size = at - begin;
    if (size == 0 || size > 3 || value > 255 || (size > 1 && text[begin] == '0')) return std::nullopt;
    address = address << 8 | value;
  }
  const char next = at < text.size() ? text[at] : '\0';
  if (kWord.has(next) || (next == '.' && at + 1 < text.size() && kWord.has(text[at + 1]))) return std::nullopt;
  if (!is_personal(address, also_private) || is_version_number(text, run.begin, at)) return std::nullopt;
  if (is_counted_so(text, run.begin, at, address)) return std::nullopt;
  return Place{run.begin, at};
}

}  // namespace pg
