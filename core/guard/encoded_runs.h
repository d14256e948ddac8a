// Long runs of an encoding's alphabet, and what they decode to: base64 of either alphabet, on one line or folded, and hex.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/guard/byte_set.h"
#include "core/guard/matcher.h"

namespace pg {

/// The shortest encoded secret: an AWS access key id takes 27 characters of base64 and 40 of hex.
inline constexpr std::size_t kShortestBase64 = 27;
inline constexpr std::size_t kShortestHex = 40;

/// Both alphabets of base64, and so hex.
inline constexpr ByteSet kRunBytes("A-Za-z0-9+/_-");

/// The next run of at least kShortestBase64 of those bytes at or after `from`; nullopt when none is left. Most bytes of
/// ordinary text are never looked at.
std::optional<Place> find_run(std::string_view text, std::size_t from);
/// The same on any processor.
std::optional<Place> find_run_portably(std::string_view text, std::size_t from);

/// One encoded value: the stretches of text that hold it, one for a line. Only the last may have another length than the first.
struct EncodedRun {
  bool hex = false;
  std::vector<Place> lines;
  std::size_t size() const;
  /// Where the character number `at` stands; the end of the run for at == size().
  std::size_t place_of(std::size_t at) const;
};

/// The parts of the run at `run` that decode to printable text, judged by their beginnings; lines that continue it are taken in.
/// `end` becomes the place up to which text is spoken for.
std::vector<EncodedRun> split_run(std::string_view text, Place run, std::size_t& end);

/// Decodes characters [from, to) of the run and appends the bytes; `from` is a multiple of 4 (base64) or 2 (hex).
void decode_run(std::string_view text, const EncodedRun& run, std::size_t from, std::size_t to, std::string& out);

/// True when the bytes are such as people write: at most one in eight is a control byte or not ASCII.
bool is_mostly_printable(std::string_view bytes);

}  // namespace pg
