// Small text tools that know nothing of LLMs: UTF-8, trimming, globs, edit distance, formatting for people.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"

namespace pg {

/// True when `text` is well-formed UTF-8 (no overlong forms, no surrogates, at most U+10FFFF). ASCII runs are checked 16 bytes at
/// a time.
bool is_utf8(std::string_view text);

/// How many bytes UTF-8 takes for a code point.
constexpr std::size_t utf8_size(std::uint32_t code_point) {
  return code_point < 0x80 ? 1 : code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
}
/// Spells a code point in UTF-8 at `to`, which has room for four bytes; returns how many it took.
std::size_t write_utf8(char* to, std::uint32_t code_point);
void append_utf8(std::string& out, std::uint32_t code_point);

/// How many code points UTF-8 text has: its bytes but for those that continue one.
std::int64_t count_code_points(std::string_view text);
/// More than any text that is read here has: a place in one beyond it is a fault of whoever names it.
inline constexpr std::int64_t kMaxCodePoints = 1'000'000'000;

std::string_view trim(std::string_view text);                                // spaces, tabs, CR, LF at both ends
std::vector<std::string_view> split(std::string_view text, char separator);  // keeps empty pieces

/// The same pieces one after the other, for a loop on the request path: nothing is allocated.
class Pieces {
 public:
  struct End {};
  class Iterator {
   public:
    Iterator(std::string_view text, char separator) : text_(text), separator_(separator), size_(text.find(separator)) {}
    std::string_view operator*() const { return text_.substr(0, size_); }
    Iterator& operator++() {
      more_ = size_ != std::string_view::npos;
      if (more_) text_.remove_prefix(size_ + 1);
      size_ = text_.find(separator_);
      return *this;
    }
    bool operator==(End) const { return !more_; }

   private:
    std::string_view text_;
    char separator_;
    std::size_t size_;
    bool more_ = true;
  };

  Pieces(std::string_view text, char separator) : text_(text), separator_(separator) {}
  Iterator begin() const { return {text_, separator_}; }
  End end() const { return {}; }

 private:
  std::string_view text_;
  char separator_;
};

std::string to_lower(std::string_view ascii);
/// The first 48 bytes of a name in ASCII lower case: enough to know it or to know that it is none of ours, without an allocation.
class LowerName {
 public:
  explicit LowerName(std::string_view name);
  std::string_view view() const { return {bytes_, size_}; }

 private:
  char bytes_[48];
  std::size_t size_;
};

bool same_letters(const char* a, const char* b, std::size_t size);        // ASCII, in any case
inline bool equals_ignore_case(std::string_view a, std::string_view b) {  // ASCII only; most differ in size
  return a.size() == b.size() && same_letters(a.data(), b.data(), a.size());
}
bool starts_with_ignore_case(std::string_view text, std::string_view prefix);
bool contains_ignore_case(std::string_view text, std::string_view part);

/// Glob with `*` and `?` over the whole text; case-sensitive; linear time in text for a fixed pattern.
bool matches_glob(std::string_view pattern, std::string_view text);

/// Damerau-Levenshtein distance (adjacent swaps cost 1), cut off at `limit` + 1.
int edit_distance(std::string_view a, std::string_view b, int limit);

/// The candidate nearest to `word` within distance 2 (1 for words under 4 letters), for "did you mean"; nullopt when none is
/// near.
std::optional<std::string_view> find_nearest(std::string_view word, std::span<const std::string_view> candidates);

/// Replaces every byte a terminal would obey (C0, DEL, C1, and bidi controls) by \xNN or \u{NNNN}, so that hostile text cannot
/// drive it.
std::string escape_controls(std::string_view text);

/// The same JSON, with what of that may stand raw in its strings spelled as \uNNNN.
std::string escape_controls_in_json(std::string_view json);

/// The same cells in ASCII: our own signs (–, →, …, ·, bars) by what looks like them, anything else by "?".
std::string to_ascii(std::string_view utf8);

std::string format_rfc3339(UnixMillis time);                           // 2026-11-21T03:32:42.104Z
std::optional<UnixMillis> parse_rfc3339(std::string_view text);        // date, or date-time with Z or offset
std::string format_duration(std::int64_t millis);                      // 410ms, 8.2s, 3m 12s
std::string format_count(std::int64_t count);                          // 999, 1.2k, 18.2k, 3.4M
std::optional<std::int64_t> parse_duration_ms(std::string_view text);  // 300ms 1.5s 5m 2h 7d; bare numbers are refused
std::optional<std::int64_t> parse_bytes(std::string_view text);        // 64MiB 64MB 10k 512; k, M, G are 1000s, Ki, Mi, Gi 1024s

/// Width of `text` in terminal cells: combining marks 0, East Asian wide and emoji 2.
int display_width(std::string_view utf8);

}  // namespace pg
