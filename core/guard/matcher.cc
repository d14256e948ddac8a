// RE2 behind Pattern: anchored matches where a literal was seen, and plain search for a customer's own rules.
#include "core/guard/matcher.h"

#include <re2/re2.h>

#include <array>
#include <utility>

namespace pg {
namespace {

re2::RE2::Options options(Charset charset) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_encoding(charset == Charset::latin1 ? re2::RE2::Options::EncodingLatin1 : re2::RE2::Options::EncodingUTF8);
  return options;
}

Place place_of(const re2::StringPiece& piece, std::string_view text) {
  const auto begin = static_cast<std::size_t>(piece.data() - text.data());
  return {begin, begin + piece.size()};
}

/// Texts on which an expression that can match nothing shows it: edges of lines and words.
constexpr std::array<std::string_view, 6> kProbeTexts = {"", "a", " ", "a b", "\n", "0.-"};

}  // namespace

Pattern::Pattern(std::string regex, Charset charset) : regex_(std::move(regex)), charset_(charset) {}
Pattern::~Pattern() = default;

const re2::RE2& Pattern::compiled() const {
  std::call_once(once_, [this] { compiled_ = std::make_unique<re2::RE2>(regex_, options(charset_)); });
  return *compiled_;
}

Status Pattern::check() const {
  const re2::RE2& re = compiled();
  if (!re.ok()) return make_error(Code::invalid_config, "bad regular expression: " + re.error());
  for (const std::string_view probe : kProbeTexts) {
    for (std::size_t at = 0; at <= probe.size(); ++at) {
      re2::StringPiece found;
      if (re.Match(probe, at, probe.size(), re2::RE2::UNANCHORED, &found, 1) && found.empty())
        return make_error(Code::invalid_config, "regular expression matches the empty string");
    }
  }
  return {};
}

std::optional<Pattern::Match> Pattern::match_at(std::string_view text, std::size_t begin, int group) const {
  const re2::RE2& re = compiled();
  if (!re.ok()) return std::nullopt;
  // Captures cost several times a plain match, so they are taken only where one is certain.
  re2::StringPiece whole;
  if (!re.Match(text, begin, text.size(), re2::RE2::ANCHOR_START, &whole, 1)) return std::nullopt;
  Match match;
  match.whole = match.group = place_of(whole, text);
  if (group > 0 && group <= re.NumberOfCapturingGroups() && group < 4) {
    std::array<re2::StringPiece, 4> pieces;
    if (!re.Match(text, match.whole.begin, match.whole.end, re2::RE2::ANCHOR_BOTH, pieces.data(), group + 1)) return std::nullopt;
    const re2::StringPiece& piece = pieces[static_cast<std::size_t>(group)];
    if (piece.data() == nullptr) return std::nullopt;
    match.group = place_of(piece, text);
  }
  return match;
}

std::optional<Place> Pattern::find(std::string_view text, std::size_t from) const {
  const re2::RE2& re = compiled();
  if (!re.ok()) return std::nullopt;
  while (from <= text.size()) {
    re2::StringPiece found;
    if (!re.Match(text, from, text.size(), re2::RE2::UNANCHORED, &found, 1)) return std::nullopt;
    const Place place = place_of(found, text);
    if (place.size() > 0) return place;
    from = place.end + 1;
  }
  return std::nullopt;
}

}  // namespace pg
