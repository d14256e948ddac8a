// UTF-8 validity and plain byte work: trimming, splitting, case, globs, edit distance.
#include "core/base/text.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>

#include <bit>
#endif

#include "core/base/ascii.h"

namespace pg {
namespace {

std::uint64_t load_eight(const char* from) {
  std::uint64_t x = 0;
  std::memcpy(&x, from, sizeof x);
  return x;
}

// The first four and the last four of four to eight characters.
std::uint64_t load_ends(const char* from, std::size_t size) {
  std::uint32_t first = 0, last = 0;
  std::memcpy(&first, from, sizeof first);
  std::memcpy(&last, from + size - sizeof last, sizeof last);
  return std::uint64_t{last} << 32 | first;
}

// Eight characters at once: a byte's top bit, where it is an upper-case letter, becomes the bit that lower case has.
std::uint64_t lower_eight(std::uint64_t x) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  const std::uint64_t low = x & 0x7f * kOnes;
  const std::uint64_t from_a = low + (0x80 - 'A') * kOnes, behind_z = low + (0x7f - 'Z') * kOnes;
  return x | ((from_a ^ behind_z) & ~x & 0x80 * kOnes) >> 2;
}

unsigned byte(char c) {
  return static_cast<unsigned char>(c);
}

bool is_tail(char c) {
  return (byte(c) & 0xC0u) == 0x80u;
}

/// The first index at or after `at` whose byte is not ASCII, or the size.
std::size_t skip_ascii(std::string_view text, std::size_t at) {
#if defined(__SSE2__)
  // Source code is ASCII for long stretches: four looks, one question.
  for (; at + 64 <= text.size(); at += 64) {
    const auto* const chunks = reinterpret_cast<const __m128i*>(text.data() + at);
    const __m128i first = _mm_or_si128(_mm_loadu_si128(chunks), _mm_loadu_si128(chunks + 1));
    const __m128i second = _mm_or_si128(_mm_loadu_si128(chunks + 2), _mm_loadu_si128(chunks + 3));
    if (_mm_movemask_epi8(_mm_or_si128(first, second)) != 0) break;
  }
  for (; at + 16 <= text.size(); at += 16) {
    const __m128i chunk = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(chunk));
    if (mask != 0) return at + static_cast<std::size_t>(std::countr_zero(mask));
  }
#else
  for (; at + 8 <= text.size(); at += 8) {
    std::uint64_t chunk = 0;
    std::memcpy(&chunk, text.data() + at, sizeof chunk);
    if ((chunk & 0x8080808080808080u) != 0) break;
  }
#endif
  while (at < text.size() && byte(text[at]) < 0x80) ++at;
  return at;
}

/// Length of the well-formed multi-byte sequence at the start of `text`, 0 when it is not one (Unicode 15, table 3-7).
std::size_t sequence_length(std::string_view text) {
  const unsigned lead = byte(text[0]);
  if (lead < 0xC2 || lead > 0xF4) return 0;
  const std::size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (text.size() < length) return 0;
  const unsigned second = byte(text[1]);
  const unsigned least = lead == 0xE0 ? 0xA0u : lead == 0xF0 ? 0x90u : 0x80u;
  const unsigned most = lead == 0xED ? 0x9Fu : lead == 0xF4 ? 0x8Fu : 0xBFu;
  if (second < least || second > most) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if (!is_tail(text[i])) return 0;
  }
  return length;
}

/// The index after the character at `at`: a glob's `?` takes a whole one.
std::size_t next_character(std::string_view text, std::size_t at) {
  ++at;
  while (at < text.size() && is_tail(text[at])) ++at;
  return at;
}

}  // namespace

std::size_t write_utf8(char* to, std::uint32_t code_point) {
  static constexpr std::uint32_t kLead[] = {0, 0, 0xC0, 0xE0, 0xF0};
  const std::size_t size = utf8_size(code_point);
  for (std::size_t i = size; i > 1; --i, code_point >>= 6) to[i - 1] = static_cast<char>(0x80 | (code_point & 0x3F));
  to[0] = static_cast<char>(kLead[size] | code_point);
  return size;
}

void append_utf8(std::string& out, std::uint32_t code_point) {
  char bytes[4];
  out.append(bytes, write_utf8(bytes, code_point));
}

std::int64_t count_code_points(std::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return !is_tail(c); });
}

bool is_utf8(std::string_view text) {
  for (std::size_t at = skip_ascii(text, 0); at < text.size(); at = skip_ascii(text, at)) {
    while (at < text.size() && byte(text[at]) >= 0x80) {
      const std::size_t length = sequence_length(text.substr(at));
      if (length == 0) return false;
      at += length;
    }
  }
  return true;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> pieces;
  for (std::size_t begin = 0;;) {
    const std::size_t end = text.find(separator, begin);
    pieces.push_back(text.substr(begin, end - begin));
    if (end == std::string_view::npos) return pieces;
    begin = end + 1;
  }
}

std::string to_lower(std::string_view ascii) {
  std::string out(ascii);
  for (char& c : out) c = to_lower(c);
  return out;
}

LowerName::LowerName(std::string_view name) : size_(std::min(name.size(), sizeof bytes_)) {
  if (size_ < 8) {
    std::transform(name.begin(), name.begin() + static_cast<std::ptrdiff_t>(size_), bytes_, [](char c) { return to_lower(c); });
    return;
  }
  // The last eight may be partly the same as those before.
  for (std::size_t i = 0; i < size_; i += 8) {
    const std::size_t at = std::min(i, size_ - 8);
    const std::uint64_t eight = lower_eight(load_eight(name.data() + at));
    std::memcpy(bytes_ + at, &eight, sizeof eight);
  }
}

bool same_letters(const char* a, const char* b, std::size_t size) {
  if (size < 4) return std::equal(a, a + size, b, [](char x, char y) { return to_lower(x) == to_lower(y); });
  if (size < 8) return lower_eight(load_ends(a, size)) == lower_eight(load_ends(b, size));
  // The last eight may be partly the same as those before.
  for (std::size_t i = 0; i < size; i += 8) {
    const std::size_t at = std::min(i, size - 8);
    if (lower_eight(load_eight(a + at)) != lower_eight(load_eight(b + at))) return false;
  }
  return true;
}

bool starts_with_ignore_case(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && equals_ignore_case(text.substr(0, prefix.size()), prefix);
}

bool contains_ignore_case(std::string_view text, std::string_view part) {
  const auto same = [](char x, char y) { return to_lower(x) == to_lower(y); };
  return std::search(text.begin(), text.end(), part.begin(), part.end(), same) != text.end() || part.empty();
}

bool matches_glob(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;  // the last `*` seen; only it ever needs to take more
  std::size_t star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_text = t;
    } else if (p < pattern.size() && pattern[p] == '?') {
      ++p;
      t = next_character(text, t);
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      star_text = next_character(text, star_text);
      t = star_text;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

int edit_distance(std::string_view a, std::string_view b, int limit) {
  const int height = static_cast<int>(std::min<std::size_t>(a.size(), 1u << 20));
  const int width = static_cast<int>(std::min<std::size_t>(b.size(), 1u << 20));
  const int over = limit + 1;
  if (limit < 0 || std::abs(height - width) > limit) return over;
  // Three rows, and of each only the band of cells that can still be within the limit.
  std::array<std::vector<int>, 3> rows;
  for (auto& row : rows) row.assign(static_cast<std::size_t>(width) + 1, over);
  const auto cell = [&](int i, int j) -> int& { return rows[static_cast<std::size_t>(i % 3)][static_cast<std::size_t>(j)]; };
  const auto letter = [](std::string_view word, int i) { return word[static_cast<std::size_t>(i - 1)]; };
  for (int j = 0; j <= std::min(width, limit); ++j) cell(0, j) = j;
  for (int i = 1; i <= height; ++i) {
    const int first = std::max(0, i - limit);
    const int last = std::min(width, i + limit);
    if (first > 0) cell(i, first - 1) = over;
    if (last < width) cell(i, last + 1) = over;
    for (int j = first; j <= last; ++j) {
      if (j == 0) {
        cell(i, 0) = i;
        continue;
      }
      const int changed = letter(a, i) == letter(b, j) ? 0 : 1;
      int best = std::min({cell(i - 1, j) + 1, cell(i, j - 1) + 1, cell(i - 1, j - 1) + changed});
      const bool swapped = i > 1 && j > 1 && letter(a, i) == letter(b, j - 1) && letter(a, i - 1) == letter(b, j);
      if (swapped) best = std::min(best, cell(i - 2, j - 2) + 1);
      cell(i, j) = std::min(best, over);
    }
  }
  return cell(height, width);
}

std::optional<std::string_view> find_nearest(std::string_view word, std::span<const std::string_view> candidates) {
  int best = word.size() < 4 ? 2 : 3;  // one over the widest distance that still reads as a slip
  std::optional<std::string_view> nearest;
  for (const std::string_view candidate : candidates) {
    const int distance = edit_distance(word, candidate, best - 1);
    if (distance >= best) continue;
    best = distance;
    nearest = candidate;
  }
  return nearest;
}

}  // namespace pg
