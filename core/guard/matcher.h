// Pattern: one regular expression, compiled when first needed. The door to RE2: linear time, no backtracking.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace re2 {
class RE2;
}

namespace pg {

/// Byte offsets, half-open.
struct Place {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t size() const { return end - begin; }
  bool operator==(const Place&) const = default;
};

/// How the bytes of the text are read.
enum class Charset : unsigned char { latin1, utf8 };

/// Safe to share between threads; compiling happens once, by whoever comes first.
class Pattern {
 public:
  explicit Pattern(std::string regex, Charset charset = Charset::latin1);
  ~Pattern();
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;

  /// invalid_config with RE2's own words when the expression is malformed or can match the empty string.
  Status check() const;

  /// The match that starts exactly at `begin`; with `group` > 0 also that group's place.
  struct Match {
    Place whole;
    Place group;
  };
  std::optional<Match> match_at(std::string_view text, std::size_t begin, int group = 0) const;

  /// The first non-empty match at or after `from`.
  std::optional<Place> find(std::string_view text, std::size_t from) const;

  const std::string& regex() const { return regex_; }

 private:
  const re2::RE2& compiled() const;

  std::string regex_;
  Charset charset_;
  mutable std::once_flag once_;
  mutable std::unique_ptr<re2::RE2> compiled_;
};

}  // namespace pg
