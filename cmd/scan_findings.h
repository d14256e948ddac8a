// What a scan says of one place, and how a text's findings become such: line, column, mask and hash, never the value itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/guard/encoded.h"
#include "core/guard/guard.h"

namespace pg {

inline constexpr std::string_view kByMark = "a mark", kBySettings = "the settings", kByBaseline = "the baseline";

struct ScanFinding {
  std::string path;          // as shown: relative to where the scan began, "/" between parts
  std::uint64_t line = 1;    // 1-based
  std::uint64_t column = 1;  // 1-based, in code points
  std::uint64_t end_line = 1;
  std::uint64_t end_column = 1;  // behind the last character
  RuleIndex rule = 0;
  bool weak = false;            // its checksum is wrong
  bool has_prefix = false;      // the value begins with a word of its rule, such as "ghp_"
  bool allowed = false;         // does not count
  std::string_view allowed_by;  // "a mark", "the settings", "the baseline"
  std::string mask;             // "ghp_…": at most four characters, and only of a prefix that the rule itself makes public
  std::size_t length = 0;       // bytes of the value, decoded
  Encoding encoding = Encoding::plain;  // how the value stands in the file
  std::string hash;                     // keyed, 16 hex digits; empty for values that could be guessed from it
  std::string fingerprint;              // rule, hash (or number in the file) and path: stable when lines move
  std::uint32_t number = 0;             // of the rule's findings in this file, from 1
  std::string identity;                 // as `hash`, but for every value: to tell values apart, never shown
  std::string commit;                   // that brought it, in hex; empty outside of git
  std::string author_date;              // of that commit, RFC 3339
};

/// Says that a finding which was made under an empty path stands in the file `path`, or inside of it.
void place_finding(ScanFinding& finding, const Rule& rule, const std::string& path);

/// Turns the texts of one file, given piece by piece, into findings. Not thread-safe; one per file.
class FindingWriter {
 public:
  FindingWriter(const Guards& guards, const SecretRules* secrets, std::string path, std::vector<ScanFinding>& out)
      : guards_(guards), secrets_(secrets), path_(std::move(path)), out_(out) {}

  /// Findings of `text` that begin in [from, to) are written; `text` continues the one before at `from`.
  /// Both lists are ordered by place.
  void write(std::string_view text, std::size_t from, std::size_t to, const std::vector<Finding>& found,
             const std::vector<EncodedFinding>& encoded = {});
  /// Counts the lines up to `to`; only needed when another piece follows.
  void leave(std::string_view text, std::size_t to);

 private:
  void add(std::string_view text, const Finding& finding, std::string_view value, Encoding encoding);
  void walk_to(std::string_view text, std::size_t place);
  bool is_allowed(std::string_view text, const Finding& finding);
  std::string mask_of(const Finding& finding, std::string_view value) const;

  const Guards& guards_;
  const SecretRules* secrets_;
  std::string path_;
  std::vector<ScanFinding>& out_;
  std::uint64_t line_ = 1;
  std::uint64_t column_ = 1;
  std::size_t at_ = 0;                             // line_ and column_ are those of this place in the current piece
  std::size_t judged_begin_ = 0, judged_end_ = 0;  // the line whose marks were looked for last
  bool judged_ = false;
  std::vector<std::uint32_t> numbers_;  // findings so far by rule, for values without a hash
};

}  // namespace pg
