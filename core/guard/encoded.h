// EncodedFinder: what guards find in the parts of a text that stand there encoded, one level deep.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/guard/encoded_runs.h"
#include "core/guard/guard.h"
#include "core/guard/unescape.h"

namespace pg {

enum class Encoding : std::uint8_t { plain, base64, hex, escapes };
std::string_view encoding_name(Encoding encoding);  // "base64", "hex", "escapes"; "" for plain

/// Whether a text has parts that an EncodedFinder would look into. Most have none, and cost no more than this look.
bool holds_encoded(std::string_view text);

/// A finding at the place of the encoded value, with what the value decodes to.
struct EncodedFinding {
  Finding finding;
  Encoding encoding = Encoding::plain;
  std::string value;
};

/// Not thread-safe: keeps its buffers from text to text. Linear time; memory for one piece of a run or stretch at a time.
class EncodedFinder {
 public:
  explicit EncodedFinder(const Guards& guards) : guards_(guards) {}

  /// Appends, by place, what `plain` (the ordered findings in the text as it stands) does not cover.
  void find(std::string_view text, Scrutiny scrutiny, const std::vector<Finding>& plain, std::vector<EncodedFinding>& out);

 private:
  void find_runs(std::string_view text, Scrutiny scrutiny);
  void find_named(std::string_view text, std::size_t begin);
  void find_in_run(std::string_view text, const EncodedRun& run, Scrutiny scrutiny);
  void find_escapes(std::string_view text, Scrutiny scrutiny);

  const Guards& guards_;
  std::string decoded_;
  std::string named_;  // a short value behind its name
  Unescaped unescaped_;
  std::vector<Finding> found_;
  std::vector<EncodedFinding> all_;
};

}  // namespace pg
