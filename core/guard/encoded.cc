// Runs are decoded in overlapping pieces and given up where they stop being text; stretches with escapes are spelled out whole.
#include "core/guard/encoded.h"

#include <algorithm>

#include "core/guard/wide_encoded.h"

namespace pg {
namespace {

constexpr std::size_t kDecodedAtOnce = 256 << 10;  // characters of a run decoded at once; a multiple of 4
constexpr std::size_t kOverlap = 16 << 10;         // a value that begins before the last 16 Ki characters lies whole in the piece

bool overlaps(const std::vector<Finding>& plain, const Finding& one) {
  const auto behind = std::partition_point(plain.begin(), plain.end(), [&](const Finding& f) { return f.end <= one.begin; });
  return behind != plain.end() && behind->begin < one.end;
}

/// "AWS_SECRET_ACCESS_KEY: " in front of the run that begins at `begin`, with what else stands on the line; empty where no name
/// does.
std::string_view name_before(std::string_view text, std::size_t begin) {
  constexpr std::size_t kLongestName = 64;
  const std::size_t stop = begin - std::min(begin, kLongestName);
  const std::string_view near = text.substr(stop, begin - stop);
  const std::size_t sign = near.find_last_not_of(" \t\"'\\");
  if (sign == std::string_view::npos || (near[sign] != ':' && near[sign] != '=')) return {};
  return near.substr(near.rfind('\n') + 1);
}

/// Text in UTF-16, as powershell -EncodedCommand takes it, loses the zero in every other byte; false where there are none.
bool leave_out_zeros(std::string& bytes) {
  if (bytes.size() < 2 || bytes[0] == '\0' || bytes[1] != '\0') return false;
  std::size_t zeros = 0;
  for (std::size_t i = 1; i < bytes.size(); i += 2) zeros += bytes[i] == '\0' ? 1 : 0;
  if (zeros * 16 < bytes.size() * 7) return false;  // nearly every letter is one of ASCII
  std::size_t size = 0;
  for (std::size_t i = 0; i < bytes.size(); i += 2) bytes[size++] = bytes[i];
  bytes.resize(size);
  return true;
}

}  // namespace

std::string_view encoding_name(Encoding encoding) {
  switch (encoding) {
    case Encoding::plain:
      return "";
    case Encoding::base64:
      return "base64";
    case Encoding::hex:
      return "hex";
    case Encoding::escapes:
      return "escapes";
  }
  return "";
}

bool holds_encoded(std::string_view text) {
#ifdef PG_AVX512
  if (has_avx512()) {
    const EncodedSigns signs = find_encoded_signs_512(text);
    return signs.has_run || (signs.first_sign < text.size() && find_escaped(text, signs.first_sign).size() > 0);
  }
#endif
  return find_run(text, 0).has_value() || find_escaped(text, 0).size() > 0;
}

/// Appends to found_ the secrets that only the name in front of the run shows: a manifest has names in clear and values encoded.
void EncodedFinder::find_named(std::string_view text, std::size_t begin) {
  const std::string_view name = name_before(text, begin);
  if (name.empty()) return;
  named_.assign(name);
  named_ += decoded_;
  guards_.inspect(named_, Scrutiny::secrets_only, found_);
  std::erase_if(found_, [&](const Finding& found) { return found.begin < name.size(); });
  for (Finding& found : found_) {
    found.begin -= static_cast<std::uint32_t>(name.size());
    found.end -= static_cast<std::uint32_t>(name.size());
  }
}

void EncodedFinder::find_in_run(std::string_view text, const EncodedRun& run, Scrutiny scrutiny) {
  constexpr std::size_t kLongestNamed = 1024;
  // The first of the two characters that hold a byte; base64 takes 4 for 3 bytes.
  const auto character = [&](std::size_t byte) { return run.hex ? byte * 2 : byte / 3 * 4 + byte % 3; };
  const std::size_t size = run.size();
  for (std::size_t from = 0;;) {
    const std::size_t to = std::min(size, from + kDecodedAtOnce);
    decoded_.clear();
    decode_run(text, run, from, to, decoded_);
    const std::size_t each = leave_out_zeros(decoded_) ? 2 : 1;  // bytes of a character
    if (!is_mostly_printable(decoded_)) return;
    found_.clear();
    guards_.inspect(decoded_, scrutiny, found_);
    if (found_.empty() && size <= kLongestNamed) find_named(text, run.lines.front().begin);
    const std::size_t overlap = (run.hex ? kOverlap / 2 : kOverlap / 4 * 3) / each;
    const std::size_t stop = to == size ? decoded_.size() : decoded_.size() - std::min(decoded_.size(), overlap);
    for (const Finding& found : found_) {
      if (found.begin >= stop) continue;  // the next piece has it whole
      EncodedFinding one{found, run.hex ? Encoding::hex : Encoding::base64,
                         decoded_.substr(found.begin, found.end - found.begin)};
      one.finding.begin = static_cast<std::uint32_t>(run.place_of(from + character(found.begin * each)));
      const std::size_t last = std::min(from + character(found.end * each - 1) + 1, size - 1);
      one.finding.end = static_cast<std::uint32_t>(run.place_of(last) + 1);
      all_.push_back(std::move(one));
    }
    if (to == size) return;
    from = to - kOverlap;
  }
}

void EncodedFinder::find_runs(std::string_view text, Scrutiny scrutiny) {
  for (auto run = find_run(text, 0); run;) {
    std::size_t end = run->end;
    for (const EncodedRun& part : split_run(text, *run, end)) find_in_run(text, part, scrutiny);
    run = find_run(text, end);
  }
}

void EncodedFinder::find_escapes(std::string_view text, Scrutiny scrutiny) {
  for (Place stretch = find_escaped(text, 0); stretch.size() > 0; stretch = find_escaped(text, stretch.end)) {
    unescape(text.substr(stretch.begin, stretch.size()), unescaped_);
    found_.clear();
    guards_.inspect(unescaped_.text, scrutiny, found_);
    for (const Finding& found : found_) {
      EncodedFinding one{found, Encoding::escapes, unescaped_.text.substr(found.begin, found.end - found.begin)};
      one.finding.begin = static_cast<std::uint32_t>(stretch.begin + unescaped_.places[found.begin]);
      one.finding.end = static_cast<std::uint32_t>(stretch.begin + unescaped_.places[found.end]);
      all_.push_back(std::move(one));
    }
  }
}

void EncodedFinder::find(std::string_view text, Scrutiny scrutiny, const std::vector<Finding>& plain,
                         std::vector<EncodedFinding>& out) {
  all_.clear();
  find_runs(text, scrutiny);
  find_escapes(text, scrutiny);
  if (all_.empty()) return;
  std::stable_sort(all_.begin(), all_.end(),
                   [](const EncodedFinding& a, const EncodedFinding& b) { return a.finding.begin < b.finding.begin; });
  std::uint32_t covered = 0;
  for (EncodedFinding& one : all_) {
    if (one.finding.begin < covered || overlaps(plain, one.finding)) continue;
    covered = one.finding.end;
    out.push_back(std::move(one));
  }
}

}  // namespace pg
