// The search looks at every 27th byte and walks back from there, so words cost one look each; a run is judged by its first bytes.
#include "core/guard/encoded_runs.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "core/base/ascii.h"
#include "core/guard/byte_set.h"
#include "core/guard/edges.h"
#include "core/guard/wide_runs.h"

namespace pg {
namespace {

constexpr std::size_t kJudged = 24;  // characters of a run that decide whether the rest is decoded
constexpr std::size_t kFoldedLine = 48;
constexpr std::size_t kMaxIndent = 32;
constexpr std::uint8_t kStranger = 0xFF;

constexpr std::array<std::uint8_t, 256> base64_values() {
  std::array<std::uint8_t, 256> values{};
  for (auto& value : values) value = kStranger;
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < kAlphabet.size(); ++i)
    values[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
  values['-'] = 62;
  values['_'] = 63;
  return values;
}

constexpr std::array<std::uint8_t, 256> hex_values() {
  std::array<std::uint8_t, 256> values{};
  for (auto& value : values) value = kStranger;
  for (unsigned i = 0; i < 10; ++i) values['0' + i] = static_cast<std::uint8_t>(i);
  for (unsigned i = 0; i < 6; ++i) values['a' + i] = values['A' + i] = static_cast<std::uint8_t>(10 + i);
  return values;
}

constexpr auto kEitherBase64Values = base64_values();
constexpr auto kHexValues = hex_values();

/// One flag a byte: a lookup is shorter than the bit arithmetic of ByteSet.
constexpr std::array<bool, 256> run_table() {
  std::array<bool, 256> table{};
  for (unsigned b = 0; b < 256; ++b) table[b] = kRunBytes.has(static_cast<char>(b));
  return table;
}
constexpr auto kInRun = run_table();

bool in_run(char byte) {
  return kInRun[static_cast<unsigned char>(byte)];
}

/// How many of the eight bytes before `at` stand behind the last that is below '+' (blanks, quotes, brackets, line ends); 8 when
/// none is. It spares the walk in most text; other bytes that end a run are left to the walk.
std::size_t run_tail(const char* at) {
  static_assert('+' == 0x2B);
  constexpr std::uint64_t kOnes = 0x0101010101010101ULL, kHighs = 0x8080808080808080ULL;
  if constexpr (std::endian::native == std::endian::big) return 8;
  std::uint64_t bytes;
  std::memcpy(&bytes, at - 8, sizeof bytes);
  const std::uint64_t below = ~((bytes | kHighs) - kOnes * '+') & ~bytes & kHighs;
  return static_cast<std::size_t>(std::countl_zero(below)) / 8;
}

bool is_all_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), is_hex);
}

bool is_hex_value(std::string_view text) {
  return text.size() >= kShortestHex && text.size() % 2 == 0 && is_all_hex(text);
}

bool is_printable(char byte) {
  static constexpr ByteSet kPrintable("\t\n\r -~");
  return kPrintable.has(byte);
}

/// Whether the value that begins so decodes to what people write. Nearly every run of a source file ends here: names and paths.
bool starts_printable(std::string_view text, Place run, bool hex) {
  const std::size_t characters = std::min(kJudged, run.size() / 4 * 4);
  const auto& values = hex ? kHexValues : kEitherBase64Values;
  const unsigned bits_each = hex ? 4 : 6;
  std::uint32_t bits = 0;
  unsigned held = 0;
  std::size_t odd = 0, count = 0;
  for (std::size_t i = run.begin; i < run.begin + characters; ++i) {
    bits = bits << bits_each | values[static_cast<unsigned char>(text[i])];
    held += bits_each;
    if (held < 8) continue;
    held -= 8;
    const auto byte = static_cast<char>(bits >> held & 0xFF);
    ++count;
    odd += is_printable(byte) || (byte == '\0' && count % 2 == 0) ? 0 : 1;  // UTF-16 has a zero in every other byte
    if (odd * 8 * 8 > characters * bits_each) return false;                 // more than one byte in eight
  }
  return true;
}

/// Letters of an escape (\n, %3D) belong to the alphabet, too: the value begins behind them.
std::size_t value_begin(std::string_view text, Place run) {
  for (std::size_t ahead = 0; ahead <= 5 && run.begin + ahead < run.end; ++ahead) {
    const std::size_t escape = escape_before(text, run.begin + ahead);
    if (escape > ahead && ahead > 0) return run.begin + ahead;
  }
  return run.begin;
}

/// The line behind `end`, when it goes on with a run after the same indentation as the first line's.
std::optional<Place> next_line(std::string_view text, std::size_t end) {
  if (end < text.size() && text[end] == '\r') ++end;
  if (end >= text.size() || text[end] != '\n') return std::nullopt;
  std::size_t begin = end + 1;
  while (begin < text.size() && begin - end <= kMaxIndent && (text[begin] == ' ' || text[begin] == '\t')) ++begin;
  std::size_t stop = begin;
  while (stop < text.size() && in_run(text[stop])) ++stop;
  if (stop == begin) return std::nullopt;
  return Place{begin, stop};
}

/// Takes in the lines that continue a folded value: all as long as the first, but the last, which may be shorter.
void unfold(std::string_view text, EncodedRun& run) {
  const std::size_t length = run.lines.front().size();
  if (length < kFoldedLine || length % 4 != 0) return;
  for (;;) {
    const auto line = next_line(text, run.lines.back().end);
    if (!line || line->size() > length) return;
    run.lines.push_back(*line);
    if (line->size() < length) return;
  }
}

/// Behind the "0x" that hex often has in front.
Place without_hex_sign(std::string_view text, Place run) {
  const bool sign = run.size() > 2 && text[run.begin] == '0' && (text[run.begin + 1] | 0x20) == 'x';
  return {run.begin + (sign ? 2 : 0), run.end};
}

/// Which alphabets a run is written in.
struct Alphabets {
  bool standard = false, for_urls = false;
};

Alphabets alphabets_of(std::string_view value) {
  Alphabets used;
  for (const char c : value) {
    used.standard |= c == '+' || c == '/';
    used.for_urls |= c == '-' || c == '_';
  }
  return used;
}

/// A path of parts: "bucket/QUtJ…" is no value as a whole, one of its parts may be.
void add_parts(std::string_view text, Place run, char cut, char other_cut, std::vector<EncodedRun>& out) {
  std::size_t begin = run.begin;
  for (std::size_t end = run.begin; end <= run.end; ++end) {
    if (end < run.end && text[end] != cut && text[end] != other_cut) continue;
    if (end - begin >= kShortestBase64 && end - begin < run.size()) {
      const Place place = without_hex_sign(text, {begin, end});
      const bool hex = is_hex_value(text.substr(place.begin, place.size()));
      if (starts_printable(text, place, hex)) out.push_back({hex, {place}});
    }
    begin = end + 1;
  }
}

}  // namespace

std::size_t EncodedRun::size() const {
  if (lines.empty()) return 0;
  return lines.front().size() * (lines.size() - 1) + lines.back().size();
}

std::size_t EncodedRun::place_of(std::size_t at) const {
  const std::size_t length = lines.front().size();
  const std::size_t line = std::min(at / length, lines.size() - 1);
  return std::min(lines[line].begin + (at - line * length), lines[line].end);
}

std::optional<Place> find_run_portably(std::string_view text, std::size_t from) {
  std::size_t begin = from;  // nothing before it belongs to a run that is being looked for
  while (begin + kShortestBase64 <= text.size()) {
    std::size_t at = begin + kShortestBase64;
    if (const std::size_t tail = run_tail(text.data() + at); tail < 8) {
      begin = at - tail;
      continue;
    }
    while (at > begin && in_run(text[at - 1])) --at;
    if (at > begin) {
      begin = at;
      continue;
    }
    std::size_t end = begin + kShortestBase64;
    while (end < text.size() && in_run(text[end])) ++end;
    return Place{begin, end};
  }
  return std::nullopt;
}

std::optional<Place> find_run(std::string_view text, std::size_t from) {
  if (const auto sure = skip_short_runs(text, from)) {
    from = sure->begin;
    if (sure->size() > 0) return *sure;
  }
  return find_run_portably(text, from);
}

std::vector<EncodedRun> split_run(std::string_view text, Place run, std::size_t& end) {
  end = run.end;
  run.begin = value_begin(text, run);
  run = without_hex_sign(text, run);
  const std::string_view value = text.substr(run.begin, run.size());
  std::vector<EncodedRun> out;
  if (value.size() < kShortestBase64) return out;
  if (is_all_hex(value)) {
    const Place hex{run.begin, run.begin + value.size() / 2 * 2};
    if (value.size() >= kShortestHex && starts_printable(text, hex, true)) out.push_back({true, {hex}});
    return out;
  }
  const Alphabets used = alphabets_of(value);
  if (!(used.standard && used.for_urls) && starts_printable(text, run, false)) {
    EncodedRun whole{false, {run}};
    unfold(text, whole);
    end = whole.lines.back().end;
    out.push_back(std::move(whole));
    return out;
  }
  if (used.standard) add_parts(text, run, '+', '/', out);
  if (used.for_urls) add_parts(text, run, '-', '_', out);
  return out;
}

void decode_run(std::string_view text, const EncodedRun& run, std::size_t from, std::size_t to, std::string& out) {
  const auto& values = run.hex ? kHexValues : kEitherBase64Values;
  const unsigned bits_each = run.hex ? 4 : 6;
  std::uint32_t bits = 0;
  unsigned held = 0;
  const std::size_t length = run.lines.front().size();
  for (std::size_t line = from / length; line < run.lines.size() && line * length < to; ++line) {
    const std::size_t first = line * length;
    const std::size_t begin = run.lines[line].begin + (from > first ? from - first : 0);
    const std::size_t end = std::min(run.lines[line].end, run.lines[line].begin + (to - first));
    for (std::size_t i = begin; i < end; ++i) {
      bits = bits << bits_each | values[static_cast<unsigned char>(text[i])];
      held += bits_each;
      if (held < 8) continue;
      held -= 8;
      out += static_cast<char>(bits >> held & 0xFF);
    }
  }
}

bool is_mostly_printable(std::string_view bytes) {
  const auto odd = std::count_if(bytes.begin(), bytes.end(), [](char c) { return !is_printable(c); });
  return static_cast<std::size_t>(odd) * 8 <= bytes.size();
}

}  // namespace pg
